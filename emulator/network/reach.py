"""Whether a caller at a place reaches a service: by a private endpoint, by a service endpoint, or in public.

A name leads to a private endpoint where the virtual network of the caller is linked to the private zone of
the name, and a record stands there. It leads to the public address otherwise, where the firewall of the
service is asked. What the networks themselves stop gets no answer at all.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from emulator.arm import firewalls
from emulator.arm.ids import fold, parse, within
from emulator.arm.service import Arm
from emulator.errors import AzureError
from emulator.network import addresses, privatelink
from emulator.network.dnszones import LINK, ZONE, zone_of
from emulator.network.interfaces import INTERFACE
from emulator.network.peerings import PEERING
from emulator.network.privateendpoints import ENDPOINT, connections_of
from emulator.network.rulesets import INTERNET, VIRTUAL_NETWORK, Side, denial
from emulator.places import Place

Json = dict[str, Any]
Found = TypeVar("Found")
Kind = Literal["connection", "firewall", "lost"]
PORTS: Final = {"microsoft.dbforpostgresql/flexibleservers": 5432}
PORT: Final = 443
API_SERVER: Final = 4  # of the addresses of its nodes, the one that a private API server has
POLICY: Final = "Microsoft.Network/serviceEndpointPolicies"
GROUPS: Final = "microsoft.containerinstance/containergroups"
"""What a subnet of container groups is delegated to."""


@dataclass(frozen=True, slots=True)
class Denied:
    """kind: `connection` where the service has no public access, `firewall` where it has rules and none fits,
    `lost` where the networks give no answer: in Azure a name that does not resolve, or a connection that
    times out. address: the public one that the service sees, "" for none. why: what is missing, by its name.
    """

    kind: Kind
    address: str
    why: str


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

# what an answer depends on
TYPES: Final = (
    *(arm_type for arm_type in SERVICES),
    ENDPOINT,
    INTERFACE,
    ZONE,
    LINK,
    f"{ZONE}/A",
    PEERING,
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Network/virtualNetworks/subnets",
    "Microsoft.Network/networkSecurityGroups",
    "Microsoft.Network/networkSecurityGroups/securityRules",
    "Microsoft.Network/natGateways",
    "Microsoft.Network/publicIPAddresses",
    POLICY,
    f"{POLICY}/serviceEndpointPolicyDefinitions",
)


class Reach:
    """Answers from what is stored; an answer is kept until one of the types that it comes from changes."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._store = arm.store
        self._types = tuple(kind.lower() for kind in TYPES)
        # revision of the store, answers as of then
        self._state = -1, dict[tuple[object, ...], Any]()

    def denied(self, place: Place, target_id: str, group: str) -> Denied | None:
        """Why a caller at the place does not reach a group (`blob`, `vault`, ...) of the service.

        None when it does, and for a service that does not exist.
        """

        def find() -> Denied | None:
            target = self._store.get(target_id)
            return self._find(place, target, group) if target else None

        return self._kept(("denied", place, fold(target_id), group), find)

    def by_endpoint(self, place: Place, target_id: str, group: str) -> str:
        """Why no private endpoint of a service lets a caller at the place in; "" when one does."""

        def find() -> str:
            subnet = self._store.get(place.subnet) if place.subnet else None
            target = self._store.get(target_id)
            if subnet is None or target is None:
                return "the caller is in no virtual network" if target else f"{target_id} does not exist"
            found = self._private(subnet, target, group)
            return found.why if isinstance(found, Denied) else found or ""

        parsed = parse(target_id)  # of any type: scopes and apps are none of TYPES
        revision = self._store.revision(parsed.type) if parsed else 0
        return self._kept(("private", fold(place.subnet), fold(target_id), group, revision), find)

    def lost(self, place: Place, host: str) -> str:
        """Why nothing answers at a host name when a caller at the place asks; "" when something does."""
        found = privatelink.of_host(host)
        if found is None:
            return ""
        kind, group, name = found
        for target in self._store.named(kind, name):
            denied = self.denied(place, target["id"], group)
            return denied.why if denied is not None and denied.kind == "lost" else ""
        return ""

    def address(self, place: Place) -> str:
        """The public address that services see of a caller, "" for none of the user's."""
        if not place.subnet:
            return place.address
        return self._kept(("address", place), lambda: self._leaving(place))

    def _leaving(self, place: Place) -> str:
        """By the NAT gateway of the subnet."""
        subnet = self._store.get(place.subnet)
        gateway = self._store.get(_id(subnet, "natGateway")) if subnet else None
        for one in ((gateway or {}).get("properties") or {}).get("publicIpAddresses") or []:
            held = self._store.get(str(one.get("id", "")))
            if held:
                return str(held["properties"].get("ipAddress", ""))
        return ""

    def cluster(self, place: Place, cluster: Json) -> Denied | None:
        """Why a caller at the place does not reach the API server of a cluster; None when it does.

        A private one has a name in its private zone alone, and its address among its nodes.
        """
        server: Json = cluster["properties"].get("apiServerAccessProfile") or {}
        if not server.get("enablePrivateCluster"):
            return self._public_cluster(place, cluster, server)
        host = str(cluster["properties"].get("privateFQDN"))
        subnet = self._store.get(place.subnet) if place.subnet else None
        if subnet is None:
            return Denied("lost", "", f"{host} does not resolve: the caller is in no virtual network")
        pools: list[Json] = cluster["properties"].get("agentPoolProfiles") or []
        nodes = self._store.get(
            str(next((one["vnetSubnetID"] for one in pools if one.get("vnetSubnetID")), ""))
        )
        if nodes is None:
            return Denied("lost", "", f"the network of {cluster['id']} is Azure's own: nothing leads into it")
        network, home = (one["id"].rsplit("/subnets/", 1)[0] for one in (subnet, nodes))
        zone = str(server.get("privateDNSZone") or "system")
        if zone.startswith("/"):
            if not any(within(one["id"], zone) for one in self._store.users(network, LINK)):
                return Denied(
                    "lost",
                    "",
                    f"{host} does not resolve: the private DNS zone {zone} is not linked to {network}",
                )
        elif fold(network) != fold(home):
            return Denied(
                "lost", "", f"{host} does not resolve: its private DNS zone is linked to {home} alone"
            )
        address = str(_ranges(nodes)[0].network_address + API_SERVER)
        return self._flow(
            subnet, {"id": cluster["id"], "properties": {"subnet": {"id": nodes["id"]}}}, network, address
        )

    # parts

    def _kept(self, key: tuple[object, ...], find: Callable[[], Found]) -> Found:
        """What was found before, unless one of the TYPES has changed since."""
        revision = sum(map(self._store.revision, self._types))
        known, answers = self._state  # at once: another thread may be putting new ones in their place
        if revision != known:
            answers = dict[tuple[object, ...], Any]()
            self._state = revision, answers
        if key not in answers:
            answers[key] = find()
        return answers[key]

    def _public_cluster(self, place: Place, cluster: Json, server: Json) -> Denied | None:
        ranges: list[str] = server.get("authorizedIPRanges") or []
        address = self.address(place)
        listed = address and any(
            ipaddress.ip_address(address) in ipaddress.ip_network(one, strict=False) for one in ranges
        )
        if not ranges or listed:
            return None
        return Denied("lost", address, f"authorizedIPRanges of {cluster['id']} do not hold {address or 'it'}")

    def _find(self, place: Place, target: Json, group: str) -> Denied | None:
        subnet = self._store.get(place.subnet) if place.subnet else None
        if place.subnet and subnet is None:
            return Denied("lost", "", f"the subnet {place.subnet} does not exist")
        why = "the caller is in no virtual network"
        if subnet is not None:
            found = self._private(subnet, target, group)
            if found is None or isinstance(found, Denied):
                return found
            why = found
        return self._public(place, subnet, target, why)

    def _private(self, subnet: Json, target: Json, group: str) -> Denied | str | None:
        """None where a private endpoint leads to the service; a text why the name is public; what is lost."""
        network = subnet["id"].rsplit("/subnets/", 1)[0]
        names = privatelink.names(target["type"], group)
        if not names:
            return f"no private endpoint leads to {group} of {target['type']}"
        endpoints = self._endpoints(target, group)
        if not endpoints:
            return f"no private endpoint of the group '{group}' leads to {target['id']}"
        if not any(approved for _, approved in endpoints):
            return f"the connection of private endpoint {endpoints[0][0]['id']} is not approved"
        name = names[0]
        zone = self._zone(network, name.zone)
        if zone is None:
            return f"no private DNS zone {name.zone} is linked to the virtual network {network}"
        fqdn = name.fqdn(target)
        record = self._store.get(f"{zone}/A/{name.record(fqdn)}")
        if record is None:
            return Denied(
                "lost",
                "",
                f"{fqdn} does not resolve: the private DNS zone {zone} has no A record '{name.record(fqdn)}' "
                f"(a zone group of {endpoints[0][0]['id']} writes it)",
            )
        wanted = {str(one.get("ipv4Address")) for one in record["properties"].get("aRecords") or []}
        for endpoint, approved in endpoints:
            if approved and wanted & self._addresses(endpoint):
                return self._flow(subnet, endpoint, network, sorted(wanted)[0], _port(target))
        return Denied(
            "lost",
            "",
            f"{fqdn} leads to {', '.join(sorted(wanted))} (private DNS zone {zone}), where no approved "
            f"private endpoint of {target['id']} is",
        )

    def _endpoints(self, target: Json, group: str) -> list[tuple[Json, bool]]:
        """The endpoints that lead to a group of the service, and whether their connection is approved."""
        found: list[tuple[Json, bool]] = []
        for endpoint in self._store.users(target["id"], ENDPOINT):
            for one in connections_of(endpoint):
                properties = one["properties"]
                groups = [str(each).lower() for each in properties.get("groupIds") or []]
                if group.lower() in groups and fold(properties.get("privateLinkServiceId", "")) == fold(
                    target["id"]
                ):
                    state = properties.get("privateLinkServiceConnectionState") or {}
                    found.append((endpoint, state.get("status") == "Approved"))
        return found

    def _zone(self, network: str, zone: str) -> str | None:
        """The id of the zone of a name that a virtual network is linked to."""
        for link in self._store.users(network, LINK):
            if zone_of(link["id"]).lower() == zone.lower():
                return link["id"].rsplit("/virtualNetworkLinks/", 1)[0]
        return None

    def _addresses(self, endpoint: Json) -> set[str]:
        found: set[str] = set()
        for one in self._store.users(endpoint["id"], INTERFACE):
            configurations = one["properties"].get("ipConfigurations") or []
            found |= {str(each["properties"].get("privateIPAddress")) for each in configurations}
        return found

    def _flow(
        self, subnet: Json, endpoint: Json, network: str, address: str, port: int = PORT
    ) -> Denied | None:
        """Whether the networks lead from a subnet to an endpoint, and let it through."""
        other = self._store.get(endpoint["properties"]["subnet"]["id"])
        if other is None:
            return Denied("lost", "", f"the subnet of private endpoint {endpoint['id']} does not exist")
        remote = other["id"].rsplit("/subnets/", 1)[0]
        if fold(remote) != fold(network) and not self._peered(network, remote):
            return Denied(
                "lost",
                "",
                f"private endpoint {endpoint['id']} is in {remote}, which {network} is not peered with",
            )
        source = Side(_ranges(subnet), frozenset({VIRTUAL_NETWORK}))
        held: list[Json] = endpoint["properties"].get("applicationSecurityGroups") or []
        groups = frozenset(fold(str(one.get("id", ""))) for one in held)
        target = Side((ipaddress.ip_network(address),), frozenset({VIRTUAL_NETWORK}), groups=groups)
        guards = [("Outbound", subnet)]
        if str(other["properties"].get("privateEndpointNetworkPolicies", "Disabled")).lower() in (
            "enabled",
            "networksecuritygroupenabled",
        ):
            guards.append(("Inbound", other))
        for direction, guarded in guards:
            group = _id(guarded, "networkSecurityGroup")
            rule = denial(self._store, group, direction, source, target, port)
            if rule:
                return Denied(
                    "lost",
                    "",
                    f"the rule '{rule}' of {group} stops {subnet['name']} on its way to {address}:{port}",
                )
        return None

    def _peered(self, network: str, remote: str) -> bool:
        ends = ((network, remote), (remote, network))
        return all(
            any(
                fold((one["properties"].get("remoteVirtualNetwork") or {}).get("id", "")) == fold(there)
                for one in self._store.children(f"{here}/virtualNetworkPeerings")
            )
            for here, there in ends
        )

    def _public(self, place: Place, subnet: Json | None, target: Json, why: str) -> Denied | None:
        kind, properties = target["type"].lower(), target["properties"]
        service = SERVICES.get(kind, Service(""))
        address = self.address(place)
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
            if _has_endpoint(subnet, service.endpoint):
                return None
            why = f"the subnet {subnet['name']} has no service endpoint {service.endpoint}, and {why}"
        # Azure's own machines reach storage of their region by private addresses, which no rule can list.
        listed = not (subnet and kind == STORAGE and _region(self._store, subnet) == target.get("location"))
        if address and listed and _in_ranges(address, acls):
            return None
        return Denied("firewall", address, f"no rule of its firewall admits the caller, and {why}")

    def _way_out(self, subnet: Json, target: Json, service: Service) -> str:
        """Why nothing leads from a subnet to a public address; "" when something does."""
        if _has_endpoint(subnet, service.endpoint):
            if policy := self._policy_against(subnet, target, service):
                return (
                    f"the service endpoint policy {policy} of {subnet['name']} does not name {target['id']}"
                )
        else:
            properties = subnet["properties"]
            # Container groups do not follow a route to a firewall: "Configure a NAT gateway for static IP".
            known = ("natGateway",) if GROUPS in _delegations(subnet) else ("natGateway", "routeTable")
            ways = [_id(subnet, name) for name in known]
            if properties.get("defaultOutboundAccess") is False and not any(ways):
                words = "no NAT gateway" if len(known) == 1 else "no NAT gateway, and no route"
                return f"the subnet {subnet['name']} has no way out: {words}"
        tags = frozenset({service.tag, INTERNET, "azurecloud"} - {""})
        group = _id(subnet, "networkSecurityGroup")
        goal = Side((), tags, str(target.get("location", "")))
        source = Side(_ranges(subnet), frozenset({VIRTUAL_NETWORK}))
        rule = denial(self._store, group, "Outbound", source, goal, _port(target))
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


