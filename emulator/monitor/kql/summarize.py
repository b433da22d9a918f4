"""`summarize`: groups of rows, and what is computed of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.aggregates import ALIASES, known, percent, rank
from emulator.monitor.kql.bind import bind
from emulator.monitor.kql.faults import QueryFault
from emulator.monitor.kql.kinds import ORDERED, Kind
from emulator.monitor.kql.naming import Naming, number, simple
from emulator.monitor.kql.ordering import key_of
from emulator.monitor.kql.scope import AggregateCall, Context, Scope
from emulator.monitor.kql.table import Bound, Column, Row, Table, unique


@dataclass(frozen=True, slots=True)
class Output:
    """Columns that are computed of a group together."""

    columns: tuple[Column, ...]
    compute: Callable[[list[Row]], tuple[Any, ...]]


def run(operator: s.Summarize, table: Table, context: Context) -> Table:
    """A row for each group; without `by` one row, also of no rows."""
    rows = Scope(table.columns, context, "summarize")
    naming = Naming()
    keys: list[tuple[Column, Bound]] = []
    for named in operator.by:
        bound = bind(named.value, rows)
        if bound.kind == "dynamic":
            raise dynamic_key(simple(named.value), named.at)
        keys.append((Column(naming.next(named), bound.kind), bound))
    naming.keys = tuple(column.name for column, _ in keys)
    outputs = outputs_of(operator.columns, table, context, naming, "summarize")
    columns = [column for column, _ in keys] + [column for one in outputs for column in one.columns]
    refuse_twice(columns, operator.at, "summarize")
    made: list[Row] = []
    for key, group in grouped(table.rows, [bound for _, bound in keys]):
        made.append((*key, *(value for one in outputs for value in one.compute(group))))
    return Table(tuple(columns), made)


def dynamic_key(name: str, at: int) -> QueryFault:
    """Kusto's words for a key that cannot be compared."""
    return QueryFault(
        f"Summarize group key '{name}' is of a 'dynamic' type. Please use an explicit cast (for example, "
        f"'summarize ... by tostring({name})') as grouping by a 'dynamic' type is not supported.",
        at,
        name,
        "SEM0139",
    )


def refuse_twice(columns: list[Column], at: int, operator: str) -> None:
    """No two columns of one name."""
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            words = f"'{operator}' operator: A column with the name '{column.name}' is already declared."
            raise QueryFault(words, at, column.name, "SEM0046")
        seen.add(column.name)


def grouped(rows: list[Row], keys: list[Bound]) -> list[tuple[tuple[Any, ...], list[Row]]]:
    """The values of the keys and the rows of each group, in the order in which they are met."""
    if not keys:
        return [((), rows)]
    runs = [one.run for one in keys]
    key = key_of(runs)
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return [(tuple(one(group[0]) for one in runs), group) for group in found.values()]


def outputs_of(
    columns: tuple[s.Named, ...], table: Table, context: Context, naming: Naming, operator: str
) -> list[Output]:
    """The aggregates of a group, one or several columns each."""
    return [_output(named, table, context, naming, operator) for named in columns]


def _output(named: s.Named, table: Table, context: Context, naming: Naming, operator: str) -> Output:
    rows = Scope(table.columns, context, operator)
    if isinstance(named.value, s.Call):
        name = ALIASES.get(named.value.name, named.value.name)
        if name in ("arg_max", "arg_min"):
            return _extreme(name == "arg_max", named, named.value, rows, naming)
        if name == "take_any" and (len(named.value.arguments) > 1 or _star(named.value)):
            return _any(named, named.value, rows, naming)
        if name == "percentiles":
            return _percentiles(named, named.value, rows, naming)
    if len(named.names) > 1:
        raise QueryFault("Only what gives several columns has several names", named.at, code="SEM0144")
    calls: list[AggregateCall] = []
    outer = Scope((), context, operator, aggregates=calls, inner=rows)
    bound = bind(named.value, outer)
    if not calls:
        raise QueryFault(
            f"'{operator}' operator: an aggregate function is expected", named.at, code="SEM0144"
        )
    column = Column(naming.next(named), bound.kind)

    def compute(group: list[Row]) -> tuple[Any, ...]:
        found = tuple(
            len(group)
            if call.counts
            else call.compute([[one.run(row) for row in group] for one in call.arguments])
            for call in calls
        )
        return (bound.run(found),)

    return Output((column,), compute)


