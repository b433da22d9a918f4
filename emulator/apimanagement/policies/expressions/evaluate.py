"""The evaluator: walks a syntax tree in the context of a request, within limits of steps and time."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from emulator.apimanagement.policies.context import Context
from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.expressions import conversions, formats, operators, tokens
from emulator.apimanagement.policies.expressions.types import TYPES, Member, canonical, member_of
from emulator.apimanagement.policies.expressions.types.sequences import key_of, looked_up, no_key
from emulator.apimanagement.policies.expressions.types.text import group_of
from emulator.apimanagement.policies.expressions.values import (
    Anonymous,
    Array,
    Box,
    Builder,
    Byte,
    Char,
    Dict,
    Limit,
    Ref,
    Set,
    Thrown,
    argument_out_of_range,
    budget,
    checked_size,
    full_name,
    items,
    null_reference,
    out_of_range,
    spent,
    type_of,
    whole,
)

# What Azure allows is not documented; an expression of a request takes thousands of steps at most.
MOST_STEPS: Final = 500_000
MOST_SECONDS: Final = 2.0
MOST_CALLS: Final = 40  # functions in functions


class Break(Exception):
    """`break`."""


class Continue(Exception):
    """`continue`."""


class Returned(Exception):
    """`return`."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Scope:
    """Variables of a block, and of those around it."""

    __slots__ = ("names", "outer")

    def __init__(self, outer: Scope | None = None) -> None:
        self.names: dict[str, Any] = {}
        self.outer = outer

    def find(self, name: str) -> dict[str, Any] | None:
        """Where a variable is kept."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names
            scope = scope.outer
        return None


class Function:
    """A lambda or a local function: called by C# and by the methods of LINQ."""

    def __init__(
        self,
        run: Evaluation,
        scope: Scope,
        parameters: tuple[syntax.Parameter, ...],
        body: syntax.Expression | syntax.Block,
    ) -> None:
        self._run = run
        self._scope = scope
        self._parameters = parameters
        self._body = body
        self.arity = len(parameters)

    def __call__(self, *arguments: Any) -> Any:
        run = self._run
        run.step()
        scope = Scope(self._scope)
        if len(arguments) > len(self._parameters):
            raise Thrown("System.ArgumentException", "Delegate does not take so many arguments.")
        for index, parameter in enumerate(self._parameters):
            if index < len(arguments):
                given = arguments[index]
                value = given.value if isinstance(given, Ref) else given
                if parameter.type is not None and parameter.mode == "":
                    value = run.converted(value, parameter.type)
            elif parameter.default is not None:
                value = run.value(parameter.default, scope)
            else:
                raise Thrown("System.ArgumentException", f"The parameter '{parameter.name}' is not given.")
            scope.names[parameter.name] = value
        run.calls += 1
        if run.calls > MOST_CALLS:
            raise Limit(f"functions are called more than {MOST_CALLS} deep")
        try:
            return self._done(scope)
        finally:
            run.calls -= 1
            for given, parameter in zip(arguments, self._parameters, strict=False):
                if isinstance(given, Ref):
                    given.value = scope.names[parameter.name]

    def _done(self, scope: Scope) -> Any:
        if not isinstance(self._body, syntax.Block):
            return self._run.value(self._body, scope)
        try:
            self._run.block(self._body, scope)
        except Returned as returned:
            return returned.value
        return None


