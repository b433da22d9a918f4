"""Operators that change a table's columns: extend, project and its kin, distinct."""

from __future__ import annotations

import fnmatch
from typing import Any

from emulator.monitor.kql import summarize
from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.bind import bind
from emulator.monitor.kql.faults import QueryFault
from emulator.monitor.kql.naming import Naming
from emulator.monitor.kql.ordering import key_of
from emulator.monitor.kql.scope import Context, Scope
from emulator.monitor.kql.table import Bound, Column, Row, Table


def run(operator: s.Columns, table: Table, context: Context) -> Table:
    """The table with the columns that the operator says."""
    match operator.word:
        case "extend" | "serialize":
            return _extend(operator, table, context)
        case "project":
            return _project(operator, table, context)
        case "project-away" | "project-keep":
            return _chosen(operator, table)
        case "project-rename":
            return _rename(operator, table)
        case _:
            return _distinct(operator, table, context)


def _extend(operator: s.Columns, table: Table, context: Context) -> Table:
    serialized = table.serialized or operator.word == "serialize"
    scope = Scope(table.columns, context, operator.word, serialized)
    naming = Naming()
    columns = list(table.columns)
    places: list[int] = []
    bounds: list[Bound] = []
    for named in operator.columns:
        bound = bind(named.value, scope)
        column = Column(naming.next(named), bound.kind)
        place = next((at for at, one in enumerate(columns) if one.name == column.name), len(columns))
        columns[place : place + 1] = [column]
        places.append(place)
        bounds.append(bound)
    width, runs = len(table.columns), [one.run for one in bounds]
    prepared = scope.prepared(table.rows)
    rows: list[Row] = []
    if places == list(range(width, width + len(places))):
        rows = [(*row[:width], *[run(row) for run in runs]) for row in prepared]
    else:
        for row in prepared:
            made = [*row[:width], *(None for _ in range(len(columns) - width))]
            for place, run in zip(places, runs, strict=True):
                made[place] = run(row)
            rows.append(tuple(made))
    return Table(tuple(columns), rows, serialized, table.name)


def _project(operator: s.Columns, table: Table, context: Context) -> Table:
    scope = Scope(table.columns, context, "project", table.serialized)
    naming = Naming()
    bounds: list[Bound] = []
    columns: list[Column] = []
    for named in operator.columns:
        bound = bind(named.value, scope)
        own = named.names or ((named.value.name,) if isinstance(named.value, s.Name) else ())
        bounds.append(bound)
        columns.append(Column(naming.next(s.Named(own, named.value, named.at)), bound.kind))
    summarize.refuse_twice(columns, operator.at, "project")
    runs = [one.run for one in bounds]
    rows = [tuple([run(row) for run in runs]) for row in scope.prepared(table.rows)]
    return Table(tuple(columns), rows, table.serialized, table.name)


def _matching(expression: s.Expression, table: Table, word: str) -> list[int]:
    """Places of the columns that a name or a pattern means."""
    if isinstance(expression, s.Star):
        return [
            place
            for place, column in enumerate(table.columns)
            if not column.hidden and fnmatch.fnmatchcase(column.name, expression.pattern)
        ]
    if not isinstance(expression, s.Name):
        raise QueryFault(f"'{word}' operator: a column's name is expected", expression.at, code="SEM0027")
    found = [place for place, column in enumerate(table.columns) if column.name == expression.name]
    if not found:
        raise QueryFault(
            f"'{word}' operator: Failed to resolve column named '{expression.name}'",
            expression.at,
            expression.name,
        )
    return found


def _picked(table: Table, places: list[int]) -> Table:
    return Table(
        tuple(table.columns[place] for place in places),
        [tuple([row[place] for place in places]) for row in table.rows],
        table.serialized,
        table.name,
    )


def _chosen(operator: s.Columns, table: Table) -> Table:
    chosen = {place for named in operator.columns for place in _matching(named.value, table, operator.word)}
    keeps = operator.word == "project-keep"
    return _picked(table, [place for place in range(len(table.columns)) if (place in chosen) is keeps])


def _rename(operator: s.Columns, table: Table) -> Table:
    columns = list(table.columns)
    for named in operator.columns:
        if not named.names:
            raise QueryFault("'project-rename' operator: NAME = COLUMN is expected", named.at, code="SEM0027")
        place = _matching(named.value, table, operator.word)[0]
        columns[place] = Column(named.names[0], table.columns[place].kind)
    summarize.refuse_twice(columns, operator.at, operator.word)
    return Table(tuple(columns), table.rows, table.serialized, table.name)


def _distinct(operator: s.Columns, table: Table, context: Context) -> Table:
    if len(operator.columns) == 1 and isinstance(operator.columns[0].value, s.Star):
        chosen = _picked(table, _matching(operator.columns[0].value, table, "distinct"))
    else:
        chosen = _project(operator, table, context)
    for column in chosen.columns:
        if column.kind == "dynamic":
            raise QueryFault(
                f"'distinct' operator: the column '{column.name}' is of type dynamic, which has no "
                "distinct values; cast it",
                operator.at,
                column.name,
                "SEM0139",
            )
    key = key_of([(lambda row, place=place: row[place]) for place in range(len(chosen.columns))])
    found: dict[tuple[Any, ...], Row] = {}
    for row in chosen.rows:
        found.setdefault(key(row), row)
    return Table(chosen.columns, list(found.values()))


def reorder(operator: s.Reorder, table: Table, context: Context) -> Table:
    """The named columns first, by name where a way is given; then the others."""
    order: list[int] = []
    for expression, way in operator.columns:
        found = _matching(expression, table, "project-reorder")
        if way:
            found.sort(key=lambda place: table.columns[place].name, reverse=way == "desc")
        order += [place for place in found if place not in order]
    return _picked(table, order + [place for place in range(len(table.columns)) if place not in order])
