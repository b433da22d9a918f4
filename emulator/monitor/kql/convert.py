"""`tostring`, `tolong` and their kin: a value of any type as one of another; null where it cannot be."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from emulator import jsonbody
from emulator.monitor.kql.kinds import NUMBERS, Kind, empty
from emulator.monitor.kql.values import (
    LEAST_LONG,
    MOST_LONG,
    TICKS,
    dynamic_of,
    in_range,
    parse_bool,
    parse_datetime,
    parse_decimal,
    parse_guid,
    parse_long,
    parse_real,
    parse_timespan,
    to_text,
)

Converter = Callable[[Any], Any]
INT_BITS: Final = 31


def converter(source: Kind, target: Kind) -> Converter:
    """The function from one type to another; what it cannot convert becomes null."""
    if source == target:
        return _same
    if target == "string":
        return to_text(source)
    if target == "dynamic":
        return parse_json if source == "string" else dynamic_of(source)
    if source == "dynamic":
        return _from_dynamic(target)
    made = _from_text(target) if source == "string" else _between(source, target)
    return lambda value: None if value is None else made(value)


@lru_cache(maxsize=4096)
def parse_json(text: str) -> Any:
    """The value of a JSON text; a text that is no JSON stays a text. Nobody changes what is given here."""
    if not text:
        return None
    try:
        return jsonbody.read(text)
    except ValueError:
        return text


def kind_of(value: Any) -> Kind | None:
    """The type of what stands in a dynamic value; None for null, lists and bags."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "long"
    if isinstance(value, float):
        return "real"
    return "string" if isinstance(value, str) else None


def _from_dynamic(target: Kind) -> Converter:
    by_kind: dict[Kind, Converter] = {
        kind: converter(kind, target) for kind in ("bool", "long", "real", "string")
    }

    def convert(value: Any) -> Any:
        kind = kind_of(value)
        return empty(target) if kind is None else by_kind[kind](value)

    return convert


def _from_text(target: Kind) -> Converter:
    return {
        "bool": parse_bool,
        "int": _whole_int,
        "long": _whole,
        "real": parse_real,
        "decimal": parse_decimal,
        "datetime": parse_datetime,
        "timespan": parse_timespan,
        "guid": parse_guid,
    }[target]


def _whole_int(text: str) -> int | None:
    return _int(_whole(text))


def _whole(text: str) -> int | None:
    return parse_long(text) if "." not in text else None


def _between(source: Kind, target: Kind) -> Converter:
    """Between types that are neither texts nor dynamic."""
    number = source in NUMBERS or source == "bool"
    if target in ("int", "long") and (number or source in ("datetime", "timespan")):
        return (lambda value: _int(_cut(value))) if target == "int" else _cut
    if target == "real" and number:
        return float
    if target == "real" and source == "timespan":
        return lambda value: value / TICKS / 86400
    if target == "decimal" and number:
        return lambda value: Decimal(str(value)) if math.isfinite(value) else None
    if target == "bool" and number:
        return bool
    if target == "datetime" and source in ("int", "long"):
        return in_range
    if target == "timespan" and source in ("int", "long"):
        return _same
    return lambda value: None


def _cut(value: Any) -> int | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    whole = int(value)
    return whole if LEAST_LONG <= whole <= MOST_LONG else None


def _int(value: int | None) -> int | None:
    return value if value is not None and -(1 << INT_BITS) <= value < 1 << INT_BITS else None


def _same(value: Any) -> Any:
    return value
