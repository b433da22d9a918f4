"""The members of Math and of Random."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from emulator.apimanagement.policies.expressions import formats
from emulator.apimanagement.policies.expressions.conversions import number, promoted, sized
from emulator.apimanagement.policies.expressions.declare import (
    Member,
    TypeInfo,
    constant,
    declare,
    function,
    method,
)
from emulator.apimanagement.policies.expressions.types.enumerations import enumeration
from emulator.apimanagement.policies.expressions.values import Box, Enumerated, argument_out_of_range, whole

enumeration("MidpointRounding", "System.MidpointRounding", ToEven=0, AwayFromZero=1)


def _next(self: Box[random.Random], *bounds: int) -> int:
    low, high = (0, 2**31 - 1) if not bounds else (0, bounds[0]) if len(bounds) == 1 else bounds[:2]
    if low > high:
        raise argument_out_of_range("minValue" if len(bounds) > 1 else "maxValue")
    return int(low) if low == high else self.value.randrange(int(low), int(high))


def _next_bytes(self: Box[random.Random], buffer: bytearray) -> None:
    buffer[:] = self.value.randbytes(len(buffer))


declare(
    TypeInfo(
        "Random",
        "System.Random",
        members={
            "Next": method("int", _next),
            "NextDouble": method("double", lambda self: self.value.random()),
            "NextBytes": method("void", _next_bytes),
        },
        make=function(
            "Random",
            # .NET's Random is not for secrets either.
            lambda seed=None: Box("Random", random.Random(seed if seed is None else int(seed))),  # noqa: S311
        ),
    )
)


def _round(value: Any, *rest: Any) -> Any:
    digits = next((int(one) for one in rest if isinstance(one, int)), 0)
    away = any(isinstance(one, Enumerated) and one.name == "AwayFromZero" for one in rest)
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    found = formats.rounded(exact, digits, away=away)
    return found if isinstance(value, Decimal) else float(found)


def _by(run: Callable[[Any], Any]) -> Member:
    """A function that gives back the type that it takes."""

    def same(value: Any) -> Any:
        found = run(value)
        return (
            whole(found, sized(value), strict=True) if isinstance(value, int) else number(found, sized(value))
        )

    return function("?", same)


def _two(run: Callable[..., Any]) -> Member:
    def wider(one: Any, two: Any) -> Any:
        one, two, kind = promoted(one, two)
        return number(run(one, two), kind)

    return function("?", wider)


def _real(run: Callable[..., float]) -> Callable[..., float]:
    def safe(*values: Any) -> float:
        try:
            return run(*(float(one) for one in values))
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return safe


declare(
    TypeInfo(
        "Math",
        "System.Math",
        statics={
            "Abs": _by(abs),
            "Sign": function("int", lambda value: (value > 0) - (value < 0)),
            "Min": _two(min),
            "Max": _two(max),
            "Round": function("?", _round),
            "Floor": function("?", lambda value: number(math.floor(value), sized(value))),
            "Ceiling": function("?", lambda value: number(math.ceil(value), sized(value))),
            "Truncate": function("?", lambda value: number(math.trunc(value), sized(value))),
            "Pow": function("double", _real(math.pow)),
            "Sqrt": function("double", _real(math.sqrt)),
            "Log": function("double", _real(math.log)),
            "Log10": function("double", _real(math.log10)),
            "Exp": function("double", _real(math.exp)),
            "PI": constant("double", lambda: math.pi),
            "E": constant("double", lambda: math.e),
        },
    )
)
