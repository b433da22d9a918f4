"""The address ranges that the firewalls of services take."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, Final

Range = ipaddress.IPv4Network

# range -> what it is, in Key Vault's words
FORBIDDEN: Final[dict[Range, str]] = {
    Range("10.0.0.0/8"): "private IP addresses",
    Range("172.16.0.0/12"): "private IP addresses",
    Range("192.168.0.0/16"): "private IP addresses",
    Range("100.64.0.0/10"): "shared address space",
    Range("127.0.0.0/8"): "loopback addresses",
    Range("169.254.0.0/16"): "link-local addresses",
    Range("224.0.0.0/4"): "multicast addresses",
    Range("240.0.0.0/4"): "reserved addresses",
}


def parse(value: Any) -> Range | None:
    """An address or a range, None for what is neither."""
    try:
        return Range(str(value))
    except ValueError:
        return None


def forbidden(one: Range) -> Range | None:
    """The range that never reaches a public endpoint and that this one touches."""
    return next((range_ for range_ in FORBIDDEN if one.overlaps(range_)), None)


def overlapping(ranges: Iterable[Range]) -> tuple[Range, Range] | None:
    """The first two that share an address."""
    seen: list[Range] = []
    for one in ranges:
        for other in seen:
            if one.overlaps(other):
                return other, one
        seen.append(one)
    return None


def values(rules: Any) -> list[Any]:
    """The `value` of each rule of a list of rules."""
    return [rule.get("value") for rule in rules or [] if isinstance(rule, dict)]