def unreachable(target: str, denied: Denied) -> AzureError:
    """What stands for no answer at all: the words of a caller whose connection fails."""
    return AzureError(502, "Unreachable", f"{target} cannot be reached: {denied.why}.")


def _port(target: Json) -> int:
    return PORTS.get(target["type"].lower(), PORT)


def _id(resource: Json, name: str) -> str:
    return str((resource["properties"].get(name) or {}).get("id", ""))


def _delegations(subnet: Json) -> set[str]:
    given: list[Json] = subnet["properties"].get("delegations") or []
    return {str((one.get("properties") or {}).get("serviceName", "")).lower() for one in given}


def _ranges(subnet: Json) -> tuple[addresses.Network, ...]:
    return tuple(addresses.networks(addresses.prefixes_of(subnet), subnet["name"]))


def _bypassed(acls: Json) -> bool:
    """Whether the services that Azure trusts pass a firewall: "Configure Azure Storage firewalls"."""
    return "azureservices" in [one.strip().lower() for one in str(acls.get("bypass", "")).split(",")]


def _subnets(acls: Json) -> set[str]:
    rules = acls.get("virtualNetworkRules") or []
    return {fold(str(one.get("id", ""))) for one in rules if isinstance(one, dict)}


def _has_endpoint(subnet: Json, service: str) -> bool:
    given = [
        str(one.get("service", "")).lower() for one in subnet["properties"].get("serviceEndpoints") or []
    ]
    return bool(service) and any(one in (service.lower(), f"{service.lower()}.global") for one in given)


def _in_ranges(address: str, acls: Json) -> bool:
    number = ipaddress.ip_address(address)
    ranges = (firewalls.parse(value) for value in firewalls.values(acls.get("ipRules")))
    return any(one is not None and number in one for one in ranges)


def _region(store: Any, subnet: Json) -> str:
    network = store.get(subnet["id"].rsplit("/subnets/", 1)[0]) or {}
    return str(network.get("location", ""))
