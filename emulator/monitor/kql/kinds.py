"""The scalar types of the language, and what two of them become together.

Values in Python: bool, int (int and long), float (real), Decimal, str, ticks of 100 ns (datetime since
0001-01-01, timespan), str (guid), what `json` gives (dynamic). None is null; a text is never null.
"""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "guid", "dynamic"]
KINDS: Final[dict[str, Kind]] = {
    "bool": "bool",
    "boolean": "bool",
    "int": "int",
    "long": "long",
    "real": "real",
    "double": "real",
    "decimal": "decimal",
    "string": "string",
    "datetime": "datetime",
    "date": "datetime",
    "timespan": "timespan",
    "time": "timespan",
    "guid": "guid",
    "uuid": "guid",
    "uniqueid": "guid",
    "dynamic": "dynamic",
}
"""The words for types in a query."""
NUMBERS: Final[tuple[Kind, ...]] = ("int", "long", "real", "decimal")
"""From narrow to wide."""
WHOLE: Final[tuple[Kind, ...]] = ("int", "long")
ORDERED: Final[tuple[Kind, ...]] = (*NUMBERS, "string", "datetime", "timespan", "bool")
"""What has an order for `sort`, `min` and `max`."""


def wider(one: Kind, other: Kind) -> Kind:
    """The type of two numbers together."""
    return NUMBERS[max(NUMBERS.index(one), NUMBERS.index(other))]


def together(kinds: tuple[Kind, ...]) -> Kind | None:
    """The one type that values of several have together; None where there is none."""
    first = kinds[0]
    for kind in kinds[1:]:
        if kind == first:
            continue
        if kind in NUMBERS and first in NUMBERS:
            first = wider(kind, first)
        else:
            return None
    return first


def empty(kind: Kind) -> str | None:
    """What a value that is missing is: an empty text, or null."""
    return "" if kind == "string" else None
