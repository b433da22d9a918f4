"""How values become text: `ToString()`, numbers by .NET's formats, `string.Format`. All invariant."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any, Final
from uuid import UUID

from emulator.apimanagement.policies.expressions import clock
from emulator.apimanagement.policies.expressions.values import (
    WHOLE,
    Anonymous,
    Box,
    KeyValue,
    Limit,
    Sized,
    Thrown,
    checked_size,
    format_error,
    full_name,
    type_of,
)

_STANDARD = re.compile(r"([a-zA-Z])(\d{0,2})")
_ITEM = re.compile(r"\{\{|\}\}|\{(\d+)\s*(?:,\s*(-?\d+))?\s*(?::((?:[^{}]|\{\{|\}\})*))?\}|[{}]")
# Wide enough for every double with 99 digits behind its point.
_WIDE: Final = Context(prec=450)
LONGEST: Final = 16 * 1024  # characters of a format
_GUIDS: Final = {"D": "{}", "B": "{{{}}}", "P": "({})"}


def text(value: Any) -> str:
    """As `ToString()` without arguments; empty of null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return _floating(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, KeyValue):
        return f"[{text(value.key)}, {text(value.value)}]"
    if isinstance(value, Anonymous):
        return "{ " + ", ".join(f"{name} = {text(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list | bytearray | dict | Box):
        return full_name(value)
    if isinstance(value, Thrown):
        return f"{value.kind}: {value.message}"
    return str(value)


def _floating(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    shown = repr(float(value))
    mantissa, _, exponent = shown.partition("e")
    mantissa = mantissa.removesuffix(".0")
    if not exponent:
        return mantissa
    return f"{mantissa}E{exponent[0] if exponent[0] == '-' else '+'}{exponent.lstrip('+-').zfill(2)}"


def formatted(value: Any, form: str | None) -> str:
    """As `ToString(form)`."""
    if not form or value is None or isinstance(value, str | bool):
        return text(value)
    if isinstance(value, clock.DateTime | clock.DateTimeOffset):
        return clock.written(value, form)
    if isinstance(value, UUID):
        return guid(value, form)
    if isinstance(value, int | float | Decimal):
        return number(value, form)
    return text(value)


def guid(value: UUID, form: str | None = None) -> str:
    """A Guid by N, D, B or P."""
    form = (form or "D").upper()
    if form == "N":
        return value.hex
    if form not in _GUIDS:
        raise Thrown(
            "System.FormatException",
            'Format String can be only "D", "d", "N", "n", "P", "p", "B", "b", "X" or "x".',
        )
    return _GUIDS[form].format(value)


def number(value: float | Decimal, form: str) -> str:
    """A number by a standard format, or by an own one of zeros, hashes, a point and commas."""
    match = _STANDARD.fullmatch(form)
    if match is None:
        return _custom(value, form)
    if isinstance(value, float) and not math.isfinite(value):
        return text(value)
    letter, digits = match[1].upper(), int(match[2]) if match[2] else None
    exact = Decimal(value) if not isinstance(value, float) else Decimal(repr(float(value)))
    match letter:
        case "D" if isinstance(value, int):
            return f"{int(value):0{(digits or 1) + (value < 0)}d}"
        case "X" if isinstance(value, int):
            bits = WHOLE[value.kind if isinstance(value, Sized) else "int"][0]
            shown = f"{int(value) & ((1 << bits) - 1):0{digits or 1}X}"
            return shown if match[1] == "X" else shown.lower()
        case "F" | "N":
            rounded = _rounded(exact, 2 if digits is None else digits)
            return f"{rounded:,f}" if letter == "N" else f"{rounded:f}"
        case "P":
            return f"{_rounded(exact * 100, 2 if digits is None else digits):,f} %"
        case "E":
            mantissa, _, exponent = f"{exact:.{6 if digits is None else digits}E}".partition("E")
            return f"{mantissa}{match[1]}{exponent[0]}{exponent[1:].zfill(3)}"
        case "G" | "R":
            return text(value) if digits is None else text(float(f"{exact:.{digits or 15}g}"))
        case _:
            raise format_error()


def _rounded(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_WIDE)


def rounded(value: Decimal, digits: int, *, away: bool = False) -> Decimal:
    """As `Math.Round`: half to even, or away from zero."""
    how = ROUND_HALF_UP if away else ROUND_HALF_EVEN
    return value.quantize(Decimal(1).scaleb(-digits), rounding=how, context=_WIDE)


def _custom(value: float | Decimal, form: str) -> str:
    if not re.fullmatch(r"[#0,.%]+", form):
        raise Thrown("System.FormatException", f"not emulated: the number format '{form}'")
    if isinstance(value, float) and not math.isfinite(value):
        return text(value)
    exact = Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value)
    if "%" in form:
        exact *= 100
    before, _, behind = form.replace("%", "").partition(".")
    least, most = behind.rstrip("#").count("0"), len(behind)
    shown = f"{_rounded(abs(exact), most):f}"
    left, _, right = shown.partition(".")
    zeros = before.replace(",", "")
    left = left.lstrip("0").zfill(len(zeros.lstrip("#")))
    if "," in before:
        left = f"{int(left or 0):,}".zfill(len(zeros.lstrip("#")))
    kept = right[:least] + right[least:].rstrip("0")
    sign = "-" if exact < 0 and (left.strip("0") or kept.strip("0")) else ""
    return sign + left + (f".{kept}" if kept else "") + ("%" if "%" in form else "")


def aligned(shown: str, width: int) -> str:
    """Filled up with blanks: on the left, or on the right where the width is negative."""
    checked_size(abs(width))
    return shown.rjust(width) if width >= 0 else shown.ljust(-width)


def composite(form: str | None, arguments: Sequence[Any]) -> str:
    """As `string.Format`."""
    if form is None:
        raise Thrown("System.ArgumentNullException", "Value cannot be null.\r\nParameter name: format")

    if len(form) > LONGEST:
        raise Limit(f"a format of {len(form)} characters; {LONGEST} are the most")

    def one(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match[1] is None:
            raise format_error()
        index = int(match[1])
        if index >= len(arguments):
            raise Thrown(
                "System.FormatException",
                "Index (zero based) must be greater than or equal to zero and less than the size of the "
                "argument list.",
            )
        return aligned(formatted(arguments[index], match[3]), int(match[2] or 0))

    return _ITEM.sub(one, form)


def described(value: Any) -> str:
    """A value's type, for errors."""
    return type_of(value)
