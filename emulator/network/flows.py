"""Whether what stands in a subnet reaches an address: by the networks, and by both sides' security groups.

Private endpoints and the public addresses of Azure's services are the subject of `reach`.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.network import addresses
from emulator.network.rulesets import INTERNET, VIRTUAL_NETWORK, Side, denial

Json = dict[str, Any]
PRIVATE: Final = tuple(ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
# what an answer depends on
TYPES: Final = tuple(
    f"microsoft.network/{one}"
    for one in (
        "virtualnetworks",
        "virtualnetworks/subnets",
        "virtualnetworks/virtualnetworkpeerings",
        "networksecuritygroups",
        "networksecuritygroups/securityrules",
    )
)


def is_private(host: str) -> bool:
    """Whether a host is an address of a private range (RFC 1918)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in one for one in PRIVATE)


def is_of_the_machine(host: str) -> bool:
    """Whether a host is the caller's own machine, or what only that reaches: loopback and link-local ones."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_link_local or address.is_unspecified


class Flows:
    """The answers of `stopped`, each kept until something of the network changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state = -1, dict[tuple[str, str, int], str]()  # revision of the store, answers as of then

    def stopped(self, subnet_id: str, address: str, port: int) -> str:
        """As the function of this name."""
        revision = sum(map(self._store.revision, TYPES))
        known, answers = self._state  # at once: another thread may be putting new ones in their place
        if revision != known:
            answers = dict[tuple[str, str, int], str]()
            self._state = revision, answers
        key = subnet_id, address, port
        found = answers.get(key)
        if found is None:
            found = answers[key] = stopped(self._store, *key)
        return found


def stopped(store: Store, subnet_id: str, address: str, port: int) -> str:
    """Why a TCP connection from a subnet to an address does not come about; "" where nothing stops it.

    subnet_id: "" for a caller in no network, to which private addresses lead nowhere
    """
    source = store.get(subnet_id) if subnet_id else None
    private = is_private(address)
    if source is None:
        if subnet_id:
            return f"the subnet {subnet_id} does not exist"
        return f"{address} is a private address, and the caller is in no virtual network" if private else ""
    target = _subnet_of(store, source, address) if private else None
    if private and target is None:
        return f"{address} is in no virtual network that {source['name']} is in, or that is peered with it"
    number = ipaddress.ip_network(address)
    goal = Side((number,), frozenset({VIRTUAL_NETWORK if target else INTERNET}))
    own = Side(_ranges(source), frozenset({VIRTUAL_NETWORK}))
    guards = [("Outbound", source)]
    if target is not None and fold(target["id"]) != fold(source["id"]):
        guards.append(("Inbound", target))
    for direction, guarded in guards:
        group = str((guarded["properties"].get("networkSecurityGroup") or {}).get("id", ""))
        if rule := denial(store, group, direction, own, goal, port):
            return f"the rule '{rule}' of {group} stops {source['name']} on its way to {address}:{port}"
    return ""


def _ranges(subnet: Json) -> tuple[addresses.Network, ...]:
    return tuple(addresses.networks(addresses.prefixes_of(subnet), subnet["name"]))


def _subnet_of(store: Store, source: Json, address: str) -> Json | None:
    """The subnet that holds an address, of the caller's network or of one that is peered with it."""
    network = source["id"].rsplit("/subnets/", 1)[0]
    number = ipaddress.ip_address(address)
    for one in (network, *_peers(store, network)):
        for subnet in store.children(f"{one}/subnets"):
            if any(number in range_ for range_ in _ranges(subnet)):
                return subnet
    return None


def _peers(store: Store, network: str) -> list[str]:
    """The networks that are peered with one, from both sides."""
    found: list[str] = []
    for here in store.children(f"{network}/virtualNetworkPeerings"):
        remote = str((here["properties"].get("remoteVirtualNetwork") or {}).get("id", ""))
        back = store.children(f"{remote}/virtualNetworkPeerings") if remote else []
        if any(
            fold((one["properties"].get("remoteVirtualNetwork") or {}).get("id", "")) == fold(network)
            for one in back
        ):
            found.append(remote)
    return found
