"""`join`, `lookup` and `union`: rows of several tables."""

from __future__ import annotations

import fnmatch
from typing import Any

from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.application import as_kind
from emulator.monitor.kql.bind import bind
from emulator.monitor.kql.faults import MOST_ROWS, QueryFault, too_many
from emulator.monitor.kql.kinds import Kind, empty, together
from emulator.monitor.kql.ordering import key_of
from emulator.monitor.kql.scope import Context, Scope
from emulator.monitor.kql.table import Bound, Column, Row, Table, unique

SEMI = {"leftsemi": True, "leftanti": False, "leftantisemi": False, "anti": False}
RIGHT_SEMI = {"rightsemi": True, "rightanti": False, "rightantisemi": False}


def join(operator: s.Join, table: Table, context: Context) -> Table:
    """Rows of two tables whose keys are the same; null is the key of nothing."""
    left = table.visible()
    right = context.tabular(operator.table, context, operator.word).visible()
    pairs = [_key(one, left, right, context, operator.word) for one in operator.on]
    left_key, right_key = (key_of([pair[side].run for pair in pairs]) for side in (0, 1))
    by_key: dict[tuple[Any, ...], list[Row]] = {}
    for row in right.rows:
        by_key.setdefault(right_key(row), []).append(row)
    if operator.kind in SEMI:
        wanted = SEMI[operator.kind]
        return left.with_rows([row for row in left.rows if _has(by_key, left_key(row)) is wanted], False)
    if operator.kind in RIGHT_SEMI:
        keys = {left_key(row) for row in left.rows}
        wanted = RIGHT_SEMI[operator.kind]
        kept = [row for row in right.rows if (_whole(right_key(row)) and right_key(row) in keys) is wanted]
        return right.with_rows(kept, False)
    rows_left = _first_of_each(left.rows, left_key) if operator.kind == "innerunique" else left.rows
    return _joined(operator, left, right, rows_left, by_key, left_key)


def _joined(
    operator: s.Join,
    left: Table,
    right: Table,
    rows: list[Row],
    by_key: dict[tuple[Any, ...], list[Row]],
    key: Any,
) -> Table:
    dropped = _keys_of(operator.on, right) if operator.word == "lookup" else set[int]()
    kept = [place for place in range(len(right.columns)) if place not in dropped]
    columns = list(left.columns)
    for place in kept:
        column = right.columns[place]
        columns.append(Column(unique(column.name, [one.name for one in columns]), column.kind))
    no_left = tuple(empty(one.kind) for one in left.columns)
    no_right = tuple(empty(right.columns[place].kind) for place in kept)
    made: list[Row] = []
    met: set[tuple[Any, ...]] = set()
    for row in rows:
        found = key(row)
        matches = by_key.get(found, []) if _whole(found) else []
        met.add(found)
        made += [(*row, *(match[place] for place in kept)) for match in matches]
        if len(made) > MOST_ROWS:
            raise too_many(operator.at)
        if not matches and operator.kind in ("leftouter", "fullouter"):
            made.append((*row, *no_right))
    if operator.kind in ("rightouter", "fullouter"):
        for found, matches in by_key.items():
            if found not in met or not _whole(found):
                made += [(*no_left, *(match[place] for place in kept)) for match in matches]
    return Table(tuple(columns), made)


def _whole(key: tuple[Any, ...]) -> bool:
    return all(part is not None for part in key)


def _has(by_key: dict[tuple[Any, ...], list[Row]], key: tuple[Any, ...]) -> bool:
    return _whole(key) and key in by_key


def _first_of_each(rows: list[Row], key: Any) -> list[Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        found.setdefault(key(row), row)
    return list(found.values())


def _keys_of(on: tuple[s.Expression, ...], right: Table) -> set[int]:
    """Places of the right table's keys."""
    names = {one.name if isinstance(one, s.Name) else _sides(one)[1] for one in on}
    return {place for place, column in enumerate(right.columns) if column.name in names}


def _key(
    expression: s.Expression, left: Table, right: Table, context: Context, word: str
) -> tuple[Bound, Bound]:
    names = (expression.name,) * 2 if isinstance(expression, s.Name) else _sides(expression)
    bounds = tuple(
        bind(
            s.Name(name, expression.at),
            Scope(table.columns, Context(context.now, context.source, {}, context.tabular), word),
        )
        for name, table in zip(names, (left, right), strict=True)
    )
    kind = together((bounds[0].kind, bounds[1].kind))
    if kind is None or kind == "dynamic":
        raise QueryFault(
            f"'{word}' operator: the keys '{names[0]}' ({bounds[0].kind}) and '{names[1]}' "
            f"({bounds[1].kind}) "
            "cannot be compared",
            expression.at,
            code="SEM0025",
        )
    return as_kind(bounds[0], kind), as_kind(bounds[1], kind)


def _sides(expression: s.Expression) -> tuple[str, str]:
    """The names of `$left.a == $right.b`, in either order."""
    found: dict[str, str] = {}
    if isinstance(expression, s.Binary) and expression.operator == "==":
        for side in (expression.left, expression.right):
            match side:
                case s.Member(s.Name("$left" | "$right" as word), s.Literal_(_, str(key))):
                    found[word] = key
                case _:
                    pass
    if len(found) != 2:
        raise QueryFault(
            "join: 'on' takes names of columns, and equalities of $left.NAME and $right.NAME",
            expression.at,
            code="SEM0025",
        )
    return found["$left"], found["$right"]


def union(operator: s.Union, table: Table | None, context: Context) -> Table:
    """The rows of all tables. A column whose type differs between them becomes one column for each type."""
    fuzzy = operator.parameters.get("isfuzzy", "false") == "true"
    tables = [table] if table is not None else []
    for one in operator.tables:
        tables += _named(one, context, fuzzy)
    tables = [one.visible() for one in tables]
    if not tables:
        raise QueryFault("'union' operator: no table of these exists", operator.at)
    kinds: dict[str, list[Kind]] = {}
    for one in tables:
        for column in one.columns:
            if column.kind not in kinds.setdefault(column.name, []):
                kinds[column.name].append(column.kind)
    inner = operator.parameters.get("kind", "outer") == "inner"
    shared = set.intersection(*({column.name for column in one.columns} for one in tables))
    columns: list[tuple[str, Kind, str]] = [
        (name, kind, name if len(found) == 1 else f"{name}_{kind}")
        for name, found in kinds.items()
        for kind in found
        if not inner or name in shared
    ]
    source = operator.parameters.get("withsource")
    rows: list[Row] = []
    for number, one in enumerate(tables):
        places = {(column.name, column.kind): place for place, column in enumerate(one.columns)}
        wanted = [(places.get((name, kind)), empty(kind)) for name, kind, _ in columns]
        before = (one.name or f"union_arg{number}",) if source else ()
        rows += [
            (*before, *(missing if place is None else row[place] for place, missing in wanted))
            for row in one.rows
        ]
    made = tuple(Column(name, kind) for _, kind, name in columns)
    return Table((Column(source, "string"), *made) if source else made, rows)


def _named(expression: s.Expression, context: Context, fuzzy: bool) -> list[Table]:
    if isinstance(expression, s.Star):
        names = sorted(fnmatch.filter(context.source.names(), expression.pattern))
        return [found for name in names if (found := context.source.table(name)) is not None]
    if fuzzy and isinstance(expression, s.Name):
        known = expression.name in context.variables or context.source.table(expression.name) is not None
        if not known:
            return []
    return [context.tabular(expression, context, "union")]
