"""Operators between two values: which types they take, what they give, and what they do with nulls."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from decimal import Decimal, DivisionByZero, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from emulator.monitor.kql.convert import converter
from emulator.monitor.kql.faults import QueryFault, incomparable
from emulator.monitor.kql.kinds import NUMBERS, WHOLE, Kind, wider
from emulator.monitor.kql.table import Bound
from emulator.monitor.kql.values import in_range, wrapped

Two = Callable[[Any, Any], Any]
_ORDER: Final[dict[str, Two]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def bind(word: str, left: Bound, right: Bound, at: int) -> Bound:
    """An operator over its two sides; QueryFault for types that it does not take."""
    if word in ("and", "or"):
        return _logical(word, left, right, at)
    if word in ("+", "-", "*", "/", "%"):
        kind, function = arithmetic(word, left.kind, right.kind, at)
    elif word in ("==", "!=", *_ORDER):
        kind, function = "bool", comparison(word, left.kind, right.kind, at)
    else:
        kind, function = "bool", _text(word, left.kind, right.kind, at)
    return apply(kind, function, left, right)


def apply(kind: Kind, function: Two, left: Bound, right: Bound) -> Bound:
    """The function of both sides for each row; a constant side is computed once."""
    one, other = left.run, right.run
    if left.constant and right.constant:
        value = function(left.value(), right.value())
        return Bound(kind, lambda row: value, True)
    if right.constant:
        fixed = right.value()
        return Bound(kind, lambda row: function(one(row), fixed))
    return Bound(kind, lambda row: function(one(row), other(row)))


def _logical(word: str, left: Bound, right: Bound, at: int) -> Bound:
    for side in (left, right):
        if side.kind != "bool":
            raise QueryFault(
                f"Operator '{word}' cannot be applied to types {left.kind} and {right.kind}: both have to be "
                "bool",
                at,
                word,
                "SEM0064",
            )
    decides = word == "or"
    one, other = left.run, right.run

    def run(row: Any) -> bool | None:
        first = one(row)
        if first is decides:
            return decides
        second = other(row)
        if second is decides:
            return decides
        return None if first is None or second is None else not decides

    return Bound("bool", run, left.constant and right.constant)


# arithmetic


def arithmetic(word: str, left: Kind, right: Kind, at: int) -> tuple[Kind, Two]:
    """The type of the result, and the function; null where a side is null."""
    found = _numbers(word, left, right) if left in NUMBERS and right in NUMBERS else _times(word, left, right)
    if found is None:
        raise QueryFault(
            f"Arithmetic expression cannot be carried-out between {left} and {right}"
            + (". Try adding explicit casts" if "dynamic" in (left, right) else ""),
            at,
            word,
            "SEM0064",
        )
    kind, function = found

    def run(one: Any, other: Any) -> Any:
        return None if one is None or other is None else function(one, other)

    return kind, run


def _numbers(word: str, left: Kind, right: Kind) -> tuple[Kind, Two]:
    kind = wider(wider(left, right), "long")
    if kind == "decimal":
        return kind, _decimals(word)
    if kind == "real":
        return kind, _REALS[word]
    return kind, _WHOLES[word]


def _times(word: str, left: Kind, right: Kind) -> tuple[Kind, Two] | None:
    """Arithmetic with datetimes and timespans, which are ticks."""
    match left, word, right:
        case ("datetime", "-", "datetime"):
            return "timespan", operator.sub
        case ("datetime", "+" | "-", "timespan"):
            sign = 1 if word == "+" else -1
            return "datetime", lambda one, other: in_range(one + sign * other)
        case ("timespan", "+", "datetime"):
            return "datetime", lambda one, other: in_range(one + other)
        case ("timespan", "+" | "-", "timespan"):
            return "timespan", _WHOLES[word]
        case ("timespan", "/", "timespan"):
            return "real", _REALS["/"]
        case ("timespan", "%", "timespan") | ("datetime", "%", "timespan"):
            return "timespan", _WHOLES["%"]
        case ("timespan", "*" | "/", number) if number in NUMBERS:
            return "timespan", _scaled(word)
        case (number, "*", "timespan") if number in NUMBERS:
            scale = _scaled("*")
            return "timespan", lambda one, other: scale(other, one)
        case _:
            return None


def _scaled(word: str) -> Two:
    def run(ticks: int, number: Any) -> int | None:
        if isinstance(number, float) and not math.isfinite(number):
            return None
        if word == "*":
            return round(ticks * number)
        return None if number == 0 else round(ticks / number)

    return run


def _quotient(one: int, other: int) -> int | None:
    if other == 0:
        return None
    return wrapped(abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1))


def _real_quotient(one: float, other: float) -> float:
    if other == 0:
        return math.nan if one == 0 or math.isnan(one) else math.copysign(math.inf, one)
    return one / other


def _real(function: Two) -> Two:
    def run(one: float, other: float) -> float:
        try:
            return float(function(one, other))
        except OverflowError:
            return math.inf

    return run


_WHOLES: Final[dict[str, Two]] = {
    "+": lambda one, other: wrapped(one + other),
    "-": lambda one, other: wrapped(one - other),
    "*": lambda one, other: wrapped(one * other),
    "/": _quotient,
    # the least number from 0 on, whatever the signs are
    "%": lambda one, other: None if other == 0 else one % abs(other),
}
_REALS: Final[dict[str, Two]] = {
    "+": _real(operator.add),
    "-": _real(operator.sub),
    "*": _real(operator.mul),
    "/": _real(_real_quotient),
    "%": lambda one, other: math.nan if other == 0 else one % abs(other),
}


def _decimals(word: str) -> Two:
    function: Two = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "%": operator.mod,
    }[word]

    def run(one: Any, other: Any) -> Decimal | None:
        try:
            return function(_decimal(one), _decimal(other))
        except (InvalidOperation, DivisionByZero):
            return None

    return run


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value)) if isinstance(value, float) else Decimal(value)


# comparisons


def comparison(word: str, left: Kind, right: Kind, at: int) -> Two:
    """Two nulls are neither equal nor unequal (null); a null and a value are unequal; no order has a null."""
    if "dynamic" in (left, right):
        return _dynamic(word, left, right, at)
    numbers = (*NUMBERS, "bool")
    if left != right and not (left in numbers and right in numbers):
        raise incomparable(left, right, at)
    if word in _ORDER:
        if left in ("guid",):
            raise incomparable(left, right, at)
        function = _ORDER[word]
        return lambda one, other: None if one is None or other is None else function(one, other)
    return _equal if word == "==" else _unequal


def _equal(one: Any, other: Any) -> bool | None:
    return None if one is None and other is None else one == other


def _unequal(one: Any, other: Any) -> bool | None:
    return None if one is None and other is None else one != other


def _dynamic(word: str, left: Kind, right: Kind, at: int) -> Two:
    """Against a dynamic value, which counts where it holds a value of the other side's type."""
    other_kind = right if left == "dynamic" else left
    if other_kind == "dynamic":
        raise incomparable(left, right, at)
    convert = _exactly(other_kind)
    compare = comparison(word, other_kind, other_kind, at)
    if left == "dynamic":
        return lambda one, other: compare(convert(one), other)
    return lambda one, other: compare(one, convert(other))


