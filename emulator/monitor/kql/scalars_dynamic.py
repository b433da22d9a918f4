"""Conversions, and functions of lists and bags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from emulator.monitor.kql.convert import converter
from emulator.monitor.kql.kinds import Kind
from emulator.monitor.kql.scalars import Kinds, Scalar, row, typed
from emulator.monitor.kql.values import DAY, TICKS, dynamic_of, dynamic_text

MOST_VALUES: Final = 1_048_576
"""Of a list: `range`, `make_list` and `make_set` give no more."""


def values(value: Any) -> list[Any] | None:
    """The list that a dynamic value is, None for any other."""
    return cast("list[Any]", value) if isinstance(value, list) else None


def bag(value: Any) -> dict[str, Any] | None:
    """The bag that a dynamic value is, None for any other."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def distinct(items: list[Any]) -> list[Any]:
    """Each once, in order; 1, 1.0 and true are three."""
    return list({(type(item), repr(item)): item for item in items}.values())


def _conversion(name: str, kind: Kind) -> Scalar:
    def make(kinds: Kinds) -> Callable[..., Any]:
        return converter(kinds[0], kind)

    return typed(name, "any", kind, make, f"as {kind}, null where it is none", names=True, nulls=True)


def _json(kinds: Kinds) -> Callable[..., Any]:
    return converter(kinds[0], "dynamic")


def _length(value: Any) -> int | None:
    found = values(value)
    return None if found is None else len(found)


def _slice(value: Any, start: int, end: int) -> Any:
    found = values(value)
    if found is None:
        return None
    size = len(found)
    low, high = (place + size if place < 0 else place for place in (start, end))
    return found[max(low, 0) : high + 1]


