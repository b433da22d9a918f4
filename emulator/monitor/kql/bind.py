"""Expressions with their names resolved and their types checked: a function of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from emulator.monitor.kql import binary, scalars_dynamic
from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.aggregates import AGGREGATES, ALIASES, SEVERAL
from emulator.monitor.kql.application import applied, as_kind, count_arguments
from emulator.monitor.kql.convert import converter
from emulator.monitor.kql.faults import QueryFault, Unsupported
from emulator.monitor.kql.functions import ALSO, SCALARS
from emulator.monitor.kql.kinds import NUMBERS, WHOLE, Kind, together
from emulator.monitor.kql.membership import among, check_same_kind, has_some
from emulator.monitor.kql.names import AGGREGATES as AGGREGATE_NAMES
from emulator.monitor.kql.names import FUNCTIONS
from emulator.monitor.kql.scalars import Scalar
from emulator.monitor.kql.scope import AggregateCall, Closure, Scope
from emulator.monitor.kql.table import Bound, Row, Table, constant
from emulator.monitor.kql.values import dynamic_of, wrapped

SPECIAL: Final[dict[str, Callable[[s.Call, Scope], Bound]]] = {}
"""Functions whose arguments are not simply values: `specials` puts them here."""


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
            f"{' or '.join(kinds)}; its type is {found.kind}",
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
        if value is None:
            return None
        return wrapped(-value) if kind == "long" else -value

    return Bound(kind, negative, operand.constant)


def _between(expression: s.Between, scope: Scope) -> Bound:
    value, low, high = (bind(one, scope) for one in (expression.value, expression.low, expression.high))
    at = expression.at
    if value.kind == "datetime" and high.kind == "timespan":  # that long from the lower end on
        high = binary.bind("+", low, high, at)
    above = binary.bind(">=", value, low, at)
    below = binary.bind("<=", value, high, at)
    both = binary.bind("and", above, below, at)
    return negated(both) if expression.negated else both


def negated(bound: Bound) -> Bound:
    """The opposite of a truth; null stays null."""
    run = bound.run

    def turned(row: Row) -> bool | None:
        value = run(row)
        return None if value is None else not value

    return Bound("bool", turned, bound.constant)


def _listed(expression: s.Listed, scope: Scope) -> Bound:
    """`in` and its kin, and `has_any`."""
    word, at = expression.operator, expression.at
    value = bind(expression.value, scope)
    if word in ("has_any", "has_all"):
        return has_some(word, value, _constants(expression, scope, "string", at), at)
    folds = word.endswith("~")
    if folds and value.kind not in ("string", "dynamic"):
        raise QueryFault(f"Operator '{word}' cannot be applied to type {value.kind}", at, word, "SEM0064")
    kind: Kind = "string" if folds else value.kind
    return among(word, value, _constants(expression, scope, kind, at))


def _constants(expression: s.Listed, scope: Scope, kind: Kind, at: int) -> list[Any]:
    """The values of a list: scalars, those in dynamic lists, those of a table's one column."""
    found: list[Any] = []
    for item in expression.items:
        if tabular(item, scope):
            table = scope.context.tabular(item, scope.context, scope.operator).visible()
            column = table.columns[0]
            check_same_kind(column.kind, kind, at)
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
            check_same_kind(bound.kind, kind, at)
            found.append(
                one if kind in NUMBERS else converter(bound.kind, kind)(one) if kind != "dynamic" else one
            )
    return found


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


def _call(call: s.Call, scope: Scope) -> Bound:
    name = ALSO.get(call.name, call.name)
    held = scope.context.variables.get(name)
    if isinstance(held, Closure):
        return _user(held, call, scope)
    aggregate = ALIASES.get(name, name)
    if scope.aggregates is not None and (aggregate in AGGREGATES or aggregate in SEVERAL):
        return _aggregate(aggregate, call, scope)
    if special := SPECIAL.get(name):
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


def _scalar(scalar: Scalar, call: s.Call, scope: Scope) -> Bound:
    count_arguments(call, scalar.least, scalar.most)
    return applied(scalar, call, [bind(one.value, scope) for one in call.arguments])


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
                    f"{parameter.kind} is expected",
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
    count_arguments(call, found.least, found.most)
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
