"""The members of the numbers by their sizes, and of Boolean."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from emulator.apimanagement.policies.expressions import formats
from emulator.apimanagement.policies.expressions.conversions import number, parsed, parsed_bool, sized
from emulator.apimanagement.policies.expressions.declare import (
    Member,
    TypeInfo,
    constant,
    declare,
    function,
    method,
)
from emulator.apimanagement.policies.expressions.values import WHOLE, Ref, Thrown, argument_null, whole


def tried(parse: Callable[[Any], Any], failed: Any) -> Callable[..., bool]:
    """The `TryParse` that belongs to a `Parse`; failed: what it puts out for a text that is none."""

    def run(text: Any, *rest: Any) -> bool:
        result = rest[-1] if rest else None
        if not isinstance(result, Ref):
            raise argument_null("result")
        try:
            result.value = parse(text) if text is not None else failed
        except Thrown:
            result.value = failed
            return False
        return text is not None

    return run


def order_of(self: Any, other: Any) -> int:
    """As `CompareTo`: -1, 0 or 1."""
    return (self > other) - (self < other)


def _number(name: str, full: str) -> None:
    statics: dict[str, Member] = {
        "Parse": function(name, lambda text, *rest: parsed(text, name)),
        "TryParse": function("bool", tried(lambda text: parsed(text, name), number(0, name))),
    }
    if name in WHOLE:
        bits, signed, _ = WHOLE[name]
        least, most = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        statics["MinValue"] = constant(name, lambda: whole(least, name))
        statics["MaxValue"] = constant(name, lambda: whole(most, name))
    elif name == "double":
        statics["NaN"] = constant(name, lambda: math.nan)
        statics["MaxValue"] = constant(name, lambda: 1.7976931348623157e308)
        statics["PositiveInfinity"] = constant(name, lambda: math.inf)
        statics["IsNaN"] = function("bool", lambda value: value != value)
        statics["IsInfinity"] = function("bool", lambda value: math.isinf(value))
    elif name == "decimal":
        statics["Zero"] = constant(name, lambda: Decimal(0))
        statics["One"] = constant(name, lambda: Decimal(1))
        statics["Round"] = function(name, lambda value, digits=0: formats.rounded(value, digits))
    declare(
        TypeInfo(
            name,
            full,
            members={
                "ToString": method(
                    "string",
                    lambda self, form=None, provider=None: formats.formatted(
                        self, form if isinstance(form, str) else None
                    ),
                ),
                "CompareTo": method("int", order_of),
                "Equals": method("bool", lambda self, other: sized(self) == sized(other) and self == other),
                "GetHashCode": method("int", lambda self: whole(int(self), "int")),
            },
            statics=statics,
        )
    )


for _name, _full in (
    ("byte", "System.Byte"),
    ("sbyte", "System.SByte"),
    ("short", "System.Int16"),
    ("ushort", "System.UInt16"),
    ("int", "System.Int32"),
    ("uint", "System.UInt32"),
    ("long", "System.Int64"),
    ("ulong", "System.UInt64"),
    ("float", "System.Single"),
    ("double", "System.Double"),
    ("decimal", "System.Decimal"),
):
    _number(_name, _full)

declare(
    TypeInfo(
        "bool",
        "System.Boolean",
        statics={
            "Parse": function("bool", parsed_bool),
            "TryParse": function("bool", tried(parsed_bool, False)),
            "TrueString": constant("string", lambda: "True"),
            "FalseString": constant("string", lambda: "False"),
        },
    )
)
