"""Which events a subscription wants: "Event filtering for Azure Event Grid" (read 2026-11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from emulator.eventgrid.event import Event

Json = dict[str, Any]
Test = Callable[[Any, Any], bool]
MISSING: Final = object()
# key of a filter (lower case) -> attribute of the event; all others are looked up in its data
OF_EVENT: Final[Mapping[str, str]] = {
    "id": "id",
    "eventid": "id",
    "topic": "source",
    "source": "source",
    "subject": "subject",
    "eventtype": "type",
    "type": "type",
    "dataversion": "version",
    "eventtypeversion": "version",
}


def _text(test: Callable[[str, str], bool]) -> Test:
    """Of texts, without regard to case."""
    return lambda value, wanted: isinstance(value, str) and test(value.lower(), str(wanted).lower())


def _number(test: Callable[[float, float], bool]) -> Test:
    return lambda value, wanted: _is_number(value) and test(value, wanted)


def _range(value: Any, wanted: Any) -> bool:
    return _is_number(value) and wanted[0] <= value <= wanted[1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# operator -> how a value of the event is held against one that is wanted: any of those will do
POSITIVE: Final[Mapping[str, Test]] = {
    "NumberIn": _number(lambda value, wanted: value == wanted),
    "NumberInRange": _range,
    "NumberGreaterThan": _number(lambda value, wanted: value > wanted),
    "NumberGreaterThanOrEquals": _number(lambda value, wanted: value >= wanted),
    "NumberLessThan": _number(lambda value, wanted: value < wanted),
    "NumberLessThanOrEquals": _number(lambda value, wanted: value <= wanted),
    "BoolEquals": lambda value, wanted: isinstance(value, bool) and value == wanted,
    "StringIn": _text(lambda value, wanted: value == wanted),
    "StringContains": _text(lambda value, wanted: wanted in value),
    "StringBeginsWith": _text(str.startswith),
    "StringEndsWith": _text(str.endswith),
}
# operator -> the one that it denies; a key that is not there satisfies it
NEGATIVE: Final[Mapping[str, str]] = {
    "NumberNotIn": "NumberIn",
    "NumberNotInRange": "NumberInRange",
    "StringNotIn": "StringIn",
    "StringNotContains": "StringContains",
    "StringNotBeginsWith": "StringBeginsWith",
    "StringNotEndsWith": "StringEndsWith",
}
PRESENCE: Final = ("IsNullOrUndefined", "IsNotNull")
OPERATORS: Final = {name.lower(): name for name in (*POSITIVE, *NEGATIVE, *PRESENCE)}
ONE_VALUE: Final = frozenset(
    {"BoolEquals", *(name for name in POSITIVE if name.startswith(("NumberGreater", "NumberLess")))}
)


def matches(given: Json, event: Event) -> bool:
    """Whether a subscription's `filter` lets an event through."""
    types = [str(one).lower() for one in given.get("includedEventTypes") or []]
    if types and "all" not in types and event.type.lower() not in types:
        return False
    subject, begins, ends = (
        event.subject,
        str(given.get("subjectBeginsWith") or ""),
        str(given.get("subjectEndsWith") or ""),
    )
    if not given.get("isSubjectCaseSensitive"):
        subject, begins, ends = subject.lower(), begins.lower(), ends.lower()
    if not subject.startswith(begins) or not subject.endswith(ends):
        return False
    arrays = bool(given.get("enableAdvancedFilteringOnArrays"))
    return all(_advanced(one, event, arrays) for one in given.get("advancedFilters") or [])


def _advanced(given: Json, event: Event, arrays: bool) -> bool:
    name = OPERATORS[str(given["operatorType"]).lower()]
    found = value_of(event, str(given.get("key", "")))
    absent = found is MISSING or found is None
    if name in PRESENCE:
        return absent == (name == "IsNullOrUndefined")
    denied = NEGATIVE.get(name)
    if absent:
        return denied is not None
    values: list[Any] = cast("list[Any]", found) if arrays and isinstance(found, list) else [found]
    wanted: list[Any] = [given.get("value")] if name in ONE_VALUE else given.get("values") or []
    test = POSITIVE[denied or name]
    hit = any(test(value, one) for value in values for one in wanted)
    return hit != (denied is not None)


def value_of(event: Event, key: str) -> Any:
    """What stands at a key such as `data.api`; MISSING where nothing does. Case is no matter."""
    attribute = OF_EVENT.get(key.lower())
    if attribute is not None:
        return getattr(event, attribute)
    first, *steps = key.split(".")
    if first.lower() != "data":
        return MISSING
    found: Any = event.data
    for step in steps:
        if not isinstance(found, dict):
            return MISSING
        inner = cast(Json, found)
        found = next((inner[name] for name in inner if name.lower() == step.lower()), MISSING)
    return found
