"""When schedules fire: pure functions of a trigger and a minute."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from emulator.errors import AzureError, NotEmulated

Json = dict[str, Any]
# Azure's names of time zones are those of Windows
ZONES = {
    "utc": "UTC",
    "gmt standard time": "Europe/London",
    "w. europe standard time": "Europe/Berlin",
    "romance standard time": "Europe/Paris",
    "central european standard time": "Europe/Warsaw",
    "eastern standard time": "America/New_York",
    "central standard time": "America/Chicago",
    "pacific standard time": "America/Los_Angeles",
    "india standard time": "Asia/Kolkata",
    "tokyo standard time": "Asia/Tokyo",
}
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MINUTES = {"Minute": 1, "Hour": 60, "Day": 1440, "Week": 10080}
FREQUENCIES = (*MINUTES, "Month")  # clients write them with small letters as well
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))  # minute, hour, day, month, weekday
# values of a recurrence's pattern -> least, greatest; "weekDays" are names
PATTERN = {"hours": (0, 23), "minutes": (0, 59), "monthDays": (1, 31)}
PART = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?", re.ASCII)


def cron_field(text: str, position: int) -> frozenset[int]:
    """The values that one field of a cron expression means; ValueError says what is wrong with it."""
    low, high = RANGES[position]
    found: set[int] = set()
    for part in text.split(","):
        match = PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no value, range or step")
        first = low if match["all"] else _number(match["first"], position)
        last = high if match["all"] or (match["step"] and not match["last"]) else first
        last = _number(match["last"], position) if match["last"] else last
        step = int(match["step"] or 1)
        if not low <= first <= last <= high or step < 1:
            raise ValueError(f"{part!r} is not within {low} to {high}")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, position: int) -> int:
    if text.isdigit():
        return int(text)
    names = [day[:3] for day in WEEKDAYS] if position == 4 else []
    if text.lower() not in names:
        raise ValueError(f"{text!r} is no number")
    return names.index(text.lower())


def check(name: str, trigger: Json) -> None:
    """400 for a trigger that could never fire as it is meant; NotEmulated for one of another kind."""

    def wrong(setting: str, rule: str) -> AzureError:
        return AzureError(
            400, "UserError", f"Schedule {name!r}: trigger.{setting} is {trigger.get(setting)!r}; {rule}."
        )

    kind = trigger.get("triggerType")
    zone(name, trigger)
    for setting in ("startTime", "endTime"):
        try:
            moment(trigger, setting)
        except (TypeError, ValueError) as error:
            raise wrong(setting, "it must be an ISO 8601 time") from error
    if kind == "Cron":
        fields = str(trigger.get("expression") or "").split()
        if len(fields) != 5:
            raise wrong("expression", "it needs five fields: minute, hour, day, month, weekday")
        if fields[2] != "*" or fields[3] != "*":
            raise wrong(
                "expression", "Azure ML takes only * for day and month; use a recurrence for days of a month"
            )
        for position, field in enumerate(fields):
            try:
                cron_field(field, position)
            except ValueError as error:
                raise wrong("expression", str(error)) from error
    elif kind == "Recurrence":
        if str(trigger.get("frequency")).capitalize() not in FREQUENCIES:
            raise wrong("frequency", f"it must be one of {', '.join(FREQUENCIES)}")
        if type(trigger.get("interval")) is not int or trigger["interval"] < 1:
            raise wrong("interval", "it must be a whole number, 1 or more")
        _check_pattern(name, trigger.get("schedule"))
    else:
        raise NotEmulated(f"triggers of type {kind} (schedule {name!r}); use Cron or Recurrence")


def _check_pattern(name: str, pattern: Any) -> None:
    """400 for the times of a recurrence that are none. Clients send empty lists where they have no times."""

    def wrong(setting: str, value: Any, rule: str) -> AzureError:
        return AzureError(400, "UserError", f"Schedule {name!r}: trigger.{setting} is {value!r}; {rule}.")

    if pattern is None:
        return
    if not isinstance(pattern, dict):
        raise wrong("schedule", pattern, "it must be an object with hours and minutes")
    if pattern and ((pattern.get("hours") or []) == []) != ((pattern.get("minutes") or []) == []):
        missing = "hours" if not pattern.get("hours") else "minutes"
        raise wrong(f"schedule.{missing}", pattern.get(missing), "hours and minutes are needed together")
    for setting, (low, high) in PATTERN.items():
        values = pattern.get(setting)
        if values is not None and not (
            isinstance(values, list) and all(type(one) is int and low <= one <= high for one in values)
        ):
            raise wrong(f"schedule.{setting}", values, f"it must be a list of numbers from {low} to {high}")
    days = pattern.get("weekDays")
    if days is not None and not (
        isinstance(days, list) and all(str(day).lower() in WEEKDAYS for day in days)
    ):
        raise wrong("schedule.weekDays", days, f"it must be a list of {', '.join(WEEKDAYS)}")


def zone(name: str, trigger: Json) -> tzinfo:
    """The time zone of a trigger."""
    text = str(trigger.get("timeZone") or "UTC")
    if text.lower() not in ZONES:
        raise NotEmulated(f"time zone {text!r} (schedule {name!r}); known: {', '.join(ZONES)}")
    return UTC if text.lower() == "utc" else ZoneInfo(ZONES[text.lower()])


def moment(trigger: Json, setting: str) -> datetime | None:
    """A time of the trigger in its time zone, None when it is not set."""
    text = trigger.get(setting)
    if not text:
        return None
    parsed = datetime.fromisoformat(str(text))
    own = zone("", trigger)
    return parsed.replace(tzinfo=own) if parsed.tzinfo is None else parsed.astimezone(own)


def fires(trigger: Json, at: datetime, created: datetime) -> bool:
    """Whether it fires in the minute ``at``; a recurrence counts from its start, else ``created``."""
    local = at.astimezone(zone("", trigger)).replace(second=0, microsecond=0)
    start, end = moment(trigger, "startTime"), moment(trigger, "endTime")
    if (start and local < start.replace(second=0, microsecond=0)) or (end and local > end):
        return False
    if trigger["triggerType"] == "Cron":
        now = (local.minute, local.hour, local.day, local.month, local.isoweekday() % 7)
        fields = str(trigger["expression"]).split()
        return all(
            value in cron_field(text, position)
            for position, (value, text) in enumerate(zip(now, fields, strict=True))
        )
    return _recurs(
        trigger, local, (start or created.astimezone(local.tzinfo)).replace(second=0, microsecond=0)
    )


def _recurs(trigger: Json, now: datetime, start: datetime) -> bool:
    frequency, interval = str(trigger["frequency"]).capitalize(), trigger["interval"]
    pattern = trigger.get("schedule") or {}
    if not any(pattern.values()):
        if frequency != "Month":
            return (now - start) // timedelta(minutes=1) % (MINUTES[frequency] * interval) == 0
        pattern = {"monthDays": [start.day], "hours": [start.hour], "minutes": [start.minute]}
    hours, minutes = pattern.get("hours") or [start.hour], pattern.get("minutes") or [start.minute]
    if now.hour not in hours or now.minute not in minutes:
        return False
    days = (now.date() - start.date()).days
    if frequency == "Month":
        months = (now.year - start.year) * 12 + now.month - start.month
        return months % interval == 0 and now.day in (pattern.get("monthDays") or [start.day])
    if frequency == "Week":
        named = [str(day).lower() for day in pattern.get("weekDays") or [WEEKDAYS[start.isoweekday() % 7]]]
        first_day = start.isoweekday() % 7
        return (days + first_day) // 7 % interval == 0 and WEEKDAYS[now.isoweekday() % 7] in named
    return frequency == "Day" and days % interval == 0
