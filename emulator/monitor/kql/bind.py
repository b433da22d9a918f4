"""Expressions with their names resolved and their types checked: a function of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from emulator.monitor.kql import binary, scalars_dynamic, scalars_math, scalars_text, scalars_time
from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.aggregates import AGGREGATES, ALIASES, SEVERAL
from emulator.monitor.kql.convert import converter
from emulator.monitor.kql.faults import QueryFault, Unsupported, incomparable
from emulator.monitor.kql.kinds import NUMBERS, WHOLE, Kind, empty, together
from emulator.monitor.kql.names import AGGREGATES as AGGREGATE_NAMES
from emulator.monitor.kql.names import FUNCTIONS
from emulator.monitor.kql.scalars import Class, Scalar
from emulator.monitor.kql.scope import AggregateCall, Closure, Scope
from emulator.monitor.kql.table import INGESTED, Bound, Row, Table, constant
from emulator.monitor.kql.values import dynamic_of, in_range

SCALARS: Final[dict[str, Scalar]] = {
    one.name: one
    for module in (scalars_math, scalars_time, scalars_text, scalars_dynamic)
    for one in module.SCALARS
}
ALSO: Final[dict[str, str]] = {
    "iif": "iff",
    "arraylength": "array_length",
    "columnifexists": "column_ifexists",
}
"""Older names of functions."""
_FITS: Final[dict[Class, tuple[Kind, ...]]] = {
    "text": ("string", "dynamic"),
    "number": NUMBERS,
    "whole": WHOLE,
    "bool": ("bool",),
    "datetime": ("datetime",),
    "timespan": ("timespan",),
    "dynamic": ("dynamic",),
    "time": ("datetime", "timespan"),
}


def bind(expression: s.Expression, scope: Scope) -> Bound:
    """An expression over the rows of a scope. QueryFault: a name or a type that is wrong."""
    match expression:
        case s.Literal_(kind, value):
            return constant(kind, value)
        case s.Name():
            return _name(expression, scope)
        case s.Member():
            return _member(expression, scope)
        case s.Call():
            return _call(expression, scope)
        case s.Unary(_, operand, at):
            return _unary(expression.operator, bind(operand, scope), at)
        case s.Binary(word, left, right, at):
            return binary.bind(word, bind(left, scope), bind(right, scope), at)
        case s.Between():
            return _between(expression, scope)
        case s.Listed():
            return _listed(expression, scope)
        case s.Typeof(kind):
            return constant(kind, None)
        case s.Star(_, at):
            raise QueryFault("'*' is not allowed in this context", at, "*", "SEM0027")
        case _:
            raise QueryFault(
                "A tabular expression is not allowed in this context", expression.at, code="SEM0052"
            )


def predicate(expression: s.Expression, scope: Scope, what: str) -> Bound:
    """An expression that has to be bool."""
    found = bind(expression, scope)
    if found.kind != "bool":
        raise QueryFault(
            f"'{scope.operator}' operator: {what} has to be a boolean expression; its type is {found.kind}",
            expression.at,
            code="SEM0064",
        )
    return found


def fixed(expression: s.Expression, scope: Scope, kinds: tuple[Kind, ...], what: str) -> Any:
    """The value of a constant of one of some types."""
    found = bind(expression, Scope((), scope.context, scope.operator))
    if found.kind not in kinds or not found.constant:
        raise QueryFault(
            f"'{scope.operator}' operator: {what} has to be a constant of type "
            f"{' or '.join(kinds)}; its type "
            f"is {found.kind}",
            expression.at,
            code="SEM0064",
        )
    return found.value()


def _name(expression: s.Name, scope: Scope) -> Bound:
    name, at = expression.name, expression.at
    if (found := scope.column(name)) is not None:
        place, kind = found
        return Bound(kind, lambda row: row[place])
    held = scope.context.variables.get(name)
    if isinstance(held, Bound):
        return held
    if isinstance(held, Closure):
        return _user(held, s.Call(name, (), at), scope)
    if isinstance(held, Table):
        raise QueryFault(f"'{name}' is a table; a scalar is expected (toscalar)", at, name, "SEM0052")
    raise scope.unresolved(name, at)


def _member(expression: s.Member, scope: Scope) -> Bound:
    base = bind(expression.base, scope)
    if base.kind != "dynamic":
        raise QueryFault(
            f"A path expression is only of a dynamic value; this one is of type {base.kind}",
            expression.at,
            code="SEM0064",
        )
    key = bind(expression.key, scope)
    if key.kind not in ("string", "dynamic", *WHOLE):
        raise QueryFault(f"A value of type {key.kind} is no name or place in a dynamic value", expression.at)
    return binary.apply("dynamic", member, base, key)


def member(value: Any, key: Any) -> Any:
    """What a bag has at a name, or a list at a place (negative: from its end); null for nothing."""
    if isinstance(value, dict) and isinstance(key, str):
        return cast("dict[str, Any]", value).get(key)
    if isinstance(value, list) and isinstance(key, int) and not isinstance(key, bool):
        found = cast("list[Any]", value)
        return found[key] if -len(found) <= key < len(found) else None
    return None


def _unary(word: str, operand: Bound, at: int) -> Bound:
    if operand.kind not in (*NUMBERS, "timespan"):
        raise QueryFault(f"Operator '{word}' cannot be applied to type {operand.kind}", at, word, "SEM0064")
    kind: Kind = "long" if operand.kind == "int" else operand.kind
    run = operand.run
    if word == "+":
        return Bound(kind, run, operand.constant)

    def negative(row: Row) -> Any:
        value = run(row)
        return None if value is None else -value

    return Bound(kind, negative, operand.constant)


def _between(expression: s.Between, scope: Scope) -> Bound:
    value, low, high = (bind(one, scope) for one in (expression.value, expression.low, expression.high))
    at = expression.at
    if value.kind == "datetime" and high.kind == "timespan":  # that long from the lower end on
        high = binary.bind("+", low, high, at)
    above = binary.bind(">=", value, low, at)
    below = binary.bind("<=", value, high, at)
    both = binary.bind("and", above, below, at)
    return _not(both) if expression.negated else both


def _not(bound: Bound) -> Bound:
    run = bound.run

    def negated(row: Row) -> bool | None:
        value = run(row)
        return None if value is None else not value

    return Bound("bool", negated, bound.constant)


def _listed(expression: s.Listed, scope: Scope) -> Bound:
    """`in` and its kin, and `has_any`."""
    word, at = expression.operator, expression.at
    value = bind(expression.value, scope)
    if word in ("has_any", "has_all"):
        return _has_some(word, value, _constants(expression, scope, "string", at), at)
    folds = word.endswith("~")
    if folds and value.kind not in ("string", "dynamic"):
        raise QueryFault(f"Operator '{word}' cannot be applied to type {value.kind}", at, word, "SEM0064")
    negated, run = word.startswith("!"), value.run
    kind: Kind = "string" if folds else value.kind
    items = _constants(expression, scope, kind, at)
    normal = _normal(value.kind, folds)
    known = {_normal(kind, folds)(item) for item in items}

    def run_listed(row: Row) -> bool:
        return (normal(run(row)) in known) is not negated

    return Bound("bool", run_listed, value.constant)


def _normal(kind: Kind, folds: bool) -> Callable[[Any], Any]:
    """How values are compared with those of a list."""
    if folds:
        text = converter(kind, "string")
        return lambda value: text(value).casefold()
    if kind == "dynamic":
        return lambda value: (
            (isinstance(value, bool), value) if isinstance(value, str | int | float) else None
        )
    if kind == "bool":
        return lambda value: (True, value)
    return lambda value: (False, value)


def _constants(expression: s.Listed, scope: Scope, kind: Kind, at: int) -> list[Any]:
    """The values of a list: scalars, those in dynamic lists, those of a table's one column."""
    found: list[Any] = []
    for item in expression.items:
        if tabular(item, scope):
            table = scope.context.tabular(item, scope.context, scope.operator).visible()
            column = table.columns[0]
            _same_kind(column.kind, kind, at)
            convert = converter(column.kind, kind) if kind != "dynamic" else dynamic_of(column.kind)
            found += [convert(row[0]) for row in table.rows]
            continue
        bound = bind(item, scope)
        if not bound.constant:
            raise Unsupported(f"'{expression.operator}' with values that differ from row to row", at)
        one = bound.value()
        if bound.kind == "dynamic":
            convert = converter("dynamic", kind)
            found += [convert(inner) for inner in (scalars_dynamic.values(one) or [one])]
        else:
            _same_kind(bound.kind, kind, at)
            found.append(
                one if kind in NUMBERS else converter(bound.kind, kind)(one) if kind != "dynamic" else one
            )
    return found


