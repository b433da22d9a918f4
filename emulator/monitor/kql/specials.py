"""Functions whose arguments are not simply values: choices, the query's time, other tables, other rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.monitor.kql import binary
from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.application import as_kind, count_arguments
from emulator.monitor.kql.bind import SPECIAL, bind, fixed, negated, tabular
from emulator.monitor.kql.faults import QueryFault
from emulator.monitor.kql.kinds import NUMBERS, WHOLE, Kind, empty, together
from emulator.monitor.kql.scope import Scope
from emulator.monitor.kql.table import INGESTED, Bound, Row, constant
from emulator.monitor.kql.values import dynamic_of, in_range


def register() -> None:
    """Let expressions know them."""
    SPECIAL.update(_SPECIAL)


def _iff(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 3, 3)
    return _choice(call, scope)


def _case(call: s.Call, scope: Scope) -> Bound:
    if len(call.arguments) < 3 or len(call.arguments) % 2 == 0:
        raise QueryFault(
            "case(): function expects conditions, each with a value after it, and a value for all else.",
            call.at,
            "case",
            "SEM0219",
        )
    return _choice(call, scope)


def _choice(call: s.Call, scope: Scope) -> Bound:
    bounds = [bind(one.value, scope) for one in call.arguments]
    conditions, results = bounds[:-1:2], [*bounds[1::2], bounds[-1]]
    for one in conditions:
        if one.kind != "bool":
            raise QueryFault(
                f"{call.name}(): a condition is of type {one.kind}; bool is expected",
                call.at,
                call.name,
                "SEM0064",
            )
    kinds: tuple[Kind, ...] = tuple(one.kind for one in results)
    kind = together(kinds)
    if kind is None:
        if "dynamic" not in kinds:
            raise QueryFault(
                f"{call.name}(): values of types {', '.join(dict.fromkeys(kinds))}; they have to "
                "be of one type",
                call.at,
                call.name,
                "SEM0064",
            )
        kind = "dynamic"
    tests = [one.run for one in conditions]
    values = [as_kind(one, kind).run for one in results]

    def run(row: Row) -> Any:
        for test, value in zip(tests, values, strict=False):
            if test(row):
                return value(row)
        return values[-1](row)

    return Bound(kind, run, all(one.constant for one in bounds))


def _coalesce(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 2, 64)
    bounds = [bind(one.value, scope) for one in call.arguments]
    kind = together(tuple(one.kind for one in bounds))
    if kind is None:
        raise QueryFault("coalesce(): its arguments have to be of one type", call.at, "coalesce", "SEM0064")
    runs = [as_kind(one, kind).run for one in bounds]
    nothing = ("",) if kind == "string" else (None,)

    def run(row: Row) -> Any:
        for one in runs:
            value = one(row)
            if value is not None and value not in nothing:
                return value
        return empty(kind)

    return Bound(kind, run, all(one.constant for one in bounds))


def _negation(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 1, 1)
    found = bind(call.arguments[0].value, scope)
    if found.kind != "bool":
        raise QueryFault(
            f"not(): argument #1 is of type {found.kind}; bool is expected", call.at, "not", "SEM0064"
        )
    return negated(found)


def _now(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 0, 1)
    offset = fixed(call.arguments[0].value, scope, ("timespan",), "now()'s offset") if call.arguments else 0
    return constant("datetime", in_range(scope.context.now + (offset or 0)))


def _ago(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 1, 1)
    span = bind(call.arguments[0].value, scope)
    if span.kind != "timespan":
        raise QueryFault(
            f"ago(): argument #1 is of type {span.kind}; a value of type timespan is expected",
            call.at,
            "ago",
            "SEM0064",
        )
    return binary.bind("-", constant("datetime", scope.context.now), span, call.at)


def _toscalar(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 1, 1)
    given = call.arguments[0].value
    if not tabular(given, scope):
        return bind(given, scope)
    table = scope.context.tabular(given, scope.context, "").visible()
    kind = table.columns[0].kind
    return constant(kind, table.rows[0][0] if table.rows else empty(kind))


def _ingestion(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 0, 0)
    found = scope.column(INGESTED)
    if found is None:
        return constant("datetime", None)
    place = found[0]
    return Bound("datetime", lambda row: row[place])


def _column_if(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 2, 2)
    name = fixed(call.arguments[0].value, scope, ("string",), "column_ifexists()'s name")
    return bind(s.Name(name, call.at) if scope.column(name) else call.arguments[1].value, scope)


def _pack_all(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 0, 1)
    ignores = bool(call.arguments) and bool(
        fixed(call.arguments[0].value, scope, ("bool",), "ignore_null_empty")
    )
    columns = [
        (place, one.name, dynamic_of(one.kind)) for place, one in enumerate(scope.columns) if not one.hidden
    ]

    def run(row: Row) -> dict[str, Any]:
        return {
            name: into(row[place])
            for place, name, into in columns
            if not ignores or row[place] not in (None, "")
        }

    return Bound("dynamic", run)


def _row_number(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 0, 2)
    first = int(fixed(call.arguments[0].value, scope, WHOLE, "row_number()'s start")) if call.arguments else 1
    restart = bind(call.arguments[1].value, scope) if len(call.arguments) > 1 else constant("bool", False)

    def numbers(rows: list[Row]) -> list[Any]:
        found: list[Any] = []
        for row in rows:
            found.append(first if not found or restart.run(row) else found[-1] + 1)
        return found

    return scope.window("long", numbers, call.at, call.name)


def _cumulative(call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, 1, 2)
    term = bind(call.arguments[0].value, scope)
    if term.kind not in NUMBERS:
        raise QueryFault(f"row_cumsum(): argument #1 is of type {term.kind}", call.at, call.name, "SEM0064")
    restart = bind(call.arguments[1].value, scope) if len(call.arguments) > 1 else constant("bool", False)

    def sums(rows: list[Row]) -> list[Any]:
        found: list[Any] = []
        for row in rows:
            before = 0 if not found or restart.run(row) else found[-1]
            found.append(before + (term.run(row) or 0))
        return found

    return scope.window("long" if term.kind == "int" else term.kind, sums, call.at, call.name)


def _neighbour(way: int) -> Callable[[s.Call, Scope], Bound]:
    def special(call: s.Call, scope: Scope) -> Bound:
        count_arguments(call, 1, 3)
        value = bind(call.arguments[0].value, scope)
        step = (
            int(fixed(call.arguments[1].value, scope, WHOLE, "the offset")) if len(call.arguments) > 1 else 1
        )
        other = bind(call.arguments[2].value, scope) if len(call.arguments) > 2 else None
        default = as_kind(other, value.kind).value() if other is not None else empty(value.kind)

        def found(rows: list[Row]) -> list[Any]:
            places = [place + way * step for place in range(len(rows))]
            return [value.run(rows[place]) if 0 <= place < len(rows) else default for place in places]

        return scope.window(value.kind, found, call.at, call.name)

    return special


_SPECIAL: Final[dict[str, Callable[[s.Call, Scope], Bound]]] = {
    "iff": _iff,
    "case": _case,
    "coalesce": _coalesce,
    "not": _negation,
    "now": _now,
    "ago": _ago,
    "toscalar": _toscalar,
    "ingestion_time": _ingestion,
    "column_ifexists": _column_if,
    "pack_all": _pack_all,
    "row_number": _row_number,
    "row_cumsum": _cumulative,
    "prev": _neighbour(-1),
    "next": _neighbour(1),
}
SPECIAL_SAYS: Final[dict[str, str]] = {
    "iff": "one of two values, by a condition (`iif`)",
    "case": "the value after the first condition that holds",
    "coalesce": "the first argument that is not null",
    "not": "true for false",
    "now": "the time of the query, some time on",
    "ago": "some time before the time of the query",
    "toscalar": "the first value of a table",
    "ingestion_time": "when a row came to be seen by queries",
    "column_ifexists": "a column, or another value where there is none",
    "pack_all": "a bag of all columns",
    "row_number": "the place of a row, of rows in order",
    "row_cumsum": "the sum up to a row, of rows in order",
    "prev": "the value of a row before, of rows in order",
    "next": "the value of a row after, of rows in order",
}