class Evaluation:
    """One evaluation of one expression."""

    def __init__(self, context: Context) -> None:
        budget()
        self._root = Scope()
        self._root.names["context"] = context
        self._variables = context.variables
        self._left = MOST_STEPS
        self._end = monotonic() + MOST_SECONDS
        self.calls = 0
        self.strict = False

    def run(self, tree: syntax.Expression | syntax.Block) -> Any:
        """The value of the whole."""
        scope = Scope(self._root)
        if not isinstance(tree, syntax.Block):
            return self.value(tree, scope)
        try:
            self.block(tree, scope)
        except Returned as returned:
            return returned.value
        return None

    def step(self) -> None:
        """Counts. Limit where it takes too long."""
        self._left -= 1
        if self._left < 0:
            raise Limit(f"the expression takes more than {MOST_STEPS} steps")
        if self._left & 255 == 0 and monotonic() > self._end:
            raise Limit(f"the expression takes more than {MOST_SECONDS:g} s")

    def value(self, node: Any, scope: Scope) -> Any:
        """The value of an expression."""
        self.step()
        return _VALUES[type(node)](self, node, scope)

    def flag(self, node: syntax.Expression, scope: Scope) -> bool:
        """The value of a condition."""
        found = self.value(node, scope)
        if not isinstance(found, bool):
            raise Thrown(
                "System.InvalidCastException",
                f"Cannot implicitly convert type '{full_name(found)}' to 'bool'",
            )
        return found

    def do(self, node: syntax.Statement, scope: Scope) -> None:
        """Does a statement."""
        self.step()
        _STATEMENTS[type(node)](self, node, scope)

    def block(self, node: syntax.Block, scope: Scope) -> None:
        """Does the statements of a block in a scope; its functions are known from its start."""
        for one in node.statements:
            if isinstance(one, syntax.LocalFunction):
                scope.names[one.name] = Function(self, scope, one.parameters, one.body)
        for one in node.statements:
            if not isinstance(one, syntax.LocalFunction):
                self.do(one, scope)

    def converted(self, value: Any, kind: syntax.Type) -> Any:
        """A value as a variable of a type takes it, by the implicit conversions."""
        name = conversions.name_of(kind)
        if value is None or name in ("var", "object", "dynamic"):
            return value
        if name in conversions.NUMBERS and operators.is_number(value):
            return conversions.number(value, name)
        if name.startswith("J") and name in TYPES and not isinstance(value, tokens.JToken):
            return tokens.token(value)
        return value

    # Names

    def type_path(self, node: syntax.Expression, scope: Scope) -> str | None:
        """The type that a name, or a name with dots, stands for; None where it is a value."""
        if isinstance(node, syntax.PredefinedType):
            return node.name
        parts: list[str] = []
        one = node
        while isinstance(one, syntax.Member):
            parts.append(one.name)
            one = one.target
        if not isinstance(one, syntax.Name) or scope.find(one.name) is not None:
            return None
        parts.append(one.name)
        name = canonical(".".join(reversed(parts)))
        return name if name in TYPES else None

    def arguments(
        self, given: tuple[syntax.Argument, ...], scope: Scope
    ) -> tuple[list[Any], dict[str, Any], list[tuple[Ref, Callable[[Any], None]]]]:
        """Values by place and by name, and where those of `out` go back to."""
        places: list[Any] = []
        named: dict[str, Any] = {}
        back: list[tuple[Ref, Callable[[Any], None]]] = []
        for one in given:
            if one.mode in ("out", "ref"):
                value: Any = Ref(None if one.mode == "out" else self.value(one.value, scope))
                if one.declares is not None and isinstance(one.value, syntax.Name):
                    scope.names[one.value.name] = conversions.default_of(one.declares)
                if not (isinstance(one.value, syntax.Name) and one.value.name == "_"):
                    back.append((value, self.target(one.value, scope)))
            else:
                value = self.value(one.value, scope)
            if one.name:
                named[one.name] = value
            else:
                places.append(value)
        return places, named, back

    def target(self, node: syntax.Expression, scope: Scope) -> Callable[[Any], None]:
        """What puts a value where an assignment says."""
        if isinstance(node, syntax.Name):
            held = scope.find(node.name)
            if held is None:
                raise _unknown_name(node.name)

            def put(value: Any) -> None:
                held[node.name] = value

            return put
        if isinstance(node, syntax.Index):
            holder = self.value(node.target, scope)
            key = self.value(node.arguments[0].value, scope)
            return lambda value: _store(holder, key, value)
        if isinstance(node, syntax.Member):
            owner = self.value(node.target, scope)
            return lambda value: _assign(owner, node.name, value)
        raise Thrown(
            "System.InvalidOperationException", "The left-hand side of an assignment must be a variable"
        )


def _unknown_name(name: str) -> Thrown:
    return Thrown(
        "System.InvalidOperationException", f"The name '{name}' does not exist in the current context"
    )


def _no_member(value: Any, name: str) -> Thrown:
    return Thrown(
        "System.InvalidOperationException",
        f"'{full_name(value)}' does not contain a definition for '{name}'",
    )


