"""Operators as C# applies them: numbers are promoted and wrap around, texts are put together."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any, Final

from emulator.apimanagement.policies.expressions import clock, formats
from emulator.apimanagement.policies.expressions.conversions import RANK, decimal, number, promoted, sized
from emulator.apimanagement.policies.expressions.tokens import JToken
from emulator.apimanagement.policies.expressions.values import (
    Char,
    Enumerated,
    Thrown,
    checked_size,
    full_name,
    null_reference,
    whole,
)

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda one, two: one == two,
    "<": lambda one, two: one < two,
    ">": lambda one, two: one > two,
    "<=": lambda one, two: one <= two,
    ">=": lambda one, two: one >= two,
}


def is_number(value: Any) -> bool:
    """A number or a character, no truth."""
    return isinstance(value, int | float | Decimal | Char) and not isinstance(value, bool)


def binary(operator: str, one: Any, two: Any, *, strict: bool = False) -> Any:
    """`one operator two`; not of `&&`, `||` and `??`, which need not look at the second."""
    if operator in ("==", "!="):
        return equal(one, two) is (operator == "==")
    if (
        operator == "+"
        and (isinstance(one, str) or isinstance(two, str))
        and not (is_number(one) and is_number(two))
    ):
        left, right = formats.text(one), formats.text(two)
        checked_size(len(left) + len(right))
        return left + right
    if operator in ("&", "|", "^") and isinstance(one, bool) and isinstance(two, bool):
        return {"&": one and two, "|": one or two, "^": one is not two}[operator]
    if one is None or two is None:
        # Of numbers that may be null the result is null, a comparison false.
        if operator in _COMPARE:
            return False
        if is_number(one) or is_number(two):
            return None
        raise null_reference()
    if is_number(one) and is_number(two):
        return _numbers(operator, one, two, strict)
    if isinstance(one, JToken) or isinstance(two, JToken):
        raise _refused(operator, one, two)
    if isinstance(one, clock.DateTime | clock.DateTimeOffset | clock.TimeSpan):
        return _times(operator, one, two)
    if isinstance(one, Enumerated) and isinstance(two, Enumerated):
        if operator in _COMPARE:
            return _COMPARE[operator](one.number, two.number)
        found = _numbers(operator, one.number, two.number, strict)
        return Enumerated(one.type, f"{one.name}, {two.name}", found)
    raise _refused(operator, one, two)


def _refused(operator: str, one: Any, two: Any) -> Thrown:
    """What a compiler would have refused."""
    return Thrown(
        "System.InvalidOperationException",
        f"Operator '{operator}' cannot be applied to operands of type '{full_name(one)}' and "
        f"'{full_name(two)}'",
    )


def equal(one: Any, two: Any) -> bool:
    """`==`: tokens by reference, numbers across their types, all else by value."""
    if one is None or two is None:
        return one is two
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, JToken) or isinstance(two, JToken):
        return one is two
    if is_number(one) and is_number(two):
        return bool(_numbers("==", one, two, False))
    if isinstance(one, list | dict | bytearray):
        return one is two
    return type(one) is type(two) and one == two


def _numbers(operator: str, one: Any, two: Any, strict: bool) -> Any:
    if operator in ("<<", ">>"):
        kind = sized(one) if sized(one) in ("long", "ulong", "uint") else "int"
        count = int(number(two, "int")) & (63 if kind in ("long", "ulong") else 31)
        left = int(number(one, kind))
        return whole(left << count if operator == "<<" else left >> count, kind)
    left, right, kind = promoted(one, two)
    if operator in _COMPARE:
        return _COMPARE[operator](left, right)
    if kind in ("float", "double"):
        return number(_floating(operator, left, right), kind)
    if kind == "decimal":
        try:
            return decimal(_exact(operator, left, right))
        except (DivisionByZero, InvalidOperation) as error:
            raise Thrown("System.DivideByZeroException", "Attempted to divide by zero.") from error
    return whole(_whole(operator, int(left), int(right)), kind, strict=strict)


def _whole(operator: str, one: int, two: int) -> int:
    match operator:
        case "+":
            return one + two
        case "-":
            return one - two
        case "*":
            return one * two
        case "&":
            return one & two
        case "|":
            return one | two
        case "^":
            return one ^ two
        case _:
            if two == 0:
                raise Thrown("System.DivideByZeroException", "Attempted to divide by zero.")
            quotient = abs(one) // abs(two) * (1 if (one < 0) == (two < 0) else -1)
            return quotient if operator == "/" else one - quotient * two


def _floating(operator: str, one: float, two: float) -> float:
    try:
        match operator:
            case "+":
                return one + two
            case "-":
                return one - two
            case "*":
                return one * two
            case "/":
                if two == 0:
                    return math.nan if one == 0 or math.isnan(one) else math.copysign(math.inf, one)
                return one / two
            case "%":
                return math.fmod(one, two) if two else math.nan
            case _:
                raise _refused(operator, one, two)
    except (OverflowError, ValueError):
        return math.inf


def _exact(operator: str, one: Decimal, two: Decimal) -> Decimal:
    match operator:
        case "+":
            return one + two
        case "-":
            return one - two
        case "*":
            return one * two
        case "/":
            return one / two
        case "%":
            return one % two
        case _:
            raise _refused(operator, one, two)


def _times(operator: str, one: Any, two: Any) -> Any:
    if operator in _COMPARE and type(one) is type(two):
        if isinstance(one, clock.DateTimeOffset):
            return _COMPARE[operator](one.utc_ticks, two.utc_ticks)
        return _COMPARE[operator](one.ticks, two.ticks)
    if isinstance(one, clock.TimeSpan) and isinstance(two, clock.TimeSpan) and operator in "+-":
        return clock.TimeSpan(one.ticks + (two.ticks if operator == "+" else -two.ticks))
    if operator == "-" and (isinstance(two, clock.TimeSpan) or type(one) is type(two)):
        return clock.subtracted(one, two)
    if operator == "+" and isinstance(two, clock.TimeSpan):
        return clock.subtracted(one, clock.TimeSpan(-two.ticks))
    raise _refused(operator, one, two)


def unary(operator: str, value: Any, *, strict: bool = False) -> Any:
    """`operator value`, without `++` and `--`."""
    if operator == "!":
        if not isinstance(value, bool):
            raise Thrown(
                "System.InvalidOperationException",
                f"Operator '!' cannot be applied to operand of type '{full_name(value)}'",
            )
        return not value
    if isinstance(value, clock.TimeSpan) and operator == "-":
        return clock.TimeSpan(-value.ticks)
    if value is None:
        return None
    if not is_number(value):
        raise Thrown(
            "System.InvalidOperationException",
            f"Operator '{operator}' cannot be applied to operand of type '{full_name(value)}'",
        )
    kind = sized(value) if sized(value) in RANK else "int"
    plain = number(value, kind)
    if operator == "~":
        return whole(~int(plain), kind)
    if operator == "+":
        return plain
    if isinstance(plain, float | Decimal):
        return number(-plain, kind)
    return whole(-int(plain), "long" if kind == "uint" else kind, strict=strict)
