"""DateTime, DateTimeOffset, TimeSpan."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from typing import Any

from emulator.apimanagement.policies.expressions import clock
from emulator.apimanagement.policies.expressions.clock import (
    DAY,
    SECOND,
    UNIX,
    DateTime,
    DateTimeOffset,
    TimeSpan,
)
from emulator.apimanagement.policies.expressions.declare import (
    Member,
    TypeInfo,
    constant,
    declare,
    function,
    method,
    prop,
)
from emulator.apimanagement.policies.expressions.types.enumerations import enumeration
from emulator.apimanagement.policies.expressions.types.numbers import tried
from emulator.apimanagement.policies.expressions.values import CLASSES, Enumerated, Long, Thrown

CLASSES.extend([(DateTime, "DateTime"), (DateTimeOffset, "DateTimeOffset"), (TimeSpan, "TimeSpan")])
enumeration("DateTimeKind", "System.DateTimeKind", Unspecified=0, Utc=1, Local=2)
enumeration(
    "DayOfWeek",
    "System.DayOfWeek",
    Sunday=0,
    Monday=1,
    Tuesday=2,
    Wednesday=3,
    Thursday=4,
    Friday=5,
    Saturday=6,
)
MILLISECOND = SECOND // 1000
UNITS = {
    "Days": DAY,
    "Hours": 3600 * SECOND,
    "Minutes": 60 * SECOND,
    "Seconds": SECOND,
    "Milliseconds": MILLISECOND,
}


def _ticks(amount: Any, unit: int) -> int:
    # .NET Framework rounds to a millisecond.
    found = round(float(amount) * (unit // MILLISECOND)) * MILLISECOND
    if abs(found) > clock.MOST:
        raise Thrown(
            "System.ArgumentOutOfRangeException", "Value to add was out of range.\r\nParameter name: value"
        )
    return found


def _months(value: Any, months: int) -> Any:
    moment = DateTime(value.ticks).python
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise Thrown(
            "System.ArgumentOutOfRangeException",
            "The added or subtracted value results in an un-representable DateTime.",
        )
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    date = clock.made(year, month + 1, day).ticks + value.ticks % DAY
    return clock.moved(value, date - value.ticks)


def _parts(kind: str) -> dict[str, Member]:
    """What DateTime and DateTimeOffset have alike."""

    def part(name: str) -> Member:
        return prop("int", lambda self: getattr(DateTime(self.ticks).python, name))

    def adding(unit: int) -> Member:
        return method(kind, lambda self, amount: clock.moved(self, _ticks(amount, unit)))

    return {
        **{name.capitalize(): part(name) for name in ("year", "month", "day", "hour", "minute", "second")},
        **{f"Add{name}": adding(unit) for name, unit in UNITS.items()},
        "Millisecond": prop("int", lambda self: self.ticks // MILLISECOND % 1000),
        "DayOfYear": prop("int", lambda self: DateTime(self.ticks).python.timetuple().tm_yday),
        "DayOfWeek": prop("DayOfWeek", _day_of_week),
        "Ticks": prop("long", lambda self: Long(self.ticks)),
        "TimeOfDay": prop("TimeSpan", lambda self: TimeSpan(self.ticks % DAY)),
        "Date": prop(
            "DateTime", lambda self: DateTime(self.ticks - self.ticks % DAY, getattr(self, "utc", False))
        ),
        "AddTicks": method(kind, lambda self, ticks: clock.moved(self, int(ticks))),
        "AddMonths": method(kind, _months),
        "AddYears": method(kind, lambda self, years: _months(self, int(years) * 12)),
        "Add": method(kind, lambda self, span: clock.moved(self, span.ticks)),
        "Subtract": method("?", clock.subtracted),
        "ToString": method("string", lambda self, form=None, provider=None: clock.written(self, form)),
        "CompareTo": method("int", lambda self, other: (self > other) - (self < other)),
    }


def _day_of_week(self: Any) -> Enumerated:
    names = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
    number = DateTime(self.ticks).python.isoweekday() % 7
    return Enumerated("DayOfWeek", names[number], number)


def _new(*parts: Any) -> DateTime:
    utc = any(isinstance(one, Enumerated) and one.name == "Utc" for one in parts)
    numbers = [int(one) for one in parts if isinstance(one, int)]
    if len(numbers) == 1:
        return DateTime(numbers[0], utc)
    made = clock.made(*numbers[:6])
    extra = numbers[6] * MILLISECOND if len(numbers) > 6 else 0
    return DateTime(made.ticks + extra, utc)


def _new_offset(value: Any = None, *rest: Any) -> DateTimeOffset:
    if isinstance(value, DateTime):
        return DateTimeOffset(value.ticks, rest[0].ticks if rest else 0)
    offset = rest[-1].ticks if rest and isinstance(rest[-1], TimeSpan) else 0
    return DateTimeOffset(_new(value, *rest).ticks if value is not None else 0, offset)


def _unix(unit: int) -> Member:
    return function("DateTimeOffset", lambda value: DateTimeOffset(DateTime(UNIX + int(value) * unit).ticks))


declare(
    TypeInfo(
        "DateTime",
        "System.DateTime",
        members={
            **_parts("DateTime"),
            "Kind": prop(
                "DateTimeKind",
                lambda self: Enumerated("DateTimeKind", "Utc" if self.utc else "Unspecified", int(self.utc)),
            ),
            "ToUniversalTime": method("DateTime", lambda self: DateTime(self.ticks, True)),
            "ToLocalTime": method("DateTime", lambda self: self),
            "IsDaylightSavingTime": method("bool", lambda self: False),
        },
        statics={
            "Now": constant("DateTime", clock.now),
            "UtcNow": constant("DateTime", clock.now),
            "Today": constant("DateTime", lambda: DateTime(clock.now().ticks // DAY * DAY, True)),
            "MinValue": constant("DateTime", lambda: DateTime(0)),
            "MaxValue": constant("DateTime", lambda: DateTime(clock.MOST)),
            "Parse": function("DateTime", lambda text, *rest: clock.parsed(text)),
            "TryParse": function("bool", tried(clock.parsed, DateTime(0))),
            "DaysInMonth": function("int", lambda year, month: calendar.monthrange(year, month)[1]),
            "IsLeapYear": function("bool", lambda year: calendar.isleap(year)),
        },
        make=function("DateTime", _new),
    )
)
declare(
    TypeInfo(
        "DateTimeOffset",
        "System.DateTimeOffset",
        members={
            **_parts("DateTimeOffset"),
            "ToUnixTimeSeconds": method("long", lambda self: Long((self.utc_ticks - UNIX) // SECOND)),
            "ToUnixTimeMilliseconds": method(
                "long", lambda self: Long((self.utc_ticks - UNIX) // MILLISECOND)
            ),
            "UtcDateTime": prop("DateTime", lambda self: DateTime(self.utc_ticks, True)),
            "DateTime": prop("DateTime", lambda self: DateTime(self.ticks)),
            "LocalDateTime": prop("DateTime", lambda self: DateTime(self.utc_ticks)),
            "Offset": prop("TimeSpan", lambda self: TimeSpan(self.offset)),
            "UtcTicks": prop("long", lambda self: Long(self.utc_ticks)),
            "ToUniversalTime": method("DateTimeOffset", lambda self: DateTimeOffset(self.utc_ticks)),
            "ToOffset": method(
                "DateTimeOffset", lambda self, span: DateTimeOffset(self.utc_ticks + span.ticks, span.ticks)
            ),
        },
        statics={
            "Now": constant("DateTimeOffset", lambda: DateTimeOffset(clock.now().ticks)),
            "UtcNow": constant("DateTimeOffset", lambda: DateTimeOffset(clock.now().ticks)),
            "FromUnixTimeSeconds": _unix(SECOND),
            "FromUnixTimeMilliseconds": _unix(MILLISECOND),
            "Parse": function("DateTimeOffset", lambda text, *rest: clock.parsed_offset(text)),
            "TryParse": function("bool", tried(clock.parsed_offset, DateTimeOffset(0))),
        },
        make=function("DateTimeOffset", _new_offset),
    )
)


def _span(*parts: Any) -> TimeSpan:
    numbers = [int(one) for one in parts]
    if len(numbers) == 1:
        return TimeSpan(numbers[0])
    days, numbers = (numbers[0], numbers[1:]) if len(numbers) > 3 else (0, numbers)
    hours, minutes, seconds, *milliseconds = numbers
    total = days * 86400 + hours * 3600 + minutes * 60 + seconds
    return TimeSpan(total * SECOND + (milliseconds[0] * MILLISECOND if milliseconds else 0))


_SPAN = re.compile(r"(-?)(?:(\d+)\.)?(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?|(-?)(\d+)")


def _parsed_span(text: Any) -> TimeSpan:
    match = _SPAN.fullmatch((text or "")[:64].strip())
    if match is None:
        raise Thrown("System.FormatException", "String was not recognized as a valid TimeSpan.")
    if match[8]:
        return TimeSpan((-1 if match[7] else 1) * int(match[8]) * DAY)
    seconds = int(match[2] or 0) * 86400 + int(match[3]) * 3600 + int(match[4]) * 60 + int(match[5] or 0)
    ticks = seconds * SECOND + int((match[6] or "").ljust(7, "0") or 0)
    return TimeSpan(-ticks if match[1] else ticks)


def _whole(unit: int, most: int) -> Callable[[Any], int]:
    return lambda self: int(abs(self.ticks) // unit % most) * (-1 if self.ticks < 0 else 1)


def _span_of(unit: int) -> Callable[[Any], TimeSpan]:
    return lambda amount: TimeSpan(_ticks(amount, unit))


def _total(unit: int) -> Callable[[Any], float]:
    return lambda self: self.ticks / unit


declare(
    TypeInfo(
        "TimeSpan",
        "System.TimeSpan",
        members={
            **{f"Total{name}": prop("double", _total(unit)) for name, unit in UNITS.items()},
            **{
                name: prop("int", _whole(unit, most))
                for (name, unit), most in zip(UNITS.items(), (10**9, 24, 60, 60, 1000), strict=True)
            },
            "Ticks": prop("long", lambda self: Long(self.ticks)),
            "Add": method("TimeSpan", lambda self, other: TimeSpan(self.ticks + other.ticks)),
            "Subtract": method("TimeSpan", lambda self, other: TimeSpan(self.ticks - other.ticks)),
            "Negate": method("TimeSpan", lambda self: TimeSpan(-self.ticks)),
            "Duration": method("TimeSpan", lambda self: TimeSpan(abs(self.ticks))),
            "ToString": method("string", lambda self: str(self)),
            "CompareTo": method("int", lambda self, other: (self > other) - (self < other)),
        },
        statics={
            **{f"From{name}": function("TimeSpan", _span_of(unit)) for name, unit in UNITS.items()},
            "FromTicks": function("TimeSpan", lambda ticks: TimeSpan(int(ticks))),
            "Zero": constant("TimeSpan", lambda: TimeSpan(0)),
            "Parse": function("TimeSpan", _parsed_span),
            "TryParse": function("bool", tried(_parsed_span, TimeSpan(0))),
        },
        make=function("TimeSpan", _span),
    )
)