def _call(member: Member, name: str, values: list[Any], named: dict[str, Any], types: Any) -> Any:
    if member.generic:
        named = {**named, "types": types}
    least, most = member.arity
    count = len(values) - member.own + len(named) - member.generic
    if not least <= count <= most:
        raise Thrown(
            "System.InvalidOperationException", f"No overload for method '{name}' takes {count} arguments"
        )
    try:
        return spent(member.run(*values, **named))
    except (TypeError, AttributeError) as error:
        # What the compiler would have refused, and what a method of .NET does with null.
        if any(value is None for value in values):
            raise null_reference() from error
        raise Thrown(
            "System.ArgumentException", f"The arguments of '{name}' have other types than it takes"
        ) from error
    except (ValueError, ArithmeticError, KeyError, IndexError) as error:
        raise Thrown(
            "System.ArgumentException", f"The arguments of '{name}' are not valid: {error}"
        ) from error


# Values


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
        raise _unknown_name(node.name)
    return held[node.name]


def _static(type_name: str, name: str) -> Member:
    found = TYPES[type_name].statics.get(name)
    if found is None:
        for base in TYPES[type_name].bases:
            if base in TYPES and name in TYPES[base].statics:
                return TYPES[base].statics[name]
        raise Thrown(
            "System.InvalidOperationException", f"'{type_name}' does not contain a definition for '{name}'"
        )
    return found


def _member(run: Evaluation, node: syntax.Member, scope: Scope) -> Any:
    type_name = run.type_path(node.target, scope)
    if type_name is not None:
        found = _static(type_name, node.name)
        if found.call:
            return _bound(found, node.name, (), node.arguments)
        return found.run()
    return get(run.value(node.target, scope), node.name, node.arguments)


def _bound(member: Member, name: str, first: tuple[Any, ...], types: Any) -> Callable[..., Any]:
    """A method without its brackets, as `Select(int.Parse)` has it."""

    def call(*values: Any) -> Any:
        return _call(member, name, [*first, *values], {}, types)

    return call


def get(value: Any, name: str, types: tuple[syntax.Type, ...] = ()) -> Any:
    """A property of a value; a method as something to call."""
    if name == "HasValue" and (value is None or type_of(value) in conversions.STRUCTS):
        return value is not None
    if value is None:
        raise null_reference()
    if isinstance(value, Anonymous) and name in value:
        return value[name]
    member = member_of(type_of(value), name)
    if member is None:
        if name == "Value" and type_of(value) in conversions.STRUCTS:
            return value  # of a Nullable, which is its value here
        raise _no_member(value, name)
    if member.call:
        return _bound(member, name, (value,), types)
    return member.run(value)


def _invoke(run: Evaluation, node: syntax.Call, scope: Scope) -> Any:
    callee = node.target
    if isinstance(callee, syntax.Member):
        type_name = run.type_path(callee.target, scope)
        if type_name is not None:
            member, values = _static(type_name, callee.name), list[Any]()
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
                raise _no_member(value, callee.name)
        places, named, back = run.arguments(node.arguments, scope)
        found = _call(member, callee.name, [*values, *places], named, callee.arguments)
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


def element(holder: Any, key: Any) -> Any:
    """`holder[key]`."""
    if holder is None:
        raise null_reference()
    if isinstance(holder, tokens.JToken):
        return tokens.element(holder, key)
    if isinstance(holder, Box) and holder.type == "GroupCollection":
        return group_of(holder, key)
    if isinstance(holder, bytearray | list | str | Builder):
        values = str(holder) if isinstance(holder, Builder) else holder
        if not isinstance(key, int):
            raise Thrown("System.InvalidOperationException", "An index is a whole number")
        if not 0 <= key < len(values):
            raise (
                out_of_range()
                if isinstance(holder, Array | bytearray | str)
                else argument_out_of_range("index")
            )
        found = values[key]
        if isinstance(values, bytearray):
            return Byte(found)
        return Char(found) if isinstance(values, str) else found
    if hasattr(holder, "keys") and not isinstance(holder, Set):
        if key is None:
            raise Thrown("System.ArgumentNullException", "Value cannot be null.\r\nParameter name: key")
        if key_of(key) not in holder:
            raise no_key(key)
        return looked_up(holder, key)
    raise Thrown(
        "System.InvalidOperationException", f"Cannot apply indexing with [] to '{full_name(holder)}'"
    )


