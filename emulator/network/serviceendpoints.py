"""Firewalls of services that let a subnet in: Azure asks whether the subnet has the service's endpoint."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Firewall:
    """Of a type whose ``networkAcls.virtualNetworkRules`` name subnets.

    services: the service endpoints of a subnet that do, the first of which the refusal names
    code, words: of the refusal, {found}: what the network's side of Azure says
    """

    services: tuple[str, ...]
    code: str
    words: str


# The words are those that users have quoted: hashicorp/terraform-provider-azurerm#11759 and
# Azure/avdaccelerator#818 (vaults), MicrosoftDocs/azure-docs reports of storage accounts.
FIREWALLS: Final[dict[str, Firewall]] = {
    "microsoft.storage/storageaccounts": Firewall(
        ("Microsoft.Storage", "Microsoft.Storage.Global"),
        "NetworkAclsValidationFailure",
        "Validation of network acls failure: SubnetsHaveNoServiceEndpointsConfigured:{found}.",
    ),
    "microsoft.keyvault/vaults": Firewall(
        ("Microsoft.KeyVault",),
        "VirtualNetworkNotValid",
        "Operation on Virtual Network could not be performed. StatusCode: 400 (BadRequest). Error Code: "
        "SubnetsHaveNoServiceEndpointsConfigured. Error Message: {found}.",
    ),
}
_FOUND: Final = (
    "Subnets {names} of virtual network {network} do not have ServiceEndpoints for {service} resources "
    "configured. Add {service} to subnet's ServiceEndpoints collection before trying to ACL {service} "
    "resources to these subnets."
)


def install(arm: Arm) -> None:
    """Check the firewalls that are in the table."""

    @arm.before_put("*")
    def check(put: Put) -> None:
        firewall = FIREWALLS.get(put.resource["type"].lower())
        if firewall is None:
            return
        rules: list[Json] = (put.properties.get("networkAcls") or {}).get("virtualNetworkRules") or []
        wanted = [str(one.get("id", "")) for one in rules if not _ignores(one)]
        lacking: dict[str, list[str]] = defaultdict(list)  # network -> names of its subnets
        for subnet in filter(None, map(arm.store.get, wanted)):
            if not has_endpoint(subnet, *firewall.services):
                lacking[subnet["id"].rsplit("/subnets/", 1)[0]].append(subnet["name"])
        for network, names in lacking.items():
            found = _FOUND.format(names=", ".join(names), network=network, service=firewall.services[0])
            raise AzureError(400, firewall.code, firewall.words.format(found=found))


def has_endpoint(subnet: Json, *services: str) -> bool:
    """Whether a subnet has the endpoint of one of some services."""
    held = {str(one.get("service", "")).lower() for one in subnet["properties"].get("serviceEndpoints") or []}
    return any(service.lower() in held for service in services)


def _ignores(rule: Json) -> bool:
    """Whether a rule says itself that the endpoint may come later."""
    return bool(rule.get("ignoreMissingVnetServiceEndpoint"))
