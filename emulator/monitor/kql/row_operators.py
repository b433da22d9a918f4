"""Operators that choose, order and count a table's rows."""

from __future__ import annotations

from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.bind import bind, fixed, predicate
from emulator.monitor.kql.faults import QueryFault
from emulator.monitor.kql.kinds import ORDERED, WHOLE
from emulator.monitor.kql.naming import simple
from emulator.monitor.kql.ordering import sort_rows
from emulator.monitor.kql.scope import Context, Scope
from emulator.monitor.kql.table import Bound, Column, Table


def where(operator: s.Where, table: Table, context: Context) -> Table:
    """The rows for which the predicate is true."""
    scope = Scope(table.columns, context, "where", table.serialized)
    test = predicate(operator.predicate, scope, "the predicate").run
    prepared = scope.prepared(table.rows)
    return table.with_rows([row for row, seen in zip(table.rows, prepared, strict=True) if test(seen)])


def _sort_keys(
    keys: tuple[s.Ordered, ...], table: Table, context: Context, word: str
) -> list[tuple[Bound, bool, bool]]:
    scope = Scope(table.columns, context, word)
    found: list[tuple[Bound, bool, bool]] = []
    for key in keys:
        bound = bind(key.value.value, scope)
        if bound.kind not in (*ORDERED, "guid"):
            raise QueryFault(
                f"'{word}' operator: key can't be of {bound.kind} type. Use an explicit cast (for example, "
                f"'{word} by tostring({simple(key.value.value)})')",
                key.at,
                code="SEM0045",
            )
        found.append((bound, key.ascending, key.ascending if key.nulls_first is None else key.nulls_first))
    return found


def sort(operator: s.Sort, table: Table, context: Context) -> Table:
    """The rows in the order of the keys."""
    keys = _sort_keys(operator.keys, table, context, "sort")
    return table.with_rows(sort_rows(table.rows, keys), True)


def top(operator: s.Top, table: Table, context: Context) -> Table:
    """The first rows in the order of a key."""
    keys = _sort_keys((operator.key,), table, context, "top")
    return table.with_rows(sort_rows(table.rows, keys)[: _number(operator.count, context, "top")], True)


def _number(expression: s.Expression, context: Context, word: str) -> int:
    found = fixed(expression, Scope((), context, word), WHOLE, "the number of rows")
    if found is None or found < 0:
        raise QueryFault(f"'{word}' operator: the number of rows is {found}", expression.at, code="SEM0064")
    return int(found)


def take(operator: s.Take, table: Table, context: Context) -> Table:
    """The first rows as they come."""
    return table.with_rows(table.rows[: _number(operator.count, context, "take")])


def count(operator: s.Count, table: Table, context: Context) -> Table:
    """One row: how many there are."""
    return Table((Column(operator.name, "long"),), [(len(table.rows),)])


def unchanged(operator: s.Render, table: Table, context: Context) -> Table:
    """Of `render`, which says how the table is to be drawn."""
    return table