def _exactly(kind: Kind) -> Callable[[Any], Any]:
    """A dynamic value as one of a type, without conversion between texts and numbers; else null."""
    loose = converter("dynamic", kind)
    fits: tuple[type, ...] = {
        "string": (str,),
        "bool": (bool,),
        **dict.fromkeys(NUMBERS, (int, float)),
    }.get(kind, (str,))

    def convert(value: Any) -> Any:
        if isinstance(value, bool) and kind != "bool":
            return None
        if not isinstance(value, fits):
            return None
        return value if kind in WHOLE else loose(value)

    return convert


# texts


def _text(word: str, left: Kind, right: Kind, at: int) -> Two:
    for kind in (left, right):
        if kind not in ("string", "dynamic"):
            raise QueryFault(
                f"Operator '{word}' cannot be applied to types {left} and {right}: a value of type string is "
                "expected",
                at,
                word,
                "SEM0064",
            )
    negated = word.startswith("!")
    bare = word.removeprefix("!")
    if bare == "~":  # `!~` is the negation of `=~`
        bare = "=~"
    test = _TESTS[bare.removesuffix("_cs")]
    folds = not (bare.endswith("_cs") or bare in ("matches regex",))
    as_text = [converter(kind, "string") for kind in (left, right)]

    def run(one: Any, other: Any) -> bool:
        text, wanted = as_text[0](one), as_text[1](other)
        if folds:
            text, wanted = text.casefold(), wanted.casefold()
        return test(text, wanted) is not negated

    return run


def is_term(text: str, wanted: str, *, before: bool = True, after: bool = True) -> bool:
    """Whether a text has the wanted one between characters that are no letters or digits."""
    if not wanted:
        return True
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        left = not before or at == 0 or not (text[at - 1].isalnum() and wanted[0].isalnum())
        right = not after or end == len(text) or not (text[end].isalnum() and wanted[-1].isalnum())
        if left and right:
            return True
        at = text.find(wanted, at + 1)
    return False


@lru_cache(maxsize=256)
def pattern(text: str) -> re.Pattern[str]:
    """A regular expression; QueryFault for what is none."""
    try:
        return re.compile(text)
    except re.error as error:
        raise QueryFault(f"Invalid regular expression '{text}': {error}", code="SEM0420") from error


_TESTS: Final[dict[str, Callable[[str, str], bool]]] = {
    "=~": operator.eq,
    "contains": lambda text, wanted: wanted in text,
    "startswith": lambda text, wanted: text.startswith(wanted),
    "endswith": lambda text, wanted: text.endswith(wanted),
    "has": is_term,
    "hasprefix": lambda text, wanted: is_term(text, wanted, after=False),
    "hassuffix": lambda text, wanted: is_term(text, wanted, before=False),
    "matches regex": lambda text, wanted: pattern(wanted).search(text) is not None,
}