def _same_kind(given: Kind, wanted: Kind, at: int) -> None:
    if wanted != "dynamic" and together((given, wanted)) is None:
        raise incomparable(wanted, given, at)


def _has_some(word: str, value: Bound, items: list[Any], at: int) -> Bound:
    if value.kind not in ("string", "dynamic"):
        raise QueryFault(f"Operator '{word}' cannot be applied to type {value.kind}", at, word, "SEM0064")
    wanted = [str(item).casefold() for item in items]
    decide = any if word == "has_any" else all
    text, run = converter(value.kind, "string"), value.run

    def run_has(row: Row) -> bool:
        folded = text(run(row)).casefold()
        return decide(binary.is_term(folded, one) for one in wanted)

    return Bound("bool", run_has, value.constant)


def tabular(expression: s.Expression, scope: Scope) -> bool:
    """Whether an expression is a table, where a scalar might stand as well."""
    match expression:
        case s.Pipeline() | s.Print() | s.RangeSource() | s.Datatable() | s.Union():
            return True
        case s.Name(name):
            if scope.column(name) is not None:
                return False
            held = scope.context.variables.get(name)
            if held is not None:
                return isinstance(held, Table)
            return name in scope.context.source.names()
        case s.Call(name):
            held = scope.context.variables.get(name)
            if isinstance(held, Closure):
                return tabular(held.function.body.results[-1], Scope((), scope.context))
            return name in ("table", "materialize", "workspace", "app")
        case _:
            return False


