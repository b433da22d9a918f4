"""Tabular expressions: sources, and the way through the operators behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.monitor.kql import column_operators, combine, reshape, row_operators, specials, summarize
from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.application import as_kind
from emulator.monitor.kql.bind import arguments_of, bind, fixed, tabular
from emulator.monitor.kql.faults import MOST_ROWS, QueryFault, Unsupported, too_many
from emulator.monitor.kql.kinds import NUMBERS, ORDERED, WHOLE, together, wider
from emulator.monitor.kql.scope import Closure, Context, Scope
from emulator.monitor.kql.table import Bound, Column, Row, Table, constant

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
                "Top-level expressions must return tabular results. (Hint: If you're trying to output a "
                "scalar value, use the 'print' operator.)",
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
        "Top-level expressions must return tabular results. (Hint: If you're trying to output a scalar "
        "value, use the 'print' operator.)",
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
    if kind in NUMBERS and step.kind in ("real", "decimal"):
        kind = wider(kind, step.kind)
    if kind in ("real", "decimal"):
        low, high, step = (as_kind(one, kind) for one in (low, high, step))
    value, end, by = low.value(), high.value(), step.value()
    if value is None or end is None:
        raise Unsupported("range from or to null", expression.at)
    rows: list[Row] = []
    if by:
        while value <= end if by > 0 else value >= end:
            rows.append((value,))
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
                f"'{columns[place % len(columns)].name}' of type {kind}",
                given.at,
                code="SEM0064",
            )
        put = bound if kind == "dynamic" and bound.kind == "dynamic" else as_kind(bound, kind)
        values.append(put.value())
    width = len(columns)
    return Table(columns, [tuple(values[at : at + width]) for at in range(0, len(values), width)])


_OPERATORS: Final[dict[type[Any], Callable[[Any, Table, Context], Table]]] = {
    s.Where: row_operators.where,
    s.Columns: column_operators.run,
    s.Reorder: column_operators.reorder,
    s.Summarize: summarize.run,
    s.Sort: row_operators.sort,
    s.Top: row_operators.top,
    s.Take: row_operators.take,
    s.Count: row_operators.count,
    s.Join: combine.join,
    s.Union: combine.union,
    s.Expand: reshape.expand,
    s.Parse: reshape.parse,
    s.MakeSeries: reshape.series,
    s.Render: row_operators.unchanged,
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
