"""Functions of datetimes and timespans, which are ticks of 100 ns."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from emulator.monitor.kql.faults import QueryFault
from emulator.monitor.kql.scalars import Scalar, row
from emulator.monitor.kql.values import DAY, TICKS, in_range, moment_of, ticks_of

HOUR: Final = 3600 * TICKS
MINUTE: Final = 60 * TICKS


def _month(moment: datetime, months: int) -> datetime | None:
    """The first of the month so many months later."""
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    return datetime(year, month + 1, 1) if 1 <= year <= 9999 else None


def _start(unit: str) -> Callable[..., int | None]:
    def run(ticks: int, offset: int = 0) -> int | None:
        moment = moment_of(ticks)
        if unit == "day":
            return in_range(ticks // DAY * DAY + offset * DAY)
        if unit == "week":  # weeks begin on Sunday
            days = (moment.weekday() + 1) % 7
            return in_range(ticks // DAY * DAY - days * DAY + offset * 7 * DAY)
        first = _month(
            moment if unit == "month" else moment.replace(month=1, day=1),
            offset * (1 if unit == "month" else 12),
        )
        return None if first is None else ticks_of(first)

    return run


def _end(unit: str) -> Callable[..., int | None]:
    start = _start(unit)

    def run(ticks: int, offset: int = 0) -> int | None:
        after = start(ticks, offset + 1)
        return None if after is None else after - 1

    return run


def _weekday(ticks: int) -> int:
    """The time since Sunday, in whole days."""
    return (moment_of(ticks).weekday() + 1) % 7 * DAY


def _week(moment: datetime) -> int:
    return moment.isocalendar().week


_PARTS: Final[dict[str, Callable[[int], int]]] = {
    "year": lambda ticks: moment_of(ticks).year,
    "quarter": lambda ticks: (moment_of(ticks).month + 2) // 3,
    "month": lambda ticks: moment_of(ticks).month,
    "week_of_year": lambda ticks: _week(moment_of(ticks)),
    "weekofyear": lambda ticks: _week(moment_of(ticks)),
    "day": lambda ticks: moment_of(ticks).day,
    "dayofyear": lambda ticks: moment_of(ticks).timetuple().tm_yday,
    "hour": lambda ticks: ticks // HOUR % 24,
    "minute": lambda ticks: ticks // MINUTE % 60,
    "second": lambda ticks: ticks // TICKS % 60,
    "millisecond": lambda ticks: ticks // (TICKS // 1000) % 1000,
    "microsecond": lambda ticks: ticks // (TICKS // 1_000_000) % 1_000_000,
    "nanosecond": lambda ticks: ticks % TICKS * 100,
}
_SPANS: Final[dict[str, int]] = {
    "week": 7 * DAY,
    "day": DAY,
    "hour": HOUR,
    "minute": MINUTE,
    "second": TICKS,
    "millisecond": TICKS // 1000,
    "microsecond": TICKS // 1_000_000,
}
_MONTHS: Final = {"year": 12, "quarter": 3, "month": 1}


def _part(part: str, ticks: int) -> int:
    if part.lower() not in _PARTS:
        raise QueryFault(f"datetime_part(): '{part}' is not one of {', '.join(_PARTS)}", code="SEM0064")
    return _PARTS[part.lower()](ticks)


def _unit(function: str, period: str) -> str:
    if period.lower() not in (*_SPANS, *_MONTHS):
        words = f"{function}(): '{period}' is not one of {', '.join((*_MONTHS, *_SPANS))}"
        raise QueryFault(words, code="SEM0064")
    return period.lower()


def _diff(period: str, later: int, earlier: int) -> int:
    """How many borders of the period lie between two times."""
    unit = _unit("datetime_diff", period)
    if unit in _MONTHS:
        one, other = moment_of(later), moment_of(earlier)
        size = _MONTHS[unit]
        return (one.year * 12 + one.month - 1) // size - (other.year * 12 + other.month - 1) // size
    shift = DAY if unit == "week" else 0  # 0001-01-01 was a Monday; weeks begin on Sunday
    return (later + shift) // _SPANS[unit] - (earlier + shift) // _SPANS[unit]


def _add(period: str, amount: int, ticks: int) -> int | None:
    unit = _unit("datetime_add", period)
    if unit in _SPANS:
        return in_range(ticks + amount * _SPANS[unit])
    moment = moment_of(ticks)
    first = _month(moment, amount * _MONTHS[unit])
    if first is None:
        return None
    after = _month(first, 1)
    last = 31 if after is None else (after - first).days
    return ticks_of(first) + (min(moment.day, last) - 1) * DAY + ticks % DAY


_FIELDS: Final[dict[str, Callable[[int], str]]] = {
    "yyyy": lambda ticks: f"{moment_of(ticks).year:04d}",
    "yy": lambda ticks: f"{moment_of(ticks).year % 100:02d}",
    "MM": lambda ticks: f"{moment_of(ticks).month:02d}",
    "M": lambda ticks: str(moment_of(ticks).month),
    "dd": lambda ticks: f"{moment_of(ticks).day:02d}",
    "d": lambda ticks: str(moment_of(ticks).day),
    "HH": lambda ticks: f"{ticks // HOUR % 24:02d}",
    "H": lambda ticks: str(ticks // HOUR % 24),
    "hh": lambda ticks: f"{(ticks // HOUR % 24 + 11) % 12 + 1:02d}",
    "h": lambda ticks: str((ticks // HOUR % 24 + 11) % 12 + 1),
    "mm": lambda ticks: f"{ticks // MINUTE % 60:02d}",
    "m": lambda ticks: str(ticks // MINUTE % 60),
    "ss": lambda ticks: f"{ticks // TICKS % 60:02d}",
    "s": lambda ticks: str(ticks // TICKS % 60),
    "tt": lambda ticks: "AM" if ticks // HOUR % 24 < 12 else "PM",
}
_FIELD: Final = re.compile(r"yyyy|yy|MM|M|dd|d|HH|H|hh|h|mm|m|ss|s|tt|f{1,7}|F{1,7}")
_SPAN_FIELD: Final = re.compile(r"d{1,8}|HH|H|hh|h|mm|m|ss|s|f{1,7}|F{1,7}")


def _fraction(ticks: int, field: str) -> str:
    text = f"{ticks % TICKS:07d}"[: len(field)]
    return text if field[0] == "f" else text.rstrip("0")


def _format(ticks: int, pattern: str) -> str:
    return _FIELD.sub(
        lambda match: _fraction(ticks, match[0]) if match[0][0] in "fF" else _FIELDS[match[0]](ticks), pattern
    )


def _format_span(ticks: int, pattern: str) -> str:
    size = abs(ticks)

    def field(match: re.Match[str]) -> str:
        word = match[0]
        if word[0] == "d":
            return str(size // DAY).zfill(len(word))
        return _fraction(size, word) if word[0] in "fF" else _FIELDS[word.replace("h", "H")](size)

    return ("-" if ticks < 0 else "") + _SPAN_FIELD.sub(field, pattern)


def _make(
    year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0, second: Any = 0
) -> int | None:
    try:
        return ticks_of(datetime(year, month, day, hour, minute)) + round(second * TICKS)
    except ValueError:
        return None


def _span(one: int, two: int, *more: Any) -> int | None:
    """(h, m), (h, m, s) or (d, h, m, s)."""
    days, hours, minutes, seconds = (0, one, two, *more, 0)[:4] if len(more) < 2 else (one, two, *more)
    if len(more) < 2:
        days, hours, minutes, seconds = 0, one, two, more[0] if more else 0
    return ((days * 24 + hours) * 60 + minutes) * MINUTE + round(seconds * TICKS)


def _from_unix(unit: int) -> Callable[[Any], int | None]:
    epoch = ticks_of(datetime(1970, 1, 1))
    return lambda value: in_range(epoch + round(value * unit))


SCALARS: Final[tuple[Scalar, ...]] = (
    *(
        row(
            f"startof{unit}",
            "datetime whole",
            "datetime",
            _start(unit),
            f"the first moment of its {unit}, some {unit}s on",
            least=1,
            names=unit == "day",
        )
        for unit in ("day", "week", "month", "year")
    ),
    *(
        row(
            f"endof{unit}",
            "datetime whole",
            "datetime",
            _end(unit),
            f"the last tick of its {unit}, some {unit}s on",
            least=1,
        )
        for unit in ("day", "week", "month", "year")
    ),
    row(
        "dayofweek",
        "datetime",
        "timespan",
        _weekday,
        "days since Sunday",
    ),
    row("dayofmonth", "datetime", "int", _PARTS["day"], "day of its month"),
    row("dayofyear", "datetime", "int", _PARTS["dayofyear"], "day of its year"),
    row("hourofday", "datetime", "int", _PARTS["hour"], "hour of its day"),
    row("monthofyear", "datetime", "int", _PARTS["month"], "month of its year"),
    row("getmonth", "datetime", "int", _PARTS["month"], "month of its year"),
    row("getyear", "datetime", "int", _PARTS["year"], "its year"),
    row("week_of_year", "datetime", "long", _PARTS["week_of_year"], "its week, ISO 8601"),
    row("datetime_part", "text datetime", "int", _part, "a part, such as `hour`"),
    row("datetime_diff", "text datetime datetime", "long", _diff, "periods from the second to the first"),
    row("datetime_add", "text whole datetime", "datetime", _add, "some periods later"),
    row("format_datetime", "datetime text", "string", _format, "as a text, by a pattern", names=True),
    row("format_timespan", "timespan text", "string", _format_span, "as a text, by a pattern", names=True),
    row(
        "make_datetime", "whole whole whole whole whole number", "datetime", _make, "from its parts", least=1
    ),
    row("make_timespan", "whole whole number number", "timespan", _span, "from its parts", least=2),
    *(
        row(f"unixtime_{word}_todatetime", "number", "datetime", _from_unix(unit), f"from {word} since 1970")
        for word, unit in (
            ("seconds", TICKS),
            ("milliseconds", TICKS // 1000),
            ("microseconds", TICKS // 1_000_000),
        )
    ),
)
