"""How each kind of expression is evaluated."""

from __future__ import annotations

from typing import Any

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.expressions import conversions, formats, operators
from emulator.apimanagement.policies.expressions.machine import VALUES, Evaluation, Function, Scope
from emulator.apimanagement.policies.expressions.members import (
    assign,
    bound,
    call,
    element,
    get,
    no_member,
    static,
    store,
    unknown_name,
)
from emulator.apimanagement.policies.expressions.types import TYPES, canonical, member_of
from emulator.apimanagement.policies.expressions.values import (
    Anonymous,
    Array,
    Box,
    Byte,
    Char,
    Thrown,
    checked_size,
    full_name,
    null_reference,
    type_of,
)


def _literal(run: Evaluation, node: syntax.Literal, scope: Scope) -> Any:
    if node.type in ("int", "bool", "null", "string", "double"):
        return node.value
    return conversions.number(node.value, node.type) if node.type != "char" else Char(node.value)


def _interpolated(run: Evaluation, node: syntax.Interpolated, scope: Scope) -> str:
    found: list[str] = []
    for part in node.parts:
        if isinstance(part, str):
            found.append(part)
            continue
        shown = formats.formatted(run.value(part.value, scope), part.format)
        if part.alignment is not None:
            shown = formats.aligned(shown, int(run.value(part.alignment, scope)))
        found.append(shown)
    checked_size(sum(map(len, found)))
    return "".join(found)


def _named_value(run: Evaluation, node: syntax.NamedValue, scope: Scope) -> Any:
    raise Thrown("System.InvalidOperationException", f"The named value '{node.name}' is not there")


def _name(run: Evaluation, node: syntax.Name, scope: Scope) -> Any:
    held = scope.find(node.name)
    if held is None:
        raise unknown_name(node.name)
    return held[node.name]


def _member(run: Evaluation, node: syntax.Member, scope: Scope) -> Any:
    type_name = run.type_path(node.target, scope)
    if type_name is not None:
        found = static(type_name, node.name)
        if found.call:
            return bound(found, node.name, (), node.arguments)
        return found.run()
    return get(run.value(node.target, scope), node.name, node.arguments)


def _invoke(run: Evaluation, node: syntax.Call, scope: Scope) -> Any:
    callee = node.target
    if isinstance(callee, syntax.Member):
        type_name = run.type_path(callee.target, scope)
        if type_name is not None:
            member, values = static(type_name, callee.name), list[Any]()
        else:
            value = run.value(callee.target, scope)
            if value is None:
                # Methods on texts that Azure adds take null.
                if callee.name not in ("AsJwt", "AsBasic", "TryParseJwt", "TryParseBasic"):
                    raise null_reference()
                member = member_of("string", callee.name)
            else:
                member = member_of(type_of(value), callee.name)
                if member is not None and not member.call:
                    member = member_of("IEnumerable", callee.name)
            values = [value]
            if member is None:
                raise no_member(value, callee.name)
        places, named, back = run.arguments(node.arguments, scope)
        found = call(member, callee.name, [*values, *places], named, callee.arguments)
    else:
        function = run.value(callee, scope)
        if not callable(function):
            raise Thrown("System.InvalidOperationException", "Method name expected")
        places, named, back = run.arguments(node.arguments, scope)
        found = function(*places, *named.values())
    for reference, put in back:
        put(reference.value)
    return found


def _index(run: Evaluation, node: syntax.Index, scope: Scope) -> Any:
    holder = run.value(node.target, scope)
    places, _, _ = run.arguments(node.arguments, scope)
    return element(holder, places[0])


def _conditional_access(run: Evaluation, node: syntax.ConditionalAccess, scope: Scope) -> Any:
    value = run.value(node.target, scope)
    if value is None:
        return None
    inner = Scope(scope)
    inner.names[""] = value
    return run.value(node.chain, inner)


def _receiver(run: Evaluation, node: syntax.Receiver, scope: Scope) -> Any:
    held = scope.find("")
    return held[""] if held else None


def _new(run: Evaluation, node: syntax.New, scope: Scope) -> Any:
    name = canonical(node.type.name)
    info = TYPES.get(name)
    if info is None or info.make is None:
        raise Thrown("System.InvalidOperationException", f"not emulated: new {node.type.name}()")
    if not node.arguments and node.initializer is None and name in conversions.STRUCTS:
        return conversions.default_of(node.type)
    places, named, back = run.arguments(node.arguments, scope)
    made = call(info.make, name, places, named, node.type.arguments)
    for reference, put in back:
        put(reference.value)
    if node.initializer is not None:
        _initialize(run, made, node.initializer, scope)
    return made


