"""Whether the security group of a subnet lets a flow through: its rules, then Azure's own, by priority."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.network.addresses import Network, inside
from emulator.network.rulevalues import REGIONS_SPELT_OTHERWISE
from emulator.network.security import DEFAULTS

Json = dict[str, Any]
VIRTUAL_NETWORK: Final = "virtualnetwork"
INTERNET: Final = "internet"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a flow. ranges: its addresses. tags: service tags (lower case) that hold them, without a
    region; region: that of a service. groups: folded ids of the application security groups that it is in."""

    ranges: tuple[Network, ...] = ()
    tags: frozenset[str] = frozenset()
    region: str = ""
    groups: frozenset[str] = frozenset()

    def matches(self, prefix: str) -> bool:
        """Whether a rule's address prefix or service tag holds this side."""
        if prefix in ("*", "0.0.0.0/0"):
            return True
        if prefix[:1].isdigit():
            outer = ipaddress.ip_network(prefix, strict=False)
            return bool(self.ranges) and all(inside(one, outer) for one in self.ranges)
        tag, _, region = prefix.lower().partition(".")
        if (
            region
            and region not in (self.region, "firstparty")
            and self.region not in REGIONS_SPELT_OTHERWISE
        ):
            return False
        return tag in self.tags


def denial(store: Store, group_id: str, direction: str, source: Side, target: Side, port: int) -> str:
    """The name of the rule by which a security group ("" for none) stops a TCP flow; "" when none does."""
    group = store.get(group_id) if group_id else None
    if group is None:
        return ""
    rules = [(one["name"], one["properties"]) for one in store.children(f"{group_id}/securityRules")]
    for name, rule in sorted(rules, key=lambda one: int(one[1]["priority"])):
        if (
            rule["direction"].lower() == direction.lower()
            and rule["protocol"].lower() in ("tcp", "*")
            and _port_in(port, _several(rule, "destinationPortRange", "destinationPortRanges"))
            and _named(rule, "source", source)
            and _named(rule, "destination", target)
        ):
            return name if rule["access"].lower() == "deny" else ""
    for name, way, _, access, origin, goal in DEFAULTS:
        if way == direction and _side_in(source, [origin]) and _side_in(target, [goal]):
            return name if access == "Deny" else ""
    return ""


def _several(rule: Json, one: str, many: str) -> list[str]:
    single = rule.get(one)
    return [str(value) for value in [*([single] if single else []), *(rule.get(many) or [])]]


def _named(rule: Json, end: str, side: Side) -> bool:
    """Whether an end of a rule, prefixes or application security groups, holds a side."""
    groups = {fold(str(one.get("id", ""))) for one in rule.get(f"{end}ApplicationSecurityGroups") or []}
    return bool(groups & side.groups) or _side_in(
        side, _several(rule, f"{end}AddressPrefix", f"{end}AddressPrefixes")
    )


def _side_in(side: Side, prefixes: Iterable[str]) -> bool:
    return any(side.matches(prefix) for prefix in prefixes)


def _port_in(port: int, ranges: Iterable[str]) -> bool:
    for text in ranges:
        first, _, last = text.partition("-")
        if text == "*" or int(first) <= port <= int(last or first):
            return True
    return False