def _star(call: s.Call) -> bool:
    return any(isinstance(one.value, s.Star) for one in call.arguments)


def _spread(
    arguments: tuple[s.Named, ...], scope: Scope, without: tuple[str, ...]
) -> list[tuple[s.Named, Bound]]:
    """The columns that are asked for: `*` is all but some."""
    found: list[tuple[s.Named, Bound]] = []
    for argument in arguments:
        if isinstance(argument.value, s.Star):
            for column in scope.columns:
                if not column.hidden and column.name not in without:
                    name = s.Name(column.name, argument.at)
                    found.append((s.Named((), name, argument.at), bind(name, scope)))
        else:
            found.append((argument, bind(argument.value, scope)))
    return found


def _named(
    named: s.Named, spread: list[tuple[s.Named, Bound]], naming: Naming, first: int = 0
) -> tuple[Column, ...]:
    """The columns' names: those of `(a, b) = …` by place, those of arguments else."""
    columns: list[Column] = []
    for place, (argument, bound) in enumerate(spread):
        given = place + first
        own = named.names[given : given + 1] or argument.names
        columns.append(Column(naming.next(s.Named(own, argument.value, argument.at)), bound.kind))
    return tuple(columns)


def _extreme(greatest: bool, named: s.Named, call: s.Call, scope: Scope, naming: Naming) -> Output:
    if not call.arguments:
        raise QueryFault(
            f"{call.name}(): function expects 1 argument(s) at least.", call.at, call.name, "SEM0219"
        )
    target, *rest = call.arguments
    key = bind(target.value, scope)
    if key.kind not in ORDERED:
        raise QueryFault(
            f"{call.name}(): argument #1 is of type {key.kind}, which has no order", call.at, call.name
        )
    spread = [(target, key), *_spread(tuple(rest), scope, (*naming.keys, simple(target.value)))]
    columns = _named(named, spread, naming)
    choose = max if greatest else min

    def compute(group: list[Row]) -> tuple[Any, ...]:
        candidates = [row for row in group if key.run(row) is not None] or group
        if not candidates:
            return tuple("" if column.kind == "string" else None for column in columns)
        row = choose(candidates, key=key.run) if key.run(candidates[0]) is not None else candidates[0]
        return tuple(bound.run(row) for _, bound in spread)

    return Output(columns, compute)


def _any(named: s.Named, call: s.Call, scope: Scope, naming: Naming) -> Output:
    spread = _spread(call.arguments, scope, naming.keys)
    columns = _named(named, spread, naming)

    def compute(group: list[Row]) -> tuple[Any, ...]:
        if not group:
            return tuple("" if column.kind == "string" else None for column in columns)
        return tuple(bound.run(group[0]) for _, bound in spread)

    return Output(columns, compute)


def _percentiles(named: s.Named, call: s.Call, scope: Scope, naming: Naming) -> Output:
    if len(call.arguments) < 2:
        raise QueryFault(
            "percentiles(): function expects 2 argument(s) at least.", call.at, call.name, "SEM0219"
        )
    value = bind(call.arguments[0].value, scope)
    if value.kind not in ORDERED:
        raise QueryFault(f"percentiles(): argument #1 is of type {value.kind}", call.at, call.name, "SEM0064")
    kind: Kind = "long" if value.kind == "int" else value.kind
    shares = [percent(bind(one.value, scope)) for one in call.arguments[1:]]
    columns: list[Column] = []
    for place, argument in enumerate(call.arguments[1:]):
        inner = simple(call.arguments[0].value)
        default = f"percentile_{inner}_{number(argument.value)}"
        own = named.names[place : place + 1] or (unique(default, [one.name for one in columns]),)
        columns.append(Column(naming.next(s.Named(own, argument.value, argument.at)), kind))

    def compute(group: list[Row]) -> tuple[Any, ...]:
        ordered = sorted(known([value.run(row) for row in group]))
        return tuple(rank(ordered, share) for share in shares)

    return Output(tuple(columns), compute)