def _store(holder: Any, key: Any, value: Any) -> None:
    if holder is None:
        raise null_reference()
    if isinstance(holder, tokens.JObject | tokens.JArray):
        holder.set(key, tokens.token(value))
    elif isinstance(holder, bytearray | list):
        if not isinstance(key, int) or not 0 <= key < len(holder):
            raise out_of_range()
        holder[key] = whole(int(value), "byte") if isinstance(holder, bytearray) else value
    elif isinstance(holder, Dict):
        if key is None:
            raise Thrown("System.ArgumentNullException", "Value cannot be null.\r\nParameter name: key")
        holder[key] = value
    else:
        raise Thrown(
            "System.InvalidOperationException", f"'{full_name(holder)}' is read only: nothing is put into it"
        )


def _assign(owner: Any, name: str, value: Any) -> None:
    if owner is None:
        raise null_reference()
    setter = TYPES[type_of(owner)].set.get(name) if type_of(owner) in TYPES else None
    if setter is None:
        raise Thrown(
            "System.InvalidOperationException",
            f"Property or indexer '{full_name(owner)}.{name}' cannot be assigned to -- it is read only",
        )
    setter(owner, value)


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
    made = _call(info.make, name, places, named, node.type.arguments)
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
                raise _no_member(made, "Add")
            _call(member, "Add", [made, *values], {}, ())
            continue
        held = part.value
        if isinstance(held, syntax.Initializer):
            inner = get(made, part.name) if part.name else element(made, run.value(part.key, scope))
            _initialize(run, inner, held, scope)
        elif part.name is not None:
            _assign(made, part.name, run.value(held, scope))
        else:
            _store(made, run.value(part.key, scope), run.value(held, scope))


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
        found = _values(run, node.items, element_type, scope)
    return _array(found, element_type)


def _values(run: Evaluation, node: syntax.ArrayItems, kind: syntax.Type | None, scope: Scope) -> list[Any]:
    values = [run.value(one, scope) for one in node.values]
    return [run.converted(one, kind) for one in values] if kind else values


def _array(values: list[Any], kind: syntax.Type | None) -> Any:
    name = conversions.name_of(kind) if kind else None
    if name == "byte" or (kind is None and values and all(isinstance(one, Byte) for one in values)):
        return bytearray(values)
    if name is None:
        kinds = {type_of(one) for one in values if one is not None}
        name = kinds.pop() if len(kinds) == 1 else "object"
    return Array(values, name)


def _array_items(run: Evaluation, node: syntax.ArrayItems, scope: Scope) -> Any:
    return _array([run.value(one, scope) for one in node.values], None)


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
    raise _thrown(run.value(node.value, scope))


def _thrown(value: Any) -> Thrown:
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