def _initialize(run: Evaluation, made: Any, node: syntax.Initializer, scope: Scope) -> None:
    for part in node.parts:
        if isinstance(part, syntax.Item):
            values = [run.value(one, scope) for one in part.values]
            member = member_of(type_of(made), "Add")
            if member is None:
                raise no_member(made, "Add")
            call(member, "Add", [made, *values], {}, ())
            continue
        held = part.value
        if isinstance(held, syntax.Initializer):
            inner = get(made, part.name) if part.name else element(made, run.value(part.key, scope))
            _initialize(run, inner, held, scope)
        elif part.name is not None:
            assign(made, part.name, run.value(held, scope))
        else:
            store(made, run.value(part.key, scope), run.value(held, scope))


def _new_array(run: Evaluation, node: syntax.NewArray, scope: Scope) -> Any:
    kind = node.type
    if kind is not None and kind.ranks and kind.ranks[0] > 1:
        raise Thrown("System.NotSupportedException", "not emulated: arrays of more than one dimension")
    element_type = syntax.Type(kind.name, kind.arguments, kind.ranks[1:], kind.nullable) if kind else None
    if node.items is None:
        size = run.value(node.sizes[0], scope)
        if not isinstance(size, int) or size < 0:
            raise Thrown("System.OverflowException", "Arithmetic operation resulted in an overflow.")
        default = conversions.default_of(element_type) if element_type and not element_type.ranks else None
        found = [default] * checked_size(size)
    else:
        found = listed(run, node.items, element_type, scope)
    return array(found, element_type)


def listed(run: Evaluation, node: syntax.ArrayItems, kind: syntax.Type | None, scope: Scope) -> list[Any]:
    """The values of array items, as the type of the array takes them."""
    values = [run.value(one, scope) for one in node.values]
    return [run.converted(one, kind) for one in values] if kind else values


def array(values: list[Any], kind: syntax.Type | None) -> Any:
    """An array of values."""
    name = conversions.name_of(kind) if kind else None
    if name == "byte" or (kind is None and values and all(isinstance(one, Byte) for one in values)):
        return bytearray(values)
    if name is None:
        kinds = {type_of(one) for one in values if one is not None}
        name = kinds.pop() if len(kinds) == 1 else "object"
    return Array(values, name)


def _array_items(run: Evaluation, node: syntax.ArrayItems, scope: Scope) -> Any:
    return array([run.value(one, scope) for one in node.values], None)


def _anonymous(run: Evaluation, node: syntax.NewAnonymous, scope: Scope) -> Any:
    return Anonymous({name: run.value(value, scope) for name, value in node.members})


def _lambda(run: Evaluation, node: syntax.Lambda, scope: Scope) -> Any:
    return Function(run, scope, node.parameters, node.body)


def _unary(run: Evaluation, node: syntax.Unary, scope: Scope) -> Any:
    if node.operator in ("++", "--"):
        value = operators.binary(node.operator[0], run.value(node.operand, scope), 1, strict=run.strict)
        run.target(node.operand, scope)(value)
        return value
    return operators.unary(node.operator, run.value(node.operand, scope), strict=run.strict)


def _postfix(run: Evaluation, node: syntax.Postfix, scope: Scope) -> Any:
    before = run.value(node.operand, scope)
    run.target(node.operand, scope)(operators.binary(node.operator[0], before, 1, strict=run.strict))
    return before


def _binary(run: Evaluation, node: syntax.Binary, scope: Scope) -> Any:
    # A chain as `a + b + c` hangs to the left and may be long: it is gone through without recursion.
    chain = [node]
    while isinstance(chain[-1].left, syntax.Binary):
        chain.append(chain[-1].left)
    value = run.value(chain[-1].left, scope)
    for one in reversed(chain):
        run.step()
        if one.operator == "??":
            value = run.value(one.right, scope) if value is None else value
        elif one.operator in ("&&", "||"):
            if not isinstance(value, bool):
                raise Thrown(
                    "System.InvalidOperationException",
                    f"Operator '{one.operator}' cannot be applied to operands of type '{full_name(value)}'",
                )
            if value is (one.operator == "&&"):
                value = run.flag(one.right, scope)
        else:
            value = operators.binary(one.operator, value, run.value(one.right, scope), strict=run.strict)
    return value


