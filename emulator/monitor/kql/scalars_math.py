"""Functions of numbers, and `bin`."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final

from emulator.monitor.kql.faults import QueryFault
from emulator.monitor.kql.kinds import NUMBERS, WHOLE, Kind, together, wider
from emulator.monitor.kql.scalars import Kinds, Scalar, row, same, typed
from emulator.monitor.kql.values import wrapped

EXACT: Final = Context(prec=50, rounding=ROUND_HALF_EVEN)
FARTHEST: Final = 400
"""Digits before or after the point, beyond which no number has any."""


def _at_least_long(kinds: Kinds) -> Kind:
    return wider(kinds[0], "long") if kinds[0] in NUMBERS else kinds[0]


def _binned(kinds: Kinds) -> Kind:
    value, size = kinds[0], kinds[1] if len(kinds) > 1 else "long"
    if value in NUMBERS and size in NUMBERS:
        return wider(wider(value, size), "long")
    if value in ("datetime", "timespan") and size == "timespan":
        return value
    raise QueryFault(f"bin(): cannot round a value of type {value} to {size}", code="SEM0064")


def _bin(kinds: Kinds) -> Callable[..., Any]:
    kind = _binned(kinds)

    def run(value: Any, size: Any = 1) -> Any:
        if size <= 0 or (isinstance(value, float) and not math.isfinite(value)):
            return None
        if kind == "decimal":
            value, size = Decimal(str(value)), Decimal(str(size))
            return (value / size).to_integral_value("ROUND_FLOOR") * size
        if kind == "real":
            return float(math.floor(value / size) * size)
        return value // size * size

    return run


def _bin_at(kinds: Kinds) -> Callable[..., Any]:
    step = _bin(kinds[:2]) if kinds[0] != "datetime" else None

    def run(value: Any, size: Any, anchor: Any) -> Any:
        if size <= 0:
            return None
        if step is None:
            return (value - anchor) // size * size + anchor
        below = step(value - anchor, size)
        return None if below is None else below + anchor

    return run


def _guarded(function: Callable[..., float]) -> Callable[..., float | None]:
    """NaN outside of where a function is defined, infinity beyond what a real holds."""

    def run(*values: Any) -> float | None:
        try:
            return float(function(*map(float, values)))
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return run


def _log(value: float) -> float:
    return -math.inf if value == 0 else math.log(value)


def _round(kinds: Kinds) -> Callable[..., Any]:
    def run(value: Any, digits: int = 0) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return value
        # as the decimal notation reads, halves to even
        exact = Decimal(str(value))
        place = -max(-FARTHEST, min(digits, FARTHEST))
        finest = exact.as_tuple().exponent
        rounds = isinstance(finest, int) and place > finest
        rounded = EXACT.quantize(exact, Decimal(1).scaleb(place)) if rounds else exact
        return rounded if kinds[0] == "decimal" else float(rounded)

    return run


def _abs(kinds: Kinds) -> Callable[..., Any]:
    def whole(value: int) -> int:
        return wrapped(abs(value))

    return whole if kinds[0] in WHOLE else abs


def _sign(value: Any) -> int:
    return (value > 0) - (value < 0)


def _most(kinds: Kinds) -> Kind:
    kind = together(kinds)
    if kind is None:
        raise QueryFault(f"max_of()/min_of(): arguments of types {', '.join(kinds)}", code="SEM0064")
    return kind


def _pick(choose: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    def run(*values: Any) -> Any:
        known = [value for value in values if value is not None]
        return choose(known) if known else None

    return run


def _random(most: int = 0) -> float:
    return random.randrange(most) if most > 0 else random.random()  # noqa: S311


def _real(name: str, function: Callable[[float], float], says: str) -> Scalar:
    return row(
        name, "number", "real", _guarded(function), says, names=name not in ("degrees", "radians", "cot")
    )


SCALARS: Final[tuple[Scalar, ...]] = (
    typed("abs", "any", _at_least_long, _abs, "without its sign", names=True),
    typed("bin", "any any", _binned, _bin, "rounded down to a multiple of a size", names=True),
    typed("floor", "any any", _binned, _bin, "`bin`; to whole numbers without a size", least=1, names=True),
    typed("bin_at", "any any any", same, _bin_at, "rounded down to a size from a fixed point", names=True),
    row("ceiling", "number", "real", _guarded(math.ceil), "the next whole number", names=True),
    typed(
        "round",
        "number whole",
        lambda kinds: "decimal" if kinds[0] == "decimal" else "real",
        _round,
        "rounded to digits after the point (0)",
        least=1,
        names=True,
    ),
    row("sign", "number", "real", _guarded(_sign), "-1, 0 or 1"),
    _real("sqrt", math.sqrt, "square root"),
    _real("exp", math.exp, "e to the power"),
    _real("exp2", lambda value: 2.0**value, "2 to the power"),
    _real("exp10", lambda value: 10.0**value, "10 to the power"),
    _real("log", _log, "natural logarithm"),
    _real("log2", lambda value: _log(value) / math.log(2), "logarithm to base 2"),
    _real("log10", lambda value: -math.inf if value == 0 else math.log10(value), "logarithm to base 10"),
    _real("sin", math.sin, "sine"),
    _real("cos", math.cos, "cosine"),
    _real("tan", math.tan, "tangent"),
    _real("asin", math.asin, "arc sine"),
    _real("acos", math.acos, "arc cosine"),
    _real("atan", math.atan, "arc tangent"),
    _real("degrees", math.degrees, "radians as degrees"),
    _real("radians", math.radians, "degrees as radians"),
    row("atan2", "number number", "real", _guarded(math.atan2), "the angle of a point", names=True),
    row("pow", "number number", "real", _guarded(math.pow), "a power", names=True),
    row("pi", "", "real", lambda: math.pi, "pi"),
    row(
        "rand",
        "whole",
        lambda kinds: "long" if kinds else "real",
        _random,
        "a random number from 0 to 1, or below a whole number",
        least=0,
        names=True,
        steady=False,
    ),
    row("isnan", "number", "bool", math.isnan, "whether it is NaN"),
    row("isinf", "number", "bool", math.isinf, "whether it is infinite"),
    row("isfinite", "number", "bool", math.isfinite, "whether it is finite"),
    row("max_of", "any", _most, _pick(max), "the greatest of its arguments", endless=True, nulls=True),
    row("min_of", "any", _most, _pick(min), "the least of its arguments", endless=True, nulls=True),
    row("binary_and", "whole whole", "long", operator.and_, "bits of both", names=True),
    row("binary_or", "whole whole", "long", operator.or_, "bits of either", names=True),
    row("binary_xor", "whole whole", "long", operator.xor, "bits of one alone", names=True),
)
