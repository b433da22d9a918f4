"""Subnets whose name or delegation says what they are for, and how large they must be for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from emulator.errors import AzureError
from emulator.network.addresses import Network

# name of the subnet (lower case) -> longest prefix, what stands in it
BY_NAME: Final[dict[str, tuple[int, str]]] = {
    "azurebastionsubnet": (26, "Azure Bastion"),
    "azurefirewallsubnet": (26, "Azure Firewall"),
    "azurefirewallmanagementsubnet": (26, "Azure Firewall"),
    "gatewaysubnet": (29, "virtual network gateways"),
    "routeserversubnet": (27, "Azure Route Server"),
}
# service of the delegation (lower case) -> longest prefix
BY_DELEGATION: Final[dict[str, int]] = {
    "microsoft.app/environments": 27,
    "microsoft.databricks/workspaces": 26,
    "microsoft.dbforpostgresql/flexibleservers": 28,
    "microsoft.netapp/volumes": 28,
    "microsoft.sql/managedinstances": 27,
    "microsoft.web/serverfarms": 28,
    "github.network/networksettings": 28,
}


def check(name: str, ranges: Sequence[Network], delegations: Iterable[str]) -> None:
    """400 unless an IPv4 subnet has room for what its name and delegations (lower case) say."""
    needs: list[tuple[int, Any]] = [BY_NAME[name.lower()]] if name.lower() in BY_NAME else []
    needs += [(BY_DELEGATION[service], service) for service in delegations if service in BY_DELEGATION]
    for longest, what in needs:
        for one in ranges:
            if one.version == 4 and one.prefixlen > longest:
                raise AzureError(
                    400,
                    "NetcfgSubnetTooSmall",
                    f"Subnet '{name}' ({one}) is too small for {what}: it needs a /{longest} or larger.",
                )