# calls


def _call(call: s.Call, scope: Scope) -> Bound:
    name = ALSO.get(call.name, call.name)
    held = scope.context.variables.get(name)
    if isinstance(held, Closure):
        return _user(held, call, scope)
    aggregate = ALIASES.get(name, name)
    if scope.aggregates is not None and (aggregate in AGGREGATES or aggregate in SEVERAL):
        return _aggregate(aggregate, call, scope)
    if special := _SPECIAL.get(name):
        return special(call, scope)
    if name in SCALARS:
        return _scalar(SCALARS[name], call, scope)
    if aggregate in AGGREGATES or name in AGGREGATE_NAMES:
        if scope.aggregates is not None:
            raise Unsupported(f"aggregate function '{name}'", call.at)
        raise QueryFault(
            f"'{scope.operator}' operator: the aggregate function '{name}' is not allowed in this context",
            call.at,
            name,
            "SEM0144",
        )
    if name in FUNCTIONS:
        raise Unsupported(f"function '{name}'", call.at)
    raise QueryFault(f"Unknown function: '{name}'.", call.at, name, "SEM0260")


def _count(call: s.Call, least: int, most: int | None) -> None:
    given = len(call.arguments)
    if given < least or (most is not None and given > most):
        wanted = str(least) if most == least else f"between {least} and {most or 'any number of'}"
        raise QueryFault(
            f"{call.name}(): function expects {wanted} argument(s); {given} given.",
            call.at,
            call.name,
            "SEM0219",
        )


def _scalar(scalar: Scalar, call: s.Call, scope: Scope) -> Bound:
    _count(call, scalar.least, scalar.most)
    arguments = [bind(one.value, scope) for one in call.arguments]
    ready = [
        _fitting(scalar, place, argument, call.arguments[place].at)
        for place, argument in enumerate(arguments)
    ]
    kinds: tuple[Kind, ...] = tuple(one.kind for one in arguments)
    try:
        kind: Kind = scalar.gives(kinds) if callable(scalar.gives) else scalar.gives
        function = scalar.make(kinds)
    except QueryFault as fault:
        fault.at = fault.at if fault.at >= 0 else call.at
        raise
    runs = [one.run for one in ready]
    missing, nulls = empty(kind), scalar.nulls

    def run(row: Row) -> Any:
        values = [one(row) for one in runs]
        if not nulls and None in values and any(value is None for value in values):
            return missing
        return function(*values)

    if scalar.steady and arguments and all(one.constant for one in ready):
        return _once(kind, run)
    if len(runs) == 1:
        return Bound(kind, _of_one(runs[0], function, missing, nulls))
    return Bound(kind, run)


