"""`mv-expand`, `parse` and `make-series`: rows that become other rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, cast

from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.bind import bind, fixed
from emulator.monitor.kql.convert import converter
from emulator.monitor.kql.faults import MOST_ROWS, QueryFault, Unsupported, too_many
from emulator.monitor.kql.kinds import NUMBERS, WHOLE, Kind, empty
from emulator.monitor.kql.naming import Naming, simple
from emulator.monitor.kql.scope import Context, Scope
from emulator.monitor.kql.summarize import dynamic_key, grouped, outputs_of, refuse_twice
from emulator.monitor.kql.table import Bound, Column, Row, Table
from emulator.monitor.kql.values import dynamic_of

MOST_POINTS: Final = 1_048_576  # of a series


def expand(operator: s.Expand, table: Table, context: Context) -> Table:
    """A row for each value of a list, or each entry of a bag; a null stays one row, an empty list is none."""
    if operator.parameters.get("bagexpansion", operator.parameters.get("kind", "bag")) not in ("bag",):
        raise Unsupported("mv-expand bagexpansion=array", operator.at)
    scope = Scope(table.columns, context, "mv-expand")
    naming = Naming()
    columns = list(table.columns)
    targets: list[tuple[int, Bound, Callable[[Any], Any]]] = []
    for named, kind in operator.columns:
        bound = bind(named.value, scope)
        if bound.kind != "dynamic":
            raise QueryFault(
                f"mv-expand: the expression '{simple(named.value)}' is of type {bound.kind}; "
                "dynamic is expected",
                named.at,
                code="SEM0061",
            )
        column = Column(naming.next(named), kind or "dynamic")
        place = next((at for at, one in enumerate(columns) if one.name == column.name), len(columns))
        columns[place : place + 1] = [column]
        targets.append((place, bound, converter("dynamic", column.kind)))
    if operator.index:
        columns.append(Column(operator.index, "long"))
    limit = None if operator.limit is None else int(fixed(operator.limit, scope, WHOLE, "the limit"))
    width = len(columns) - bool(operator.index)
    rows: list[Row] = []
    for row in table.rows:
        lists = [_entries(bound.run(row)) for _, bound, _ in targets]
        size = max(map(len, lists))
        for number in range(size if limit is None else min(size, limit)):
            made = [*row, *(None for _ in range(width - len(row)))]
            for (place, _, convert), found in zip(targets, lists, strict=True):
                made[place] = convert(found[number] if number < len(found) else None)
            rows.append((*made, number) if operator.index else tuple(made))
            if len(rows) > MOST_ROWS:
                raise too_many(operator.at)
    return Table(tuple(columns), rows)


def _entries(value: Any) -> list[Any]:
    if isinstance(value, list):
        return cast("list[Any]", value)
    if isinstance(value, dict):
        return [{key: inner} for key, inner in cast("dict[str, Any]", value).items()]
    return [value]


# parse

_TYPED: Final[dict[Kind, str]] = {
    "int": r"\s*[+-]?\d+\s*?",
    "long": r"\s*[+-]?\d+\s*?",
    "real": r"\s*[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*?",
    "decimal": r"\s*[+-]?\d+(?:\.\d+)?\s*?",
    "bool": r"(?:true|false|True|False|\d+)",
}


def parse(operator: s.Parse, table: Table, context: Context) -> Table:
    """Columns from the parts of a text; of one that does not fit all of them are empty."""
    scope = Scope(table.columns, context, "parse")
    value = bind(operator.value, scope)
    if value.kind not in ("string", "dynamic"):
        raise QueryFault(f"parse: the expression is of type {value.kind}; string is expected", operator.at)
    text = converter(value.kind, "string")
    made = [part for part in operator.pattern if isinstance(part, tuple)]
    fits = _regex(operator.pattern)
    converts = [converter("string", kind) for _, kind in made]
    nothing = [empty(kind) for _, kind in made]
    columns = list(table.columns)
    places: list[int] = []
    for name, kind in made:
        place = next((at for at, one in enumerate(columns) if one.name == name), len(columns))
        columns[place : place + 1] = [Column(name, kind)]
        places.append(place)
    rows: list[Row] = []
    for row in table.rows:
        match = fits.fullmatch(text(value.run(row)))
        found = nothing
        if match is not None:
            found = [convert(part) for convert, part in zip(converts, match.groups(), strict=True)]
            if any(one is None for one in found):
                match, found = None, nothing
        if match is None and operator.only_matches:
            continue
        changed = [*row, *(None for _ in range(len(columns) - len(row)))]
        for place, one in zip(places, found, strict=True):
            changed[place] = one
        rows.append(tuple(changed))
    return Table(tuple(columns), rows, table.serialized)


def _regex(pattern: tuple[str | tuple[str, Kind] | None, ...]) -> re.Pattern[str]:
    parts: list[str] = []
    for place, part in enumerate(pattern):
        last = place == len(pattern) - 1
        if part is None:
            parts.append(r"[\s\S]*" if last else r"[\s\S]*?")
        elif isinstance(part, str):
            parts.append(re.escape(part))
        else:
            anything = r"[\s\S]*" if last else r"[\s\S]*?"
            parts.append(f"({_TYPED.get(part[1], anything)})")
    return re.compile("".join(parts))


# make-series


def series(operator: s.MakeSeries, table: Table, context: Context) -> Table:
    """A row for each group: lists with one value for each step of the axis, from its start to "
    "before its end."""
    scope = Scope(table.columns, context, "make-series")
    if operator.low is None or operator.high is None:
        raise Unsupported("make-series without 'from' and 'to'", operator.at)
    axis = bind(operator.axis.value, scope)
    span: tuple[Kind, ...] = ("timespan",) if axis.kind in ("datetime", "timespan") else NUMBERS
    ends: tuple[Kind, ...] = (axis.kind,) if axis.kind in ("datetime", "timespan") else NUMBERS
    low = fixed(operator.low, scope, ends, "'from'")
    high = fixed(operator.high, scope, ends, "'to'")
    step = fixed(operator.step, scope, span, "'step'")
    if step <= 0 or (high - low) / step > MOST_POINTS:
        raise QueryFault(
            "make-series: the step has to be above 0, and not too small", operator.at, code="SEM0064"
        )
    naming = Naming()
    keys: list[tuple[Column, Bound]] = []
    for named in operator.by:
        bound = bind(named.value, scope)
        if bound.kind == "dynamic":
            raise dynamic_key(simple(named.value), named.at)
        keys.append((Column(naming.next(named), bound.kind), bound))
    outputs = outputs_of(tuple(named for named, _ in operator.columns), table, context, naming, "make-series")
    if any(len(one.columns) != 1 for one in outputs):
        raise QueryFault("make-series: an aggregate gives one column each", operator.at, code="SEM0144")
    defaults = [
        0
        if default is None
        else fixed(default, scope, (*NUMBERS, "timespan", "datetime", "string"), "a default")
        for _, default in operator.columns
    ]
    axis_column = Column(naming.next(operator.axis), "dynamic")
    columns = [column for column, _ in keys]
    columns += [Column(one.columns[0].name, "dynamic") for one in outputs]
    columns.append(axis_column)
    refuse_twice(columns, operator.at, "make-series")
    count = max(0, -int((low - high) // step))
    into = dynamic_of(axis.kind)
    points = [into(low + number * step) for number in range(count)]
    rows: list[Row] = []
    inside = [row for row in table.rows if (value := axis.run(row)) is not None and low <= value < high]
    for key, group in grouped(inside, [bound for _, bound in keys]):
        cells: list[list[Row]] = [[] for _ in range(count)]
        for row in group:
            cells[int((axis.run(row) - low) // step)].append(row)
        lists: list[list[Any]] = []
        for one, default in zip(outputs, defaults, strict=True):
            put = dynamic_of(one.columns[0].kind)
            lists.append([put(one.compute(cell)[0]) if cell else default for cell in cells])
        rows.append((*key, *lists, points))
    return Table(tuple(columns), rows)
