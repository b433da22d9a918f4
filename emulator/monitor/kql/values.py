"""Values of the types as texts, and back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from emulator.monitor.kql.kinds import Kind

TICKS: Final = 10_000_000  # in a second
MICRO: Final = 10
DAY: Final = 86400 * TICKS
EPOCH: Final = datetime(1, 1, 1)
LAST: Final = (datetime.max - EPOCH) // timedelta(microseconds=1) * MICRO + 9
LEAST_LONG: Final = -(1 << 63)
MOST_LONG: Final = (1 << 63) - 1
_TIMESPAN: Final = re.compile(
    r"([+-]?)(?:(\d+)(?:\.(?=\d+:)))?(?:(\d+):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?)"
)
_UNITS: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([a-z]+)")
_DATETIME: Final = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)
UNITS: Final[dict[str, int]] = {
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600 * TICKS),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60 * TICKS),
    **dict.fromkeys(("s", "sec", "second", "seconds"), TICKS),
    **dict.fromkeys(("ms", "milli", "millis", "millisecond", "milliseconds"), TICKS // 1000),
    **dict.fromkeys(("micro", "micros", "microsecond", "microseconds"), MICRO),
    **dict.fromkeys(("tick", "ticks"), 1),
}
"""Words after the number of a timespan."""


def ticks_of(moment: datetime) -> int:
    """A time (in UTC where it has no zone) as ticks."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment - EPOCH) // timedelta(microseconds=1) * MICRO


def moment_of(ticks: int) -> datetime:
    """Ticks as a time without zone; the last digit is lost."""
    return EPOCH + timedelta(microseconds=ticks // MICRO)


def wrapped(value: int) -> int:
    """A long as 64 bits keep it: beyond its greatest comes its least."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def in_range(ticks: int) -> int | None:
    """A datetime's ticks, None beyond year 9999 or before year 1."""
    return ticks if 0 <= ticks <= LAST else None


def datetime_text(ticks: int, digits: int = 7) -> str:
    """ISO 8601. digits: of the fraction; -1 for as many as are not 0."""
    seconds, fraction = divmod(ticks, TICKS)
    moment = EPOCH + timedelta(seconds=seconds)
    text = f"{fraction:07d}"
    text = text.rstrip("0") if digits < 0 else text[:digits]
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + (f".{text}" if text else "") + "Z"


def timespan_text(ticks: int) -> str:
    """`[-][d.]hh:mm:ss[.fffffff]`, as .NET writes it."""
    seconds, fraction = divmod(abs(ticks), TICKS)
    days, seconds = divmod(seconds, 86400)
    text = f"{days}." if days else ""
    text += f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return ("-" if ticks < 0 else "") + text + (f".{fraction:07d}" if fraction else "")


def real_text(value: float) -> str:
    """A real with a point, as Kusto writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value)
    mantissa, sign, exponent = text.partition("e")
    if not sign:
        return text
    number = int(exponent)
    return f"{mantissa.removesuffix('.0')}E{'+' if number >= 0 else '-'}{abs(number):02d}"


def dynamic_text(value: Any) -> str:
    """A dynamic value as `tostring` writes it: texts without quotes, all else as JSON; "" for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)


def json_text(value: Any) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def to_text(kind: Kind) -> Callable[[Any], str]:
    """How a value of a type becomes a text; null becomes an empty one."""
    return _TEXTS[kind]


def dynamic_of(kind: Kind) -> Callable[[Any], Any]:
    """How a value of a type is put into a dynamic one."""
    if kind == "datetime":
        return lambda value: None if value is None else datetime_text(value)
    if kind == "timespan":
        return lambda value: None if value is None else timespan_text(value)
    if kind == "decimal":
        return lambda value: None if value is None else str(value)
    if kind == "real":
        return lambda value: real_text(value) if value is not None and not math.isfinite(value) else value
    return lambda value: value


def parse_datetime(text: str) -> int | None:
    """ISO 8601 as far as Kusto reads it; None for any other text."""
    match = _DATETIME.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        moment = datetime(year, month or 1, day or 1, hour, minute, second)
    except ValueError:
        return None
    ticks = ticks_of(moment) + int((match[7] or "0").ljust(7, "0")[:7])
    zone = match[8]
    if zone and zone != "Z":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        ticks -= (minutes if zone[0] == "+" else -minutes) * 60 * TICKS
    return in_range(ticks)


def parse_timespan(text: str) -> int | None:
    """`1.02:03:04.5`, `5m`, `3` (days); None for any other text."""
    text = text.strip()
    if match := _UNITS.fullmatch(text):
        unit = UNITS.get(match[2])
        return None if unit is None else int(Decimal(match[1]) * unit)
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text) * DAY
    match = _TIMESPAN.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:5])
    ticks = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * TICKS
    ticks += int((match[6] or "").ljust(7, "0"))
    return -ticks if match[1] == "-" else ticks


def parse_long(text: str) -> int | None:
    """A whole number, in hexadecimal with 0x; a real is cut off; None for any other text."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 19:  # nearly all that are asked for
        return int(text)
    try:
        value = int(text, 16) if text.lower().startswith("0x") else int(Decimal(text))
    except (ValueError, InvalidOperation, OverflowError):
        return None
    return value if LEAST_LONG <= value <= MOST_LONG else None


def parse_real(text: str) -> float | None:
    """A number; None for any other text."""
    text = text.strip()
    words = {"nan": math.nan, "+inf": math.inf, "-inf": -math.inf, "inf": math.inf, "infinity": math.inf}
    if text.lower() in words:
        return words[text.lower()]
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        return None
    return float(text)


def parse_decimal(text: str) -> Decimal | None:
    """A decimal; None for any other text."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def parse_bool(text: str) -> bool | None:
    """`true`, `false` in any case, and numbers; None for any other text."""
    word = text.strip().lower()
    if word in ("true", "false"):
        return word == "true"
    number = parse_long(word)
    return None if number is None else number != 0


def parse_guid(text: str) -> str | None:
    """A GUID in lower case with hyphens; None for any other text."""
    found = re.fullmatch(
        r"\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?",
        text.strip().lower(),
    )
    return "-".join(found.groups()) if found else None


def _bool_text(value: Any) -> str:
    return "" if value is None else "true" if value else "false"


_TEXTS: Final[dict[Kind, Callable[[Any], str]]] = {
    "bool": _bool_text,
    "int": lambda value: "" if value is None else str(value),
    "long": lambda value: "" if value is None else str(value),
    "real": lambda value: "" if value is None else real_text(value),
    "decimal": lambda value: "" if value is None else str(value),
    "string": lambda value: value or "",
    "datetime": lambda value: "" if value is None else datetime_text(value),
    "timespan": lambda value: "" if value is None else timespan_text(value),
    "guid": lambda value: value or "",
    "dynamic": dynamic_text,
}
