"""How texts compare: StringComparison and StringComparer."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from typing import Any, Final

from emulator.apimanagement.policies.expressions.declare import TypeInfo, constant, declare, method
from emulator.apimanagement.policies.expressions.types.enumerations import enumeration
from emulator.apimanagement.policies.expressions.values import Box, Enumerated, Thrown

ORDINAL: Final = Enumerated("StringComparison", "Ordinal", 4)
enumeration(
    "StringComparison",
    "System.StringComparison",
    CurrentCulture=0,
    CurrentCultureIgnoreCase=1,
    InvariantCulture=2,
    InvariantCultureIgnoreCase=3,
    Ordinal=4,
    OrdinalIgnoreCase=5,
)


def folded(text: str, comparison: Any = ORDINAL) -> str:
    """A text as a comparison sees it."""
    ignore = comparison is True or (
        isinstance(comparison, Enumerated) and comparison.name.endswith("IgnoreCase")
    )
    return text.upper() if ignore else text


def compared(left: Any, right: Any, comparison: Any = ORDINAL) -> int:
    """As `string.Compare`, by code points: -1, 0 or 1."""
    one, two = folded(left or "", comparison), folded(right or "", comparison)
    if left is None or right is None:
        return (left is not None) - (right is not None)
    return (one > two) - (one < two)


def equal_texts(self: Any, other: Any, comparison: Any = ORDINAL) -> bool:
    """As `string.Equals`; null is equal to null alone."""
    if not isinstance(other, str) or not isinstance(self, str):
        return self is None and other is None
    return folded(self, comparison) == folded(other, comparison)


def by_ordinal(*given: Any) -> None:
    """Refuses a StringComparer by which keys that differ would be the same, which collections do not know."""
    for one in given:
        if isinstance(one, Box) and one.type == "StringComparer" and one.value.name.endswith("IgnoreCase"):
            raise Thrown("System.NotSupportedException", f"not emulated: {one.value.name} of keys")


declare(
    TypeInfo(
        "StringComparer",
        "System.StringComparer",
        members={
            "Equals": method("bool", lambda self, one, two: equal_texts(one, two, self.value)),
            "Compare": method("int", lambda self, one, two: compared(one, two, self.value)),
        },
        statics={
            name: constant(
                "StringComparer",
                lambda name=name: Box("StringComparer", Enumerated("StringComparison", name, 0)),
            )
            for name in (
                "Ordinal",
                "OrdinalIgnoreCase",
                "InvariantCulture",
                "InvariantCultureIgnoreCase",
                "CurrentCulture",
                "CurrentCultureIgnoreCase",
            )
        },
    )
)
