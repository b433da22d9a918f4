"""Ways to the public address of a service: the way out of the caller's subnet, and the service's firewall."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Final

from emulator.arm import firewalls
from emulator.arm.ids import fold, within
from emulator.arm.store import Store
from emulator.network.denied import Denied
from emulator.network.privateways import port_of
from emulator.network.rulesets import INTERNET, VIRTUAL_NETWORK, Side, denial
from emulator.network.subnets import delegations_of, has_endpoint, id_of, ranges_of
from emulator.places import Place

Json = dict[str, Any]
POLICY: Final = "Microsoft.Network/serviceEndpointPolicies"
GROUPS: Final = "microsoft.containerinstance/containergroups"
"""What a subnet of container groups is delegated to."""


@dataclass(frozen=True, slots=True)
class Service:
    """A type of service: its tag in security rules, and the service endpoint of subnets that it takes."""

    tag: str
    endpoint: str = ""


SERVICES: Final[dict[str, Service]] = {
    "microsoft.storage/storageaccounts": Service("storage", "Microsoft.Storage"),
    "microsoft.keyvault/vaults": Service("azurekeyvault", "Microsoft.KeyVault"),
    "microsoft.containerregistry/registries": Service(
        "azurecontainerregistry", "Microsoft.ContainerRegistry"
    ),
    "microsoft.machinelearningservices/workspaces": Service("azuremachinelearning"),
    "microsoft.apimanagement/service": Service("apimanagement"),
}
STORAGE: Final = "microsoft.storage/storageaccounts"


class PublicWays:
    """Asks of what is stored whether a way leads to a service's public address."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def way(self, place: Place, address: str, subnet: Json | None, target: Json, why: str) -> Denied | None:
        """Why nothing lets a caller at a place in; None where something does.

        address: the public one that the service sees. why: no private endpoint leads there.
        """
        kind, properties = target["type"].lower(), target["properties"]
        service = SERVICES.get(kind, Service(""))
        acls: Json = properties.get("networkAcls") or properties.get("networkRuleSet") or {}
        if place.trusted and _bypassed(acls):  # even where public access is off: the exception stays
            return None
        network: Json = properties.get("network") or {}  # where a database server has it
        access = properties.get("publicNetworkAccess") or network.get("publicNetworkAccess") or "Enabled"
        if str(access).lower() not in ("enabled",):
            return Denied("connection", address, f"publicNetworkAccess is Disabled, and {why}")
        if subnet is not None and (lost := self._way_out(subnet, target, service)):
            return Denied("lost", "", lost)
        if str(acls.get("defaultAction", "Allow")).lower() == "allow":
            return None
        if subnet is not None and fold(subnet["id"]) in _subnets(acls):
            if has_endpoint(subnet, service.endpoint):
                return None
            why = f"the subnet {subnet['name']} has no service endpoint {service.endpoint}, and {why}"
        # Azure's own machines reach storage of their region by private addresses, which no rule can list.
        listed = not (subnet and kind == STORAGE and _region(self._store, subnet) == target.get("location"))
        if address and listed and _in_ranges(address, acls):
            return None
        return Denied("firewall", address, f"no rule of its firewall admits the caller, and {why}")

    def _way_out(self, subnet: Json, target: Json, service: Service) -> str:
        """Why nothing leads from a subnet to a public address; "" when something does."""
        if has_endpoint(subnet, service.endpoint):
            if policy := self._policy_against(subnet, target, service):
                return (
                    f"the service endpoint policy {policy} of {subnet['name']} does not name {target['id']}"
                )
        else:
            properties = subnet["properties"]
            # Container groups do not follow a route to a firewall: "Configure a NAT gateway for static IP".
            known = ("natGateway",) if GROUPS in delegations_of(subnet) else ("natGateway", "routeTable")
            ways = [id_of(subnet, name) for name in known]
            if properties.get("defaultOutboundAccess") is False and not any(ways):
                words = "no NAT gateway" if len(known) == 1 else "no NAT gateway, and no route"
                return f"the subnet {subnet['name']} has no way out: {words}"
        tags = frozenset({service.tag, INTERNET, "azurecloud"} - {""})
        group = id_of(subnet, "networkSecurityGroup")
        goal = Side((), tags, str(target.get("location", "")))
        source = Side(ranges_of(subnet), frozenset({VIRTUAL_NETWORK}))
        rule = denial(self._store, group, "Outbound", source, goal, port_of(target))
        return (
            f"the rule '{rule}' of {group} stops {subnet['name']} on its way to {target['id']}"
            if rule
            else ""
        )

    def _policy_against(self, subnet: Json, target: Json, service: Service) -> str:
        """The first service endpoint policy's id where none lets through; they are for storage alone."""
        if service.endpoint != "Microsoft.Storage":
            return ""
        held = [str(one.get("id", "")) for one in subnet["properties"].get("serviceEndpointPolicies") or []]
        rows = [
            row["properties"]
            for policy in held
            for row in self._store.children(f"{policy}/serviceEndpointPolicyDefinitions")
            if str(row["properties"].get("service", "")).lower() in (service.endpoint.lower(), "global")
        ]
        scopes = [str(scope) for row in rows for scope in row.get("serviceResources") or []]
        through = not rows or any(scope.startswith("/") and within(target["id"], scope) for scope in scopes)
        return "" if through else held[0]


def _bypassed(acls: Json) -> bool:
    """Whether the services that Azure trusts pass a firewall: "Configure Azure Storage firewalls"."""
    return "azureservices" in [one.strip().lower() for one in str(acls.get("bypass", "")).split(",")]


def _subnets(acls: Json) -> set[str]:
    rules = acls.get("virtualNetworkRules") or []
    return {fold(str(one.get("id", ""))) for one in rules if isinstance(one, dict)}


def _in_ranges(address: str, acls: Json) -> bool:
    number = ipaddress.ip_address(address)
    ranges = (firewalls.parse(value) for value in firewalls.values(acls.get("ipRules")))
    return any(one is not None and number in one for one in ranges)


def _region(store: Any, subnet: Json) -> str:
    network = store.get(subnet["id"].rsplit("/subnets/", 1)[0]) or {}
    return str(network.get("location", ""))
