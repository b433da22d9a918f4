"""Tabular expressions: sources, and the operators after each pipe."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from typing import Any, Final

from emulator.monitor.kql import combine, reshape, specials, summarize
from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.bind import arguments_of, as_kind, bind, fixed, predicate, tabular
from emulator.monitor.kql.faults import MOST_ROWS, QueryFault, Unsupported, too_many
from emulator.monitor.kql.kinds import ORDERED, WHOLE, empty, together
from emulator.monitor.kql.naming import Naming, simple
from emulator.monitor.kql.ordering import key_of, sort_rows
from emulator.monitor.kql.scope import Closure, Context, Scope
from emulator.monitor.kql.table import Bound, Column, Row, Table, constant
from emulator.monitor.kql.values import TICKS

specials.register()


def evaluate(expression: s.Expression, context: Context, operator: str = "") -> Table:
    """The table that an expression is. operator: what it is asked for, for messages."""
    match expression:
        case s.Pipeline(source, operators):
            table = evaluate(
                source,
                context,
                operators[0].word if isinstance(operators[0], s.Columns) else word_of(operators[0]),
            )
            for one in operators:
                if isinstance(one, s.As):
                    context = context.also(one.name, table)
                    continue
                table = _OPERATORS[type(one)](one, table, context)
            return table
        case s.Name():
            return _named(expression, context, operator)
        case s.Call():
            return _called(expression, context, operator)
        case s.Print():
            return _print(expression, context)
        case s.RangeSource():
            return _range(expression, context)
        case s.Datatable():
            return _datatable(expression, context)
        case s.Union():
            return combine.union(expression, None, context)
        case s.Member(s.Call() as call):
            return _called(call, context, operator)
        case _:
            raise QueryFault(
                "Top-level expressions must return tabular results. (Hint: If you're trying to "
                "output a scalar "
                "value, use the 'print' operator.)",
                expression.at,
                code="SEM0003",
            )


def word_of(operator: s.Operator) -> str:
    """The word of an operator."""
    return _WORDS.get(type(operator), getattr(operator, "word", ""))


def top_level(query: s.Query, context: Context) -> tuple[list[Table], s.Render | None]:
    """The tables that a query answers, and how it asks for them to be drawn."""
    context = _with_lets(query, context)
    render: s.Render | None = None
    tables: list[Table] = []
    for result in query.results:
        if isinstance(result, s.Pipeline) and isinstance(result.operators[-1], s.Render):
            render = result.operators[-1]
        tables.append(evaluate(result, context).visible())
    return tables, render


def _with_lets(query: s.Query, context: Context) -> Context:
    for let in query.lets:
        scope = Scope((), context)
        if isinstance(let.value, s.Function):
            context = context.also(let.name, Closure(let.value, context.variables))
        elif tabular(let.value, scope):
            context = context.also(let.name, evaluate(let.value, context))
        else:
            bound = bind(let.value, scope)
            context = context.also(let.name, constant(bound.kind, bound.value()))
    return context


# sources


def _named(name: s.Name, context: Context, operator: str) -> Table:
    held = context.variables.get(name.name)
    if isinstance(held, Table):
        return held
    if isinstance(held, Closure):
        return _body(held, s.Call(name.name, (), name.at), context)
    if isinstance(held, Bound):
        raise QueryFault(f"'{name.name}' is a scalar; a table is expected", name.at, name.name, "SEM0052")
    found = context.source.table(name.name)
    if found is None:
        raise Scope((), context, operator).unresolved(name.name, name.at, "table or column expression")
    return found


def _called(call: s.Call, context: Context, operator: str) -> Table:
    held = context.variables.get(call.name)
    if isinstance(held, Closure):
        return _body(held, call, context)
    if call.name in ("materialize", "view") and len(call.arguments) == 1:
        return evaluate(call.arguments[0].value, context, operator)
    if call.name == "table" and call.arguments:
        name = fixed(call.arguments[0].value, Scope((), context, "table"), ("string",), "the name")
        return _named(s.Name(name, call.at), context, operator)
    if call.name in ("workspace", "app", "cluster", "database", "adx", "arg", "resource", "externaldata"):
        raise Unsupported(f"function '{call.name}'", call.at)
    bind(call, Scope((), context, operator))  # says what is wrong with a scalar function
    raise QueryFault(
        "Top-level expressions must return tabular results. (Hint: If you're trying to output a "
        "scalar value, "
        "use the 'print' operator.)",
        call.at,
        code="SEM0003",
    )


def _body(closure: Closure, call: s.Call, context: Context) -> Table:
    scope = Scope((), context, call.name)
    inner = context.inside(arguments_of(closure, call, scope))
    query = closure.function.body
    return evaluate(query.results[-1], _with_lets(query, inner))


def _print(expression: s.Print, context: Context) -> Table:
    scope = Scope((), context, "print")
    columns: list[Column] = []
    values: list[Any] = []
    for place, named in enumerate(expression.columns):
        bound = bind(named.value, scope)
        columns.append(Column(named.names[0] if named.names else f"print_{place}", bound.kind))
        values.append(bound.value())
    summarize.refuse_twice(columns, expression.at, "print")
    return Table(tuple(columns), [tuple(values)], True)


def _range(expression: s.RangeSource, context: Context) -> Table:
    scope = Scope((), context, "range")
    low, high, step = (bind(one, scope) for one in (expression.low, expression.high, expression.step))
    kind = together((low.kind, high.kind))
    steps = ("timespan",) if kind in ("datetime", "timespan") else (*WHOLE, "real", "decimal")
    if kind is None or kind not in (*ORDERED,) or kind in ("string", "bool") or step.kind not in steps:
        raise QueryFault(
            f"'range' operator: from {low.kind} to {high.kind} in steps of {step.kind}",
            expression.at,
            code="SEM0064",
        )
    if kind in ("int", "long", "real") and step.kind == "real":
        kind = "real"
    value, end, by = low.value(), high.value(), step.value()
    rows: list[Row] = []
    if by:
        while value <= end if by > 0 else value >= end:
            rows.append((float(value) if kind == "real" else value,))
            value += by
            if len(rows) > MOST_ROWS:
                raise too_many(expression.at)
    return Table((Column(expression.name, kind),), rows, True)


def _datatable(expression: s.Datatable, context: Context) -> Table:
    scope = Scope((), context, "datatable")
    columns = tuple(Column(name, kind) for name, kind in expression.columns)
    values: list[Any] = []
    for place, given in enumerate(expression.values):
        bound, kind = bind(given, scope), columns[place % len(columns)].kind
        if together((bound.kind, kind)) is None and kind != "dynamic":
            raise QueryFault(
                f"datatable: a value of type {bound.kind} in the column "
                f"'{columns[place % len(columns)].name}' of "
                f"type {kind}",
                given.at,
                code="SEM0064",
            )
        put = bound if kind == "dynamic" and bound.kind == "dynamic" else as_kind(bound, kind)
        values.append(put.value())
    width = len(columns)
    return Table(columns, [tuple(values[at : at + width]) for at in range(0, len(values), width)])


# operators


def _where(operator: s.Where, table: Table, context: Context) -> Table:
    scope = Scope(table.columns, context, "where", table.serialized)
    test = predicate(operator.predicate, scope, "the predicate").run
    prepared = scope.prepared(table.rows)
    return table.with_rows([row for row, seen in zip(table.rows, prepared, strict=True) if test(seen)])


def _columns(operator: s.Columns, table: Table, context: Context) -> Table:
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
                "distinct values; "
                "cast it",
                operator.at,
                column.name,
                "SEM0139",
            )
    key = key_of([(lambda row, place=place: row[place]) for place in range(len(chosen.columns))])
    found: dict[tuple[Any, ...], Row] = {}
    for row in chosen.rows:
        found.setdefault(key(row), row)
    return Table(chosen.columns, list(found.values()))


def _reorder(operator: s.Reorder, table: Table, context: Context) -> Table:
    order: list[int] = []
    for expression, way in operator.columns:
        found = _matching(expression, table, "project-reorder")
        if way:
            found.sort(key=lambda place: table.columns[place].name, reverse=way == "desc")
        order += [place for place in found if place not in order]
    return _picked(table, order + [place for place in range(len(table.columns)) if place not in order])


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


def _sort(operator: s.Sort, table: Table, context: Context) -> Table:
    keys = _sort_keys(operator.keys, table, context, "sort")
    return table.with_rows(sort_rows(table.rows, keys), True)


def _top(operator: s.Top, table: Table, context: Context) -> Table:
    keys = _sort_keys((operator.key,), table, context, "top")
    return table.with_rows(sort_rows(table.rows, keys)[: _number(operator.count, context, "top")], True)


def _number(expression: s.Expression, context: Context, word: str) -> int:
    found = fixed(expression, Scope((), context, word), WHOLE, "the number of rows")
    if found is None or found < 0:
        raise QueryFault(f"'{word}' operator: the number of rows is {found}", expression.at, code="SEM0064")
    return int(found)


def _take(operator: s.Take, table: Table, context: Context) -> Table:
    return table.with_rows(table.rows[: _number(operator.count, context, "take")])


def _count(operator: s.Count, table: Table, context: Context) -> Table:
    return Table((Column(operator.name, "long"),), [(len(table.rows),)])


def _render(operator: s.Render, table: Table, context: Context) -> Table:
    return table


_OPERATORS: Final[dict[type[Any], Callable[[Any, Table, Context], Table]]] = {
    s.Where: _where,
    s.Columns: _columns,
    s.Reorder: _reorder,
    s.Summarize: summarize.run,
    s.Sort: _sort,
    s.Top: _top,
    s.Take: _take,
    s.Count: _count,
    s.Join: combine.join,
    s.Union: combine.union,
    s.Expand: reshape.expand,
    s.Parse: reshape.parse,
    s.MakeSeries: reshape.series,
    s.Render: _render,
}
_WORDS: Final[dict[type[Any], str]] = {
    s.Where: "where",
    s.Reorder: "project-reorder",
    s.Summarize: "summarize",
    s.Sort: "sort",
    s.Top: "top",
    s.Take: "take",
    s.Count: "count",
    s.Union: "union",
    s.Expand: "mv-expand",
    s.Parse: "parse",
    s.MakeSeries: "make-series",
    s.Render: "render",
    s.As: "as",
}
__all__ = ["TICKS", "empty", "evaluate", "top_level"]