_VALUES: Final[dict[type, Callable[[Evaluation, Any, Scope], Any]]] = {
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


# Statements


def _block(run: Evaluation, node: syntax.Block, scope: Scope) -> None:
    before = run.strict
    run.strict = node.keyword == "checked" if node.keyword else before
    try:
        run.block(node, Scope(scope))
    finally:
        run.strict = before


def _local(run: Evaluation, node: syntax.Local, scope: Scope) -> None:
    for name, initial in node.names:
        if initial is None:
            scope.names[name] = conversions.default_of(node.type)
        elif isinstance(initial, syntax.ArrayItems):
            kind = node.type
            inner = syntax.Type(kind.name, kind.arguments, kind.ranks[1:], kind.nullable)
            scope.names[name] = _array(_values(run, initial, inner, scope), inner)
        else:
            scope.names[name] = run.converted(run.value(initial, scope), node.type)


def _do(run: Evaluation, node: syntax.Do, scope: Scope) -> None:
    run.value(node.value, scope)


def _empty(run: Evaluation, node: syntax.Empty, scope: Scope) -> None:
    return None


def _if(run: Evaluation, node: syntax.If, scope: Scope) -> None:
    if run.flag(node.test, scope):
        run.do(node.then, Scope(scope))
    elif node.otherwise is not None:
        run.do(node.otherwise, Scope(scope))


def _once(run: Evaluation, body: syntax.Statement, scope: Scope) -> bool:
    """A turn of a loop; false where it was left."""
    try:
        run.do(body, scope)
    except Continue:
        return True
    except Break:
        return False
    return True


def _while(run: Evaluation, node: syntax.While, scope: Scope) -> None:
    if node.after and not _once(run, node.body, Scope(scope)):
        return
    while run.flag(node.test, scope) and _once(run, node.body, Scope(scope)):
        run.step()


def _for(run: Evaluation, node: syntax.For, scope: Scope) -> None:
    outer = Scope(scope)
    for one in node.first:
        run.do(one, outer)
    while node.test is None or run.flag(node.test, outer):
        run.step()
        if not _once(run, node.body, Scope(outer)):
            return
        for one in node.each:
            run.value(one, outer)


def _foreach(run: Evaluation, node: syntax.ForEach, scope: Scope) -> None:
    values = run.value(node.source, scope)
    known = len(values) if isinstance(values, list) else None
    for one in items(values):
        run.step()
        inner = Scope(scope)
        inner.names[node.name] = run.converted(one, node.type)
        if not _once(run, node.body, inner):
            return
        if known is not None and len(values) != known:
            raise Thrown(
                "System.InvalidOperationException",
                "Collection was modified; enumeration operation may not execute.",
            )


def _return(run: Evaluation, node: syntax.Return, scope: Scope) -> None:
    raise Returned(None if node.value is None else run.value(node.value, scope))


def _throw(run: Evaluation, node: syntax.Throw, scope: Scope) -> None:
    if node.value is not None:
        raise _thrown(run.value(node.value, scope))
    held = scope.find("catch")
    raise held["catch"] if held else Thrown("System.InvalidOperationException", "Nothing to throw again")


def _try(run: Evaluation, node: syntax.Try, scope: Scope) -> None:
    try:
        try:
            run.do(node.body, scope)
        except Thrown as thrown:
            for one in node.catches:
                inner = Scope(scope)
                inner.names["catch"] = thrown
                if one.name is not None:
                    inner.names[one.name] = thrown
                if one.type is not None and not conversions.is_instance(thrown, one.type):
                    continue
                if one.test is not None and not run.flag(one.test, inner):
                    continue
                run.do(one.body, inner)
                return
            raise
    finally:
        if node.last is not None:
            run.do(node.last, scope)


def _switch(run: Evaluation, node: syntax.Switch, scope: Scope) -> None:
    value = run.value(node.value, scope)
    chosen = None
    for one in node.cases:
        for label in one.labels:
            if label is not None and operators.equal(value, run.value(label, scope)):
                chosen = one
                break
        if chosen is not None:
            break
    if chosen is None:
        chosen = next((one for one in node.cases if None in one.labels), None)
    if chosen is None:
        return
    inner = Scope(scope)
    try:
        for statement in chosen.body:
            run.do(statement, inner)
    except Break:
        return


def _using(run: Evaluation, node: syntax.Using, scope: Scope) -> None:
    inner = Scope(scope)
    if isinstance(node.resource, syntax.Local):
        run.do(node.resource, inner)
    else:
        run.value(node.resource, inner)
    run.do(node.body, inner)


def _jump(run: Evaluation, node: syntax.Jump, scope: Scope) -> None:
    raise Break if node.keyword == "break" else Continue


def _function(run: Evaluation, node: syntax.LocalFunction, scope: Scope) -> None:
    scope.names[node.name] = Function(run, scope, node.parameters, node.body)


_STATEMENTS: Final[dict[type, Callable[[Evaluation, Any, Scope], None]]] = {
    syntax.Block: _block,
    syntax.Local: _local,
    syntax.LocalFunction: _function,
    syntax.Do: _do,
    syntax.Empty: _empty,
    syntax.If: _if,
    syntax.While: _while,
    syntax.For: _for,
    syntax.ForEach: _foreach,
    syntax.Return: _return,
    syntax.Throw: _throw,
    syntax.Try: _try,
    syntax.Switch: _switch,
    syntax.Using: _using,
    syntax.Jump: _jump,
}
