"""What Azure's network security groups do with a packet: a small evaluator of the rules that infra/ makes.

From "How network security groups filter network traffic" (read 2026-11): a packet leaves by the outbound
rules of its sender's subnet and comes in by the inbound rules of its receiver's, also within one subnet; the
rule with the lowest number that fits decides; Azure's own rules stand behind them. Azure's name service and
metadata (168.63.129.16, 169.254.169.254) pass unless a rule names them by tag: they are no packet here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network
from typing import Final

from infra.security_rules import Direction, Rule

BALANCER: Final = "AzureLoadBalancer"
INSIDE: Final = "VirtualNetwork"


@cache
def _bounds(side: str) -> tuple[int, int]:
    network = IPv4Network(side)
    return int(network.network_address), int(network.broadcast_address)


def _holds(side: str, address: int) -> bool:
    if not side[0].isdigit():  # a tag that the place does not have
        return False
    first, last = _bounds(side)
    return first <= address <= last


@dataclass(frozen=True, slots=True)
class Place:
    """An end of a packet. subnet: key of the subnet whose rules it passes, "" outside of the network.

    address: of what has a private one. tags: the service tags that hold what has a public one. groups: keys
    of the application security groups that it is in.
    """

    name: str
    subnet: str = ""
    address: int | None = None
    tags: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def lies_in(self, sides: Sequence[str]) -> bool:
        """Whether a rule's far or near side, ranges or a tag, holds this place."""
        return any(
            side == "*" or side in self.tags or (self.address is not None and _holds(side, self.address))
            for side in sides
        )


@dataclass(frozen=True, slots=True)
class Packet:
    source: Place
    target: Place
    protocol: str  # Tcp or Udp
    port: int

    def __str__(self) -> str:
        return f"{self.source.name} -> {self.target.name} {self.protocol} {self.port}"


def _default(direction: Direction, packet: Packet) -> bool:
    """Azure's own rules, from 65000 on."""
    inside = INSIDE in packet.target.tags and INSIDE in packet.source.tags
    if direction == "Inbound":
        return inside or BALANCER in packet.source.tags
    return inside or "Internet" in packet.target.tags


def _fits(rule: Rule, packet: Packet) -> bool:
    return (
        any(_within(packet.port, one) for one in rule.ports)
        and rule.protocol in ("*", packet.protocol)
        and packet.source.lies_in(rule.source)
        and (packet.target.lies_in(rule.destination) or rule.group in packet.target.groups)
    )


def _within(port: int, text: str) -> bool:
    if text == "*":
        return True
    first, _, last = text.partition("-")
    return int(first) <= port <= int(last or first)


def passes(rules: Sequence[Rule], direction: Direction, packet: Packet) -> bool:
    """Whether one subnet's rules, sorted by priority, let a packet through in a direction."""
    for rule in rules:
        if rule.direction == direction and _fits(rule, packet):
            return rule.access == "Allow"
    return _default(direction, packet)


def stopped(groups: Mapping[str, Sequence[Rule]], packet: Packet) -> str:
    """Where a packet ends on its way, "" when it arrives. groups: each subnet's rules by its key,
    sorted by priority."""
    source, target = packet.source, packet.target
    if source.subnet and not passes(groups[source.subnet], "Outbound", packet):
        return f"on its way out of {source.subnet}"
    if target.subnet and not passes(groups[target.subnet], "Inbound", packet):
        return f"on its way into {target.subnet}"
    return ""
