"""Functions of the rows of a group."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from emulator.monitor.kql.faults import QueryFault
from emulator.monitor.kql.kinds import NUMBERS, ORDERED, WHOLE, Kind
from emulator.monitor.kql.scalars import Kinds
from emulator.monitor.kql.scalars_dynamic import MOST_VALUES, bag, distinct, values
from emulator.monitor.kql.table import Bound
from emulator.monitor.kql.values import dynamic_of

Compute = Callable[[list[list[Any]]], Any]
"""From the values of each argument, row by row, to that of the group."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """prefix: of the name of an unnamed column, "" for that of its argument. weighs: whether the last of its
    arguments is a condition. make: from the arguments to the function of their values."""

    name: str
    least: int
    most: int
    gives: Callable[[Kinds], Kind]
    make: Callable[[tuple[Bound, ...]], Compute]
    says: str
    prefix: str
    conditional: bool = False


def known(column: list[Any]) -> list[Any]:
    """The values that are not null."""
    return [value for value in column if value is not None]


def _numeric(name: str) -> Callable[[Kinds], Kind]:
    def gives(kinds: Kinds) -> Kind:
        if kinds[0] not in (*NUMBERS, "timespan"):
            raise QueryFault(
                f"{name}(): argument #1 is of type {kinds[0]}; a number or a timespan is expected",
                code="SEM0064",
            )
        return "long" if kinds[0] in WHOLE else kinds[0]

    return gives


def _mean(kinds: Kinds) -> Kind:
    if kinds[0] == "datetime":
        return "datetime"
    kind = _numeric("avg")(kinds)
    return "real" if kind == "long" else kind


def _spread(kinds: Kinds) -> Kind:
    _numeric("stdev/variance")(kinds)
    return "real"


def _ordered(name: str) -> Callable[[Kinds], Kind]:
    def gives(kinds: Kinds) -> Kind:
        if kinds[0] not in ORDERED:
            words = f"{name}(): argument #1 is of type {kinds[0]}, which has no order; cast it"
            raise QueryFault(words, code="SEM0064")
        return kinds[0]

    return gives


def _ranked(name: str) -> Callable[[Kinds], Kind]:
    ordered = _ordered(name)
    return lambda kinds: "long" if ordered(kinds) == "int" else kinds[0]


def _fixed(kind: Kind) -> Callable[[Kinds], Kind]:
    return lambda kinds: kind


def _sum(arguments: tuple[Bound, ...]) -> Compute:
    if arguments[0].kind == "real":
        return lambda columns: math.fsum(known(columns[0])) if _finite(columns[0]) else sum(known(columns[0]))
    return lambda columns: sum(known(columns[0]))


def _finite(column: list[Any]) -> bool:
    return all(value is None or math.isfinite(value) for value in column)


def _average(arguments: tuple[Bound, ...]) -> Compute:
    total, kind = _sum(arguments), arguments[0].kind

    def compute(columns: list[list[Any]]) -> Any:
        count = len(known(columns[0]))
        if not count:
            return math.nan if kind in ("int", "long", "real") else None
        whole = kind in ("datetime", "timespan")
        return round(total(columns) / count) if whole else total(columns) / count

    return compute


def _variance(sample: bool, root: bool) -> Callable[[tuple[Bound, ...]], Compute]:
    def compute(columns: list[list[Any]]) -> float:
        found = [float(value) for value in known(columns[0])]
        if len(found) < 1 + sample:
            return 0.0
        mean = math.fsum(found) / len(found)
        spread = math.fsum((value - mean) ** 2 for value in found) / (len(found) - sample)
        return math.sqrt(spread) if root else spread

    return lambda arguments: compute


def _least(columns: list[list[Any]]) -> Any:
    return min(known(columns[0]), default=None)


def _greatest(columns: list[list[Any]]) -> Any:
    return max(known(columns[0]), default=None)


def _different(columns: list[list[Any]]) -> int:
    return len({(isinstance(value, bool), repr(value)) for value in known(columns[0])})


def rank(ordered: list[Any], percent: float) -> Any:
    """The nearest rank: the least value that so many percent of all do not exceed; null of nothing."""
    if not ordered:
        return None
    return ordered[min(max(math.ceil(percent / 100 * len(ordered)), 1), len(ordered)) - 1]


def percent(bound: Bound) -> float:
    """A constant from 0 to 100."""
    if not bound.constant or bound.kind not in NUMBERS or not 0 <= bound.value() <= 100:
        raise QueryFault("percentile(): the percentile has to be a constant from 0 to 100", code="SEM0064")
    return float(bound.value())


def _percentile(arguments: tuple[Bound, ...]) -> Compute:
    share = percent(arguments[1])
    return lambda columns: rank(sorted(known(columns[0])), share)


def _percentiles(arguments: tuple[Bound, ...]) -> Compute:
    shares = [percent(one) for one in arguments[1:]]
    into = dynamic_of(arguments[0].kind)

    def compute(columns: list[list[Any]]) -> list[Any]:
        ordered = sorted(known(columns[0]))
        return [into(rank(ordered, share)) for share in shares]

    return compute


def _weighted(arguments: tuple[Bound, ...]) -> Compute:
    share = percent(arguments[2])

    def compute(columns: list[list[Any]]) -> Any:
        pairs = sorted((v, w) for v, w in zip(columns[0], columns[1], strict=True) if v is not None and w)
        goal, reached = share / 100 * sum(weight for _, weight in pairs), 0
        for value, weight in pairs:
            reached += weight
            if reached >= goal:
                return value
        return None

    return compute


def _limit(arguments: tuple[Bound, ...]) -> int:
    if len(arguments) < 2:
        return MOST_VALUES
    if not arguments[1].constant or arguments[1].kind not in WHOLE:
        raise QueryFault("make_list()/make_set(): the greatest size has to be a constant", code="SEM0064")
    return min(int(arguments[1].value()), MOST_VALUES)


def _list(arguments: tuple[Bound, ...], nulls: bool = False) -> Compute:
    into, most = dynamic_of(arguments[0].kind), _limit(arguments)
    return lambda columns: [into(value) for value in (columns[0] if nulls else known(columns[0]))][:most]


def _set(arguments: tuple[Bound, ...]) -> Compute:
    into, most = dynamic_of(arguments[0].kind), _limit(arguments)

    def compute(columns: list[list[Any]]) -> list[Any]:
        given = [into(value) for value in known(columns[0])]
        if arguments[0].kind == "dynamic":  # of a list its values are meant
            given = [item for one in given for item in (values(one) or [one])]
        return distinct(given)[:most]

    return compute


def _bag(arguments: tuple[Bound, ...]) -> Compute:
    def compute(columns: list[list[Any]]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for value in columns[0]:
            for name, inner in (bag(value) or {}).items():
                merged.setdefault(name, inner)
        return merged

    return compute


def _first(columns: list[list[Any]]) -> Any:
    """One of the group's values, one that says something where there is one."""
    return next(
        (value for value in columns[0] if value not in (None, "")), columns[0][0] if columns[0] else None
    )


