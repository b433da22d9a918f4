"""Numbers of resources that the emulator counts or reckons by: Azure bounds them, and so does it.

Without a bound a number of a body would say how long the emulator reckons, or lead to no address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError


@dataclass(frozen=True, slots=True)
class Count:
    """least, most: what Azure takes. when: of resources with this input alone. source: where it was read."""

    type: str
    name: str
    least: int
    most: int
    source: str
    when: tuple[str, str] | None = None


COUNTS: Final = (
    Count(
        "Microsoft.Network/publicIPPrefixes",
        "prefixLength",
        21,
        31,
        '"Public IP address prefix" (2026-11)',
        ("publicIPAddressVersion", "IPv4"),
    ),
    Count(
        "Microsoft.Network/publicIPPrefixes",
        "prefixLength",
        124,
        127,
        '"Public IP address prefix" (2026-11)',
        ("publicIPAddressVersion", "IPv6"),
    ),
    Count("Microsoft.Cache/redis", "shardCount", 1, 30, '"Configure clustering" (2026-11)'),
    Count(
        "Microsoft.EventHub/namespaces/eventhubs",
        "partitionCount",
        1,
        1024,
        '"Event Hubs quotas and limits": 1024 in the tier Dedicated (2026-11)',
    ),
)
DEFAULT: Final = "IPv4"  # the version of addresses that Azure takes where none is said


def install(arm: Arm) -> None:
    """400 for a number out of its row's bounds, and for a word that says which and is none of the rows'."""
    for row in COUNTS:
        _bound(arm, row)


def _bound(arm: Arm, row: Count) -> None:
    @arm.before_put(row.type)
    def check(put: Put) -> None:
        if row.when and not _is_of(put, row.type, *row.when):
            return
        value: Any = put.properties.get(row.name)
        if value is not None and not row.least <= value <= row.most:
            raise AzureError(
                400,
                "InvalidParameter",
                f"{put.id}: {row.name} is {value}; it must be between {row.least} and {row.most}.",
            )


def _is_of(put: Put, arm_type: str, name: str, word: str) -> bool:
    """Whether the input is that word. One that no row knows would pass them all without a bound: 400."""
    asked = str(put.properties.get(name) or DEFAULT)
    known = [one.when[1] for one in COUNTS if one.when and one.type == arm_type]
    if asked.lower() not in map(str.lower, known):
        raise AzureError(
            400, "InvalidParameter", f"{put.id}: {name} is {asked}; it must be {' or '.join(known)}."
        )
    return asked.lower() == word.lower()