def _of_one(
    argument: Callable[[Row], Any], function: Callable[..., Any], missing: Any, nulls: bool
) -> Callable[[Row], Any]:
    if nulls:
        return lambda row: function(argument(row))

    def run(row: Row) -> Any:
        value = argument(row)
        return missing if value is None else function(value)

    return run


def _once(kind: Kind, run: Callable[[Row], Any]) -> Bound:
    value = run(())
    return constant(kind, value)


def _fitting(scalar: Scalar, place: int, argument: Bound, at: int) -> Bound:
    """An argument as the function takes it."""
    wanted = scalar.takes[min(place, len(scalar.takes) - 1)]
    if wanted in ("any", "type"):
        return constant("string", "") if wanted == "type" else argument
    if wanted == "scalar":
        return _converted(argument, "string")
    if argument.kind not in _FITS[wanted]:
        expected = " or ".join(_FITS[wanted])
        raise QueryFault(
            f"{scalar.name}(): argument #{place + 1} is of type {argument.kind}; a value of type "
            f"{expected} is "
            "expected",
            at,
            code="SEM0064",
        )
    parsed = scalar.name in ("parse_json", "parsejson", "todynamic", "toobject")
    return _converted(argument, "string") if wanted == "text" and not parsed else argument


def _converted(argument: Bound, kind: Kind) -> Bound:
    if argument.kind == kind:
        return argument
    convert, run = converter(argument.kind, kind), argument.run
    return Bound(kind, lambda row: convert(run(row)), argument.constant)


def as_kind(bound: Bound, kind: Kind) -> Bound:
    """As one of a type that it goes with."""
    if bound.kind == kind:
        return bound
    if kind == "dynamic":
        into, run = dynamic_of(bound.kind), bound.run
        return Bound(kind, lambda row: into(run(row)), bound.constant)
    return _converted(bound, kind)


def _user(closure: Closure, call: s.Call, scope: Scope) -> Bound:
    """A function of the query that gives a scalar: its body over the caller's rows."""
    variables = arguments_of(closure, call, scope)
    context = scope.context.inside(variables)
    inner = Scope((), context, scope.operator, scope.serialized)
    for let in closure.function.body.lets:
        if isinstance(let.value, s.Function):
            context = context.also(let.name, Closure(let.value, context.variables))
        elif tabular(let.value, inner):
            context = context.also(let.name, context.tabular(let.value, context, ""))
        else:
            context = context.also(let.name, bind(let.value, inner))
        inner = Scope((), context, scope.operator, scope.serialized)
    return bind(closure.function.body.results[-1], inner)


def arguments_of(closure: Closure, call: s.Call, scope: Scope) -> dict[str, Bound | Table | Closure]:
    """What the names in a function's body mean in a call of it."""
    parameters = closure.function.parameters
    named = {one.names[0]: one.value for one in call.arguments if one.names}
    placed = [one.value for one in call.arguments if not one.names]
    least = sum(one.default is None for one in parameters)
    if not least <= len(call.arguments) <= len(parameters):
        wanted = str(least) if least == len(parameters) else f"between {least} and {len(parameters)}"
        raise QueryFault(
            f"{call.name}(): function expects {wanted} argument(s); {len(call.arguments)} given.",
            call.at,
            call.name,
            "SEM0219",
        )
    variables = dict(closure.variables)
    for place, parameter in enumerate(parameters):
        given = placed[place] if place < len(placed) else named.get(parameter.name, parameter.default)
        if given is None:
            raise QueryFault(f"{call.name}(): no value for '{parameter.name}'", call.at, call.name, "SEM0219")
        if isinstance(parameter.kind, str):
            bound = bind(given, scope)
            if together((bound.kind, parameter.kind)) is None and "dynamic" not in (
                bound.kind,
                parameter.kind,
            ):
                raise QueryFault(
                    f"{call.name}(): argument '{parameter.name}' is of type {bound.kind}; "
                    f"{parameter.kind} is "
                    "expected",
                    call.at,
                    call.name,
                    "SEM0064",
                )
            variables[parameter.name] = as_kind(bound, parameter.kind)
        else:
            table = scope.context.tabular(given, scope.context, scope.operator)
            lacking = [
                f"{name}:{kind}"
                for name, kind in parameter.kind or ()
                if not any(one.name == name and one.kind == kind for one in table.columns)
            ]
            if lacking:
                raise QueryFault(
                    f"{call.name}(): the table '{parameter.name}' lacks {', '.join(lacking)}",
                    call.at,
                    call.name,
                )
            variables[parameter.name] = table
    return variables