def _bits(start: int | None, combine: Callable[[int, int], int]) -> Callable[[tuple[Bound, ...]], Compute]:
    def compute(columns: list[list[Any]]) -> int | None:
        found = known(columns[0])
        total = start
        for value in found:
            total = value if total is None else combine(total, value)
        return total

    return lambda arguments: compute


def _plain(compute: Compute) -> Callable[[tuple[Bound, ...]], Compute]:
    return lambda arguments: compute


def _countif(columns: list[list[Any]]) -> int:
    return sum(value is True for value in columns[0])


_BASE: Final[tuple[Aggregate, ...]] = (
    Aggregate("sum", 1, 1, _numeric("sum"), _sum, "the sum; 0 of nothing", "sum"),
    Aggregate("avg", 1, 1, _mean, _average, "the mean; NaN of nothing", "avg"),
    Aggregate("min", 1, 1, _ordered("min"), _plain(_least), "the least", "min"),
    Aggregate("max", 1, 1, _ordered("max"), _plain(_greatest), "the greatest", "max"),
    Aggregate("stdev", 1, 1, _spread, _variance(True, True), "standard deviation of a sample", "stdev"),
    Aggregate("variance", 1, 1, _spread, _variance(True, False), "variance of a sample", "variance"),
    Aggregate(
        "dcount", 1, 2, _fixed("long"), _plain(_different), "how many different values, exactly", "dcount"
    ),
    Aggregate(
        "count_distinct",
        1,
        1,
        _fixed("long"),
        _plain(_different),
        "how many different values",
        "count_distinct",
    ),
    Aggregate("make_list", 1, 2, _fixed("dynamic"), _list, "a list of the values", "list"),
    Aggregate("make_set", 1, 2, _fixed("dynamic"), _set, "a list of the different values", "set"),
    Aggregate("make_bag", 1, 2, _fixed("dynamic"), _bag, "the bags as one", "bag"),
    Aggregate("take_any", 1, 1, lambda kinds: kinds[0], _plain(_first), "one of the values", ""),
)
_IF_NAMES: Final = {
    "make_list": "make_list_if",
    "make_set": "make_set_if",
    "make_bag": "make_bag_if",
    "take_any": "take_anyif",
}