def _conditional(run: Evaluation, node: syntax.Conditional, scope: Scope) -> Any:
    return run.value(node.then if run.flag(node.test, scope) else node.otherwise, scope)


def _assignment(run: Evaluation, node: syntax.Assignment, scope: Scope) -> Any:
    if node.operator == "=":
        put = run.target(node.target, scope)
        value = run.value(node.value, scope)
        put(value)
        return value
    before = run.value(node.target, scope)
    if node.operator == "??=":
        value = run.value(node.value, scope) if before is None else before
    else:
        value = operators.binary(node.operator[:-1], before, run.value(node.value, scope), strict=run.strict)
    run.target(node.target, scope)(value)
    return value


def _boxed(node: syntax.Expression) -> bool:
    """Whether a value comes out of the request's variables, as an `object`."""
    if isinstance(node, syntax.Index):
        return isinstance(node.target, syntax.Member) and node.target.name == "Variables"
    if isinstance(node, syntax.Call) and isinstance(node.target, syntax.Member):
        method = node.target
        return (
            method.name == "GetValueOrDefault"
            and not method.arguments
            and isinstance(method.target, syntax.Member)
            and method.target.name == "Variables"
        )
    return False


def _cast(run: Evaluation, node: syntax.Cast, scope: Scope) -> Any:
    return conversions.cast(run.value(node.value, scope), node.type, boxed=_boxed(node.value))


def _as(run: Evaluation, node: syntax.As, scope: Scope) -> Any:
    value = run.value(node.value, scope)
    return value if conversions.is_instance(value, node.type) else None


def _is(run: Evaluation, node: syntax.Is, scope: Scope) -> bool:
    value = run.value(node.value, scope)
    if node.type is None:
        return operators.equal(value, run.value(node.constant, scope))
    found = conversions.is_instance(value, node.type)
    if found and node.name is not None:
        scope.names[node.name] = value
    return found


def _type_of(run: Evaluation, node: syntax.TypeOf, scope: Scope) -> Any:
    return Box("Type", conversions.name_of(node.type))


def _default(run: Evaluation, node: syntax.Default, scope: Scope) -> Any:
    return conversions.default_of(node.type)


def _checked(run: Evaluation, node: syntax.Checked, scope: Scope) -> Any:
    before, run.strict = run.strict, node.keyword == "checked"
    try:
        return run.value(node.value, scope)
    finally:
        run.strict = before


def _throw_expression(run: Evaluation, node: syntax.ThrowExpression, scope: Scope) -> Any:
    raise thrown(run.value(node.value, scope))


def thrown(value: Any) -> Thrown:
    """What `throw` raises."""
    return value if isinstance(value, Thrown) else null_reference()


def _tuple(run: Evaluation, node: syntax.TupleLiteral, scope: Scope) -> Any:
    made = Anonymous()
    for index, one in enumerate(node.items, 1):
        made[f"Item{index}"] = run.value(one.value, scope)
        if one.name:
            made[one.name] = made[f"Item{index}"]
    return made


def _no_value(run: Evaluation, node: syntax.PredefinedType, scope: Scope) -> Any:
    raise Thrown("System.InvalidOperationException", f"'{node.name}' is a type, which is not valid here")


VALUES.update(
    {
        syntax.Literal: _literal,
        syntax.Interpolated: _interpolated,
        syntax.NamedValue: _named_value,
        syntax.Name: _name,
        syntax.PredefinedType: _no_value,
        syntax.Member: _member,
        syntax.Receiver: _receiver,
        syntax.ConditionalAccess: _conditional_access,
        syntax.Call: _invoke,
        syntax.Index: _index,
        syntax.New: _new,
        syntax.NewArray: _new_array,
        syntax.ArrayItems: _array_items,
        syntax.NewAnonymous: _anonymous,
        syntax.Lambda: _lambda,
        syntax.Unary: _unary,
        syntax.Postfix: _postfix,
        syntax.Binary: _binary,
        syntax.Conditional: _conditional,
        syntax.Assignment: _assignment,
        syntax.Cast: _cast,
        syntax.As: _as,
        syntax.Is: _is,
        syntax.TypeOf: _type_of,
        syntax.Default: _default,
        syntax.Checked: _checked,
        syntax.ThrowExpression: _throw_expression,
        syntax.TupleLiteral: _tuple,
    }
)