def _aggregate(name: str, call: s.Call, scope: Scope) -> Bound:
    """An aggregate within the expression of a `summarize`: one value of the group."""
    inner, found = scope.inner, AGGREGATES.get(name)
    if inner is None or scope.aggregates is None or found is None:
        raise QueryFault(
            f"'{name}' gives several columns and cannot be part of an expression", call.at, name, "SEM0144"
        )
    _count(call, found.least, found.most)
    arguments = tuple(bind(one.value, inner) for one in call.arguments)
    try:
        kind = found.gives(tuple(one.kind for one in arguments))
        compute = found.make(arguments)
    except QueryFault as fault:
        fault.at = fault.at if fault.at >= 0 else call.at
        raise
    scope.aggregates.append(AggregateCall(arguments, compute, name == "count"))
    place = len(scope.aggregates) - 1
    return Bound(kind, lambda row: row[place])


# functions whose arguments are not simply values


def _iff(call: s.Call, scope: Scope) -> Bound:
    _count(call, 3, 3)
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
    _count(call, 2, 64)
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
    _count(call, 1, 1)
    found = bind(call.arguments[0].value, scope)
    if found.kind != "bool":
        raise QueryFault(
            f"not(): argument #1 is of type {found.kind}; bool is expected", call.at, "not", "SEM0064"
        )
    return _not(found)


def _now(call: s.Call, scope: Scope) -> Bound:
    _count(call, 0, 1)
    offset = fixed(call.arguments[0].value, scope, ("timespan",), "now()'s offset") if call.arguments else 0
    return constant("datetime", in_range(scope.context.now + (offset or 0)))


def _ago(call: s.Call, scope: Scope) -> Bound:
    _count(call, 1, 1)
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
    _count(call, 1, 1)
    given = call.arguments[0].value
    if not tabular(given, scope):
        return bind(given, scope)
    table = scope.context.tabular(given, scope.context, "").visible()
    kind = table.columns[0].kind
    return constant(kind, table.rows[0][0] if table.rows else empty(kind))


def _ingestion(call: s.Call, scope: Scope) -> Bound:
    _count(call, 0, 0)
    found = scope.column(INGESTED)
    if found is None:
        return constant("datetime", None)
    place = found[0]
    return Bound("datetime", lambda row: row[place])


def _column_if(call: s.Call, scope: Scope) -> Bound:
    _count(call, 2, 2)
    name = fixed(call.arguments[0].value, scope, ("string",), "column_ifexists()'s name")
    return bind(s.Name(name, call.at) if scope.column(name) else call.arguments[1].value, scope)


def _pack_all(call: s.Call, scope: Scope) -> Bound:
    _count(call, 0, 1)
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
    _count(call, 0, 2)
    first = int(fixed(call.arguments[0].value, scope, WHOLE, "row_number()'s start")) if call.arguments else 1
    restart = bind(call.arguments[1].value, scope) if len(call.arguments) > 1 else constant("bool", False)

    def numbers(rows: list[Row]) -> list[Any]:
        found: list[Any] = []
        for row in rows:
            found.append(first if not found or restart.run(row) else found[-1] + 1)
        return found

    return scope.window("long", numbers, call.at, call.name)


def _cumulative(call: s.Call, scope: Scope) -> Bound:
    _count(call, 1, 2)
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
        _count(call, 1, 3)
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