def _with_condition(one: Aggregate) -> Aggregate:
    """The same of the rows for which its last argument holds; that of a size stands after it."""
    name = _IF_NAMES.get(one.name, f"{one.name}if")

    def make(arguments: tuple[Bound, ...]) -> Compute:
        if arguments[1].kind != "bool":
            raise QueryFault(
                f"{name}(): argument #2 has to be bool, it is {arguments[1].kind}", code="SEM0064"
            )
        compute = one.make((arguments[0], *arguments[2:]))

        def only(columns: list[list[Any]]) -> Any:
            kept = [value for value, held in zip(columns[0], columns[1], strict=True) if held]
            return compute([kept])

        return only

    prefix = name if one.prefix == one.name else one.prefix
    return replace(
        one,
        name=name,
        least=2,
        most=one.most + 1,
        make=make,
        says=f"{one.says}, where a condition holds",
        prefix=prefix,
        conditional=True,
    )


AGGREGATES: Final[dict[str, Aggregate]] = {
    one.name: one
    for one in (
        Aggregate("count", 0, 0, _fixed("long"), _plain(lambda columns: 0), "how many rows", "count"),
        Aggregate(
            "countif", 1, 1, _fixed("long"), _plain(_countif), "rows for which a condition holds", "countif"
        ),
        *_BASE,
        *(_with_condition(one) for one in _BASE),
        Aggregate("stdevp", 1, 1, _spread, _variance(False, True), "standard deviation of all", "stdevp"),
        Aggregate("variancep", 1, 1, _spread, _variance(False, False), "variance of all", "variancep"),
        Aggregate("percentile", 2, 2, _ranked("percentile"), _percentile, "nearest rank", "percentile"),
        Aggregate(
            "percentilew", 3, 3, _ranked("percentilew"), _weighted, "nearest rank, by weights", "percentile"
        ),
        Aggregate(
            "percentiles_array", 2, 64, _fixed("dynamic"), _percentiles, "several, as a list", "percentiles"
        ),
        Aggregate(
            "make_list_with_nulls",
            1,
            1,
            _fixed("dynamic"),
            lambda given: _list(given, True),
            "a list of the values, nulls too",
            "list",
        ),
        Aggregate("binary_all_and", 1, 1, _fixed("long"), _bits(None, lambda a, b: a & b), "bits of all", ""),
        Aggregate("binary_all_or", 1, 1, _fixed("long"), _bits(None, lambda a, b: a | b), "bits of any", ""),
        Aggregate(
            "binary_all_xor", 1, 1, _fixed("long"), _bits(None, lambda a, b: a ^ b), "bits, odd times", ""
        ),
    )
}
ALIASES: Final = {
    "any": "take_any",
    "anyif": "take_anyif",
    "makelist": "make_list",
    "makeset": "make_set",
    "argmax": "arg_max",
    "argmin": "arg_min",
}
SEVERAL: Final = ("arg_max", "arg_min", "percentiles", "take_any")
"""What may give several columns."""