def _lists(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of lists: null where an argument is none."""

    def run(*given: Any) -> Any:
        found = [values(one) for one in given]
        return None if any(one is None for one in found) else function(*found)

    return run


def _key(item: Any) -> tuple[type, str]:
    return type(item), repr(item)


def _intersect(first: list[Any], *more: list[Any]) -> list[Any]:
    shared = [{_key(item) for item in one} for one in more]
    return [item for item in distinct(first) if all(_key(item) in one for one in shared)]


def _difference(first: list[Any], *more: list[Any]) -> list[Any]:
    gone = {_key(item) for one in more for item in one}
    return [item for item in distinct(first) if _key(item) not in gone]


def _sorted(backwards: bool) -> Callable[[list[Any]], list[Any]]:
    def run(items: list[Any]) -> list[Any]:
        known = [item for item in items if item is not None]
        ordered = sorted(known, key=lambda item: (isinstance(item, str), item), reverse=backwards)
        return ordered + [None] * (len(items) - len(known))

    return run


def _total(items: list[Any]) -> float | None:
    numbers = [item for item in items if isinstance(item, int | float)]
    return float(sum(numbers)) if len(numbers) == len(items) else None


def _merged(*bags: Any) -> dict[str, Any] | None:
    found = [one for one in map(bag, bags) if one is not None]
    merged: dict[str, Any] = {}
    for one in found:
        for name, value in one.items():  # of names in several bags the first counts
            merged.setdefault(name, value)
    return merged if found else None


def _pack(kinds: Kinds) -> Callable[..., Any]:
    into = [dynamic_of(kind) for kind in kinds]

    def run(*given: Any) -> dict[str, Any]:
        put = [function(value) for function, value in zip(into, given, strict=True)]
        return {dynamic_text(key): value for key, value in zip(put[::2], put[1::2], strict=False)}

    return run


def _array(kinds: Kinds) -> Callable[..., Any]:
    into = [dynamic_of(kind) for kind in kinds]
    return lambda *given: [function(value) for function, value in zip(into, given, strict=True)]


def _range(kinds: Kinds) -> Callable[..., Any]:
    into = dynamic_of(kinds[0])
    plain = 1 if kinds[0] not in ("datetime", "timespan") else DAY if kinds[0] == "datetime" else 3600 * TICKS

    def run(low: Any, high: Any, step: Any = plain) -> list[Any] | None:
        if step == 0:
            return None
        found: list[Any] = []
        value = low
        while (value <= high if step > 0 else value >= high) and len(found) < MOST_VALUES:
            found.append(into(value))
            value += step
        return found

    return run


def _repeat(kinds: Kinds) -> Callable[..., Any]:
    into = dynamic_of(kinds[0])

    def run(value: Any, times: int) -> list[Any]:
        return [into(value)] * min(max(times, 0), MOST_VALUES)

    return run


def _type(kinds: Kinds) -> Callable[..., str]:
    def run(value: Any) -> str:
        if kinds[0] != "dynamic":
            return kinds[0]
        if value is None:
            return "null"
        words = {bool: "bool", int: "long", float: "double", str: "string", list: "array", dict: "dictionary"}
        return words[type(value)]

    return run


def _nothing(kinds: Kinds) -> Callable[..., bool]:
    if kinds[0] not in ("string", "dynamic"):
        return _null

    def run(value: Any) -> bool:
        return dynamic_text(value) == ""

    return run


def _names(value: Any) -> list[str] | None:
    found = bag(value)
    return None if found is None else list(found)


def _backwards(items: list[Any]) -> list[Any]:
    return items[::-1]


def _has_key(value: Any, key: str) -> bool:
    return key in (bag(value) or {})


def _index(kinds: Kinds) -> Callable[..., Any]:
    into = dynamic_of(kinds[1])

    def run(value: Any, wanted: Any) -> int | None:
        found = values(value)
        if found is None:
            return None
        sought = _key(into(wanted))
        return next((place for place, item in enumerate(found) if _key(item) == sought), -1)

    return run


def _contains(kinds: Kinds) -> Callable[..., Any]:
    index = _index(kinds)

    def run(value: Any, wanted: Any) -> bool:
        place = index(value, wanted)
        return place is not None and place >= 0

    return run


def _series(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Numbers of two lists by their places; null where one is none."""

    def one(left: Any, right: Any) -> Any:
        good = all(isinstance(value, int | float) for value in (left, right))
        return function(left, right) if good else None

    def run(left: list[Any], right: list[Any]) -> list[Any]:
        size = max(len(left), len(right))
        pairs = zip(*(one_ + [None] * (size - len(one_)) for one_ in (left, right)), strict=True)
        return [one(*pair) for pair in pairs]

    return _lists(run)


def _emptiness(kinds: Kinds) -> Callable[..., bool]:
    nothing = _nothing(kinds)

    def run(value: Any) -> bool:
        return not nothing(value)

    return run


def _not_null(value: Any) -> bool:
    return value is not None


def _null(value: Any) -> bool:
    return value is None


_CONVERSIONS: Final[tuple[tuple[str, Kind], ...]] = (
    ("tostring", "string"),
    ("toint", "int"),
    ("tolong", "long"),
    ("todouble", "real"),
    ("toreal", "real"),
    ("todecimal", "decimal"),
    ("tobool", "bool"),
    ("toboolean", "bool"),
    ("todatetime", "datetime"),
    ("totimespan", "timespan"),
    ("totime", "timespan"),
    ("toguid", "guid"),
)
SCALARS: Final[tuple[Scalar, ...]] = (
    *(_conversion(name, kind) for name, kind in _CONVERSIONS),
    *(
        typed(name, "text", "dynamic", _json, "the value of a JSON text", names=True, nulls=True)
        for name in ("parse_json", "parsejson", "todynamic", "toobject")
    ),
    typed("isempty", "any", "bool", _nothing, "whether it is an empty text or null", nulls=True),
    typed("isnotempty", "any", "bool", _emptiness, "whether it is neither", nulls=True),
    typed("notempty", "any", "bool", _emptiness, "`isnotempty`", nulls=True),
    row("isnull", "any", "bool", _null, "whether it is null; no text is", nulls=True),
    row("isnotnull", "any", "bool", _not_null, "whether it is not null", nulls=True),
    row("notnull", "any", "bool", _not_null, "`isnotnull`", nulls=True),
    typed("gettype", "any", "string", _type, "the name of its type", nulls=True),
    row("array_length", "dynamic", "long", _length, "how many values a list has"),
    row(
        "array_concat",
        "dynamic",
        "dynamic",
        _lists(lambda *all_: [item for one in all_ for item in one]),
        "lists one after another",
        endless=True,
    ),
    row("array_slice", "dynamic whole whole", "dynamic", _slice, "a part of a list"),
    row("array_sum", "dynamic", "real", _lists(_total), "the sum of a list"),
    typed("array_index_of", "dynamic any", "long", _index, "where a list has a value, -1 for nowhere"),
    row("array_reverse", "dynamic", "dynamic", _lists(_backwards), "a list backwards"),
    row("array_sort_asc", "dynamic", "dynamic", _lists(_sorted(False)), "a list from its least on"),
    row("array_sort_desc", "dynamic", "dynamic", _lists(_sorted(True)), "a list from its greatest on"),
    typed(
        "pack_array", "any", "dynamic", _array, "a list of its arguments", endless=True, least=0, nulls=True
    ),
    typed("bag_pack", "any", "dynamic", _pack, "a bag of names and values", endless=True, nulls=True),
    typed("pack", "any", "dynamic", _pack, "`bag_pack`", endless=True, nulls=True),
    row(
        "bag_keys",
        "dynamic",
        "dynamic",
        _names,
        "the names in a bag",
    ),
    row("bag_merge", "dynamic", "dynamic", _merged, "bags as one", endless=True, nulls=True),
    row("bag_has_key", "dynamic text", "bool", _has_key, "whether a bag has a name"),
    typed("set_has_element", "dynamic any", "bool", _contains, "whether a list has a value"),
    row(
        "set_union",
        "dynamic",
        "dynamic",
        _lists(lambda *all_: distinct([x for one in all_ for x in one])),
        "what is in any list",
        endless=True,
    ),
    row("set_intersect", "dynamic", "dynamic", _lists(_intersect), "what is in all lists", endless=True),
    row(
        "set_difference",
        "dynamic",
        "dynamic",
        _lists(_difference),
        "what is in the first list alone",
        endless=True,
    ),
    typed("range", "any any any", "dynamic", _range, "numbers or times from, to, in steps", least=2),
    typed("repeat", "any whole", "dynamic", _repeat, "a list of one value"),
    row(
        "zip",
        "dynamic",
        "dynamic",
        _lists(lambda *all_: [list(one) for one in zip(*all_, strict=False)]),
        "lists of the values at the same place",
        endless=True,
    ),
    row("series_add", "dynamic dynamic", "dynamic", _series(lambda a, b: a + b), "sums by place"),
    row("series_subtract", "dynamic dynamic", "dynamic", _series(lambda a, b: a - b), "differences by place"),
    row("series_multiply", "dynamic dynamic", "dynamic", _series(lambda a, b: a * b), "products by place"),
    row(
        "series_divide",
        "dynamic dynamic",
        "dynamic",
        _series(lambda a, b: a / b if b else None),
        "quotients by place",
    ),
    row("series_sum", "dynamic", "real", _lists(_total), "the sum of a list"),
)
