"""NCRONTAB: the six fields of a timer trigger ("Timer trigger for Azure Functions", read 2026-11).

Times are UTC, as in a function app on Linux.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FIELDS: Final = (
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 6),
)
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMES: Final = {"month": {name: at for at, name in enumerate(MONTHS, 1)}} | {
    "day of the week": {name: at for at, name in enumerate(DAYS)}
}
YEARS: Final = 8  # 29 February may be so far


class NotNcrontab(ValueError):
    """An expression that the host does not take; the text says why."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Allowed values by field, in the order of FIELDS. A day has to fit both of its fields."""

    allowed: tuple[frozenset[int], ...]

    def after(self, moment: datetime) -> datetime:
        """The first time after a moment (with its time zone). NotNcrontab where none comes."""
        seconds, minutes, hours, days, months, weekdays = self.allowed
        at = moment.replace(microsecond=0) + timedelta(seconds=1)
        day, last = at.replace(hour=0, minute=0, second=0), at + timedelta(days=366 * YEARS)
        while day <= last:
            if day.day in days and day.month in months and day.isoweekday() % 7 in weekdays:
                begin = at if day.date() == at.date() else day
                for hour in sorted(one for one in hours if one >= begin.hour):
                    from_minute = begin.minute if hour == begin.hour else 0
                    for minute in sorted(one for one in minutes if one >= from_minute):
                        same = (hour, minute) == (begin.hour, begin.minute)
                        found = [one for one in seconds if one >= (begin.second if same else 0)]
                        if found:
                            return day.replace(hour=hour, minute=minute, second=min(found))
            day += timedelta(days=1)
        raise NotNcrontab("the expression names no day that there is")


def parse(expression: str) -> Schedule:
    """Raises NotNcrontab, naming the field."""
    parts = expression.split()
    if len(parts) == len(FIELDS) - 1:
        parts = ["0", *parts]  # five fields are minutes and what follows
    if len(parts) != len(FIELDS):
        raise NotNcrontab(f"{expression!r} has {len(parts)} fields, and has to have {len(FIELDS)}")
    return Schedule(tuple(_field(part, *kind) for part, kind in zip(parts, FIELDS, strict=True)))


def _field(text: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if step and not (step.isdigit() and int(step)):
            raise NotNcrontab(f"the field {name} has the step {step!r}")
        if span == "*":
            first, last = low, high
        else:
            one, dash, other = span.partition("-")
            first = _value(one, name, low, high)
            last = _value(other, name, low, high) if dash else (high if step else first)
        if first > last:
            raise NotNcrontab(f"the field {name} has the range {span!r}, which is backwards")
        found.update(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _value(text: str, name: str, low: int, high: int) -> int:
    value = NAMES.get(name, {}).get(text.lower()[:3]) if not text.isdigit() else int(text)
    if value is None or not low <= value <= high:
        raise NotNcrontab(f"the field {name} has {text!r}, and takes {low} to {high}")
    return value
