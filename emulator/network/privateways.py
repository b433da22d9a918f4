"""Ways into a service by its private endpoints: names, records, connections, and the networks between."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.network import privatelink
from emulator.network.denied import Denied
from emulator.network.dnszones import LINK, zone_of
from emulator.network.interfaces import INTERFACE
from emulator.network.privateendpoints import ENDPOINT, connections_of
from emulator.network.rulesets import VIRTUAL_NETWORK, Side, denial
from emulator.network.subnets import id_of, ranges_of

Json = dict[str, Any]
PORTS: Final = {"microsoft.dbforpostgresql/flexibleservers": 5432}
PORT: Final = 443


class PrivateWays:
    """Asks of what is stored whether a private endpoint leads to a service."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def way(self, subnet: Json, target: Json, group: str) -> Denied | str | None:
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
                return self.flow(subnet, endpoint, network, sorted(wanted)[0], port_of(target))
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

    def flow(
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
        source = Side(ranges_of(subnet), frozenset({VIRTUAL_NETWORK}))
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
            group = id_of(guarded, "networkSecurityGroup")
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


def port_of(target: Json) -> int:
    """The port at which a service answers."""
    return PORTS.get(target["type"].lower(), PORT)
