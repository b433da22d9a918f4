"""Whether a caller at a place reaches a service: by a private endpoint, by a service endpoint, or in public.

A name leads to a private endpoint where the virtual network of the caller is linked to the private zone of
the name, and a record stands there. It leads to the public address otherwise, where the firewall of the
service is asked. What the networks themselves stop gets no answer at all.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final, TypeVar

from emulator.arm.ids import fold, parse, within
from emulator.arm.service import Arm
from emulator.network import privatelink
from emulator.network.denied import Denied
from emulator.network.dnszones import LINK, ZONE
from emulator.network.interfaces import INTERFACE
from emulator.network.peerings import PEERING
from emulator.network.privateendpoints import ENDPOINT
from emulator.network.privateways import PrivateWays
from emulator.network.publicways import POLICY, SERVICES, PublicWays
from emulator.network.subnets import id_of, ranges_of
from emulator.places import Place

Json = dict[str, Any]
Found = TypeVar("Found")
API_SERVER: Final = 4  # of the addresses of its nodes, the one that a private API server has
# What an answer depends on.
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
        self._private = PrivateWays(arm.store)
        self._public = PublicWays(arm.store)
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

        return self._kept(("denied", place, fold(target_id), group, self._revision(target_id)), find)

    def by_endpoint(self, place: Place, target_id: str, group: str) -> str:
        """Why no private endpoint of a service lets a caller at the place in; "" when one does."""

        def find() -> str:
            subnet = self._store.get(place.subnet) if place.subnet else None
            target = self._store.get(target_id)
            if subnet is None or target is None:
                return "the caller is in no virtual network" if target else f"{target_id} does not exist"
            found = self._private.way(subnet, target, group)
            return found.why if isinstance(found, Denied) else found or ""

        key = ("private", fold(place.subnet), fold(target_id), group, self._revision(target_id))
        return self._kept(key, find)

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
        gateway = self._store.get(id_of(subnet, "natGateway")) if subnet else None
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
        address = str(ranges_of(nodes)[0].network_address + API_SERVER)
        return self._private.flow(
            subnet, {"id": cluster["id"], "properties": {"subnet": {"id": nodes["id"]}}}, network, address
        )

    def _revision(self, target_id: str) -> int:
        """Of a service's type, which need not be one of TYPES: scopes, apps and databases are none."""
        parsed = parse(target_id)
        return self._store.revision(parsed.type) if parsed else 0

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
            found = self._private.way(subnet, target, group)
            if found is None or isinstance(found, Denied):
                return found
            why = found
        return self._public.way(place, self.address(place), subnet, target, why)
