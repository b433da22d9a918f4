"""What the compiler of expressions says of one before it ever runs: types, members and arguments by name.

Types are followed as far as the table of `types` tells them; what only a value tells is left for the
evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.expressions import PREDEFINED
from emulator.apimanagement.policies.csharp.lexer import Source
from emulator.apimanagement.policies.csharp.parser import parse
from emulator.apimanagement.policies.csharp.printing import type_name
from emulator.apimanagement.policies.errors import ExpressionError
from emulator.apimanagement.policies.expressions.allowed import ALLOWED, BY_NAME, DOCUMENTED, REFUSED, SAMPLED
from emulator.apimanagement.policies.expressions.declare import prop
from emulator.apimanagement.policies.expressions.types import (
    TYPES,
    Member,
    TypeInfo,
    canonical,
    lineage,
    member_of,
)
from emulator.apimanagement.policies.tree import Position

Kind = syntax.Type | None  # None: only the value tells
STRING: Final = syntax.Type("string")
BOOL: Final = syntax.Type("bool")
INT: Final = syntax.Type("int")
_NAMESPACES: Final = ("System", "Newtonsoft", "Microsoft")
_FREE: Final = frozenset({"var", "void", "dynamic", *PREDEFINED})
_STATEMENTS: Final = (syntax.Call, syntax.Assignment, syntax.New, syntax.Postfix, syntax.ConditionalAccess)
_NUMBERS: Final = ("int", "uint", "long", "ulong", "float", "double", "decimal")


class NotKnown(ExpressionError):
    """What Azure allows and this evaluator does not have; what: the type or member."""

    def __init__(self, what: str, position: Position) -> None:
        super().__init__(f"not emulated: {what}", position)
        self.what = what


@lru_cache(maxsize=4096)
def check(expression: str) -> Kind:
    """The type of an expression with its `@`, None where only its value tells.

    ExpressionError where the compiler would refuse it, in its words; `NotKnown` for what is not emulated.
    """
    tree = parse(expression)
    source = Source(expression)
    try:
        return _Checker(source, tree).whole(tree)
    except RecursionError as error:
        raise source.error("the expression is nested too deeply", 0) from error


@lru_cache(maxsize=1024)
def kind_of(text: str) -> Kind:
    """A type from the table of members."""
    if text in ("?", "R", "M", "D") or text == "void":
        return None
    shown = text.replace("?>", "unknown>").replace("<?,", "<unknown,")
    tree = parse(f"@(default({shown}))")
    return tree.type if isinstance(tree, syntax.Default) else None


def _known(kind: Kind) -> Kind:
    return (
        None
        if kind is None or (kind.name in ("unknown", "object", "dynamic", "var") and not kind.ranks)
        else kind
    )


def element_of(kind: Kind) -> Kind:
    """What `foreach` over a type gives."""
    if kind is None:
        return None
    if kind.ranks:
        return syntax.Type(kind.name, kind.arguments, kind.ranks[1:], kind.nullable)
    name = canonical(kind.name)
    if name == "string":
        return syntax.Type("char")
    if name in ("Dictionary", "IDictionary", "IReadOnlyDictionary"):
        return syntax.Type("KeyValuePair", kind.arguments)
    if name == "JObject":
        return syntax.Type("KeyValuePair", (STRING, syntax.Type("JToken")))
    if name in ("JArray", "JToken", "JProperty"):
        return syntax.Type("JToken")
    if name == "MatchCollection":
        return syntax.Type("Match")
    return _known(kind.arguments[0]) if len(kind.arguments) == 1 else None


def lookup_name(kind: syntax.Type) -> str:
    """The name by which the table has a type."""
    return canonical(kind.name) + "[]" * len(kind.ranks)


@dataclass
class _Scope:
    outer: _Scope | None = None
    names: dict[str, Kind] = field(default_factory=dict[str, "Kind"])
    functions: dict[str, Kind] = field(default_factory=dict[str, "Kind"])

    def holder(self, name: str) -> _Scope | None:
        scope: _Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.outer
        return scope

    def function(self, name: str) -> Kind:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.functions:
                return scope.functions[name]
            scope = scope.outer
        return None


class _Checker:
    def __init__(self, source: Source, tree: syntax.Node) -> None:
        self._source = source
        # Members of anonymous types and of tuples are not in the table.
        self._own = {"Item1", "Item2", "Item3", "Item4"}
        for node in tree.walk():
            if isinstance(node, syntax.NewAnonymous):
                self._own.update(name for name, _ in node.members)
            elif isinstance(node, syntax.TupleLiteral):
                self._own.update(one.name for one in node.items if one.name)
            elif isinstance(node, syntax.Type):
                self._check_type(node)

    def whole(self, tree: syntax.Expression | syntax.Block) -> Kind:
        scope = _Scope(names={"context": syntax.Type("IProxyRequestContext")})
        if not isinstance(tree, syntax.Block):
            return _known(self.kind(tree, scope))
        self._returned: list[Kind] = []
        self._block(tree, scope)
        if not _leaves(tree):
            raise self._error("Not all code paths return a value in lambda expression", tree)
        kinds = {type_name(kind) if kind else None for kind in self._returned}
        return self._returned[0] if len(kinds) == 1 and self._returned else None

    def _error(self, message: str, node: syntax.Node) -> ExpressionError:
        return self._source.error(message, node.at)

    def _not_known(self, what: str, node: syntax.Node) -> NotKnown:
        return NotKnown(what, self._source.position(node.at))

    # Types

    def _check_type(self, node: syntax.Type) -> None:
        if node.name in _FREE or canonical(node.name) in TYPES:
            if node.name == "dynamic":
                raise self._error("Dynamic member invocation is not supported", node)
            return
        raise self._no_type(node.name, node)

    def _no_type(self, name: str, node: syntax.Node) -> ExpressionError:
        simple = name.rpartition(".")[2]
        listed = BY_NAME.get(simple) or SAMPLED.get(simple) or REFUSED.get(simple)
        full = name if "." in name else listed
        if full in ALLOWED or full in SAMPLED.values():
            return self._not_known(f"the type {full} in policy expressions", node)
        if full is not None:
            return self._error(f"Usage of type '{full}' is not supported within expressions", node)
        return self._error(
            f"The type or namespace name '{name}' could not be found (are you missing a using directive or "
            "an assembly reference?)",
            node,
        )

    def _static_type(self, node: syntax.Expression, scope: _Scope) -> TypeInfo | None:
        """The type that a name stands for, None where it is a value."""
        if isinstance(node, syntax.PredefinedType):
            return TYPES.get(node.name)
        parts: list[str] = []
        one = node
        while isinstance(one, syntax.Member):
            parts.append(one.name)
            one = one.target
        if not isinstance(one, syntax.Name) or scope.holder(one.name) is not None:
            return None
        parts.append(one.name)
        name = ".".join(reversed(parts))
        found = TYPES.get(canonical(name))
        if found is not None:
            return found
        if name in ALLOWED or name in BY_NAME or name in SAMPLED or name in REFUSED:
            raise self._no_type(name, node)
        return None

    # Expressions

    def kind(self, node: syntax.Node, scope: _Scope) -> Kind:
        """The type of an expression; everything in it is checked."""
        match node:
            case syntax.Literal():
                return None if node.type == "null" else syntax.Type(node.type)
            case syntax.Interpolated():
                for part in node.parts:
                    if isinstance(part, syntax.Hole):
                        self.kind(part.value, scope)
                return STRING
            case syntax.Name():
                return self._name(node, scope)
            case syntax.Member():
                return self._member(node, scope)
            case syntax.Call():
                return self._call(node, scope)
            case syntax.Index():
                return self._index(node, scope)
            case syntax.ConditionalAccess():
                inner = _Scope(scope, {"": _known(self.kind(node.target, scope))})
                return self.kind(node.chain, inner)
            case syntax.Receiver():
                holder = scope.holder("")
                return holder.names[""] if holder else None
            case syntax.Lambda():
                self._lambda(node, scope, ())
                return None
            case syntax.New():
                return self._new(node, scope)
            case syntax.NewArray():
                return self._new_array(node, scope)
            case syntax.Cast():
                self.kind(node.value, scope)
                return node.type
            case syntax.As():
                self.kind(node.value, scope)
                return node.type
            case syntax.Is():
                return self._is(node, scope)
            case syntax.Default():
                return node.type
            case syntax.Unary() | syntax.Postfix():
                kind = self.kind(node.operand, scope)
                return BOOL if node.operator == "!" else kind
            case syntax.Binary():
                return self._binary(node, scope)
            case syntax.Conditional():
                self._condition(node.test, scope)
                then, otherwise = self.kind(node.then, scope), self.kind(node.otherwise, scope)
                return then if then == otherwise else None
            case syntax.Assignment():
                kind = self.kind(node.target, scope)
                self.kind(node.value, scope)
                return kind
            case syntax.PredefinedType():
                raise self._error(f"'{node.name}' is a type, which is not valid in the given context", node)
            case _:
                for one in node.nodes():
                    if isinstance(
                        one, syntax.Expression | syntax.Argument | syntax.Initializer | syntax.Setter
                    ):
                        self.kind(one, scope)
                return None

    def _name(self, node: syntax.Name, scope: _Scope) -> Kind:
        holder = scope.holder(node.name)
        if holder is not None:
            return holder.names[node.name]
        if self._static_type(node, scope) is not None:
            raise self._error(f"'{node.name}' is a type, which is not valid in the given context", node)
        raise self._error(f"The name '{node.name}' does not exist in the current context", node)

    def _allowed(self, info: TypeInfo, name: str, node: syntax.Node) -> None:
        members = ALLOWED.get(info.full)
        if members is not None and name not in members:
            raise self._error(
                f"Usage of member '{name}' of type '{info.full}' is not supported within expressions", node
            )

    def _find(
        self, target: syntax.Expression, name: str, node: syntax.Node, scope: _Scope
    ) -> tuple[Member | None, Kind]:
        """A member and the type of what it belongs to; no member where only the value tells."""
        info = self._static_type(target, scope)
        if info is not None:
            self._allowed(info, name, node)
            for one in (info, *(TYPES[base] for base in info.bases if base in TYPES)):
                if name in one.statics:
                    return one.statics[name], syntax.Type(info.name)
            raise self._missing(info, name, node)
        if self._is_foreign(target, scope):
            raise self._no_type(_dotted(target), node)
        kind = _known(self.kind(target, scope))
        if kind is None:
            self._any_member(name, node)
            return None, None
        if kind.nullable and not kind.ranks and name in ("Value", "HasValue"):
            plain = syntax.Type(kind.name, kind.arguments)
            return prop("bool" if name == "HasValue" else type_name(plain), _unused), kind
        lookup = lookup_name(kind)
        lines = lineage(lookup)
        if len(lines) <= 1:
            raise self._no_type(kind.name, node)
        self._allowed(lines[0], name, node)
        found = member_of(lookup, name)
        if found is None:
            raise self._missing(lines[0], name, node)
        return found, kind

    def _is_foreign(self, target: syntax.Expression, scope: _Scope) -> bool:
        """Whether a name with dots begins in a namespace and leads to no type of the table."""
        root = target
        while isinstance(root, syntax.Member):
            if self._static_type(root, scope) is not None:
                return False
            root = root.target
        return isinstance(root, syntax.Name) and root.name in _NAMESPACES and scope.holder(root.name) is None

    def _missing(self, info: TypeInfo, name: str, node: syntax.Node) -> ExpressionError:
        # Of types with many members the documentation allows all, the table has the usual ones.
        if info.full in ALLOWED or name in DOCUMENTED.get(info.name, ()):
            return self._not_known(f"the member {name} of {info.full} in policy expressions", node)
        return self._error(
            f"'{info.name}' does not contain a definition for '{name}' and no extension method '{name}' "
            f"accepting a first argument of type '{info.name}' could be found (are you missing a using "
            "directive or an assembly reference?)",
            node,
        )

    def _any_member(self, name: str, node: syntax.Node) -> None:
        """A member of what only the value tells: some type must have it."""
        if name not in self._own and name not in _every_member() and name != "HasValue":
            raise self._not_known(f"the member {name} in policy expressions", node)

    def _member(self, node: syntax.Member, scope: _Scope) -> Kind:
        member, owner = self._find(node.target, node.name, node, scope)
        return None if member is None or member.call else self._result(member, owner, (), None)

    def _result(self, member: Member, owner: Kind, types: tuple[syntax.Type, ...], made: Kind) -> Kind:
        returns = member.returns
        if returns == "M":
            return _known(types[0]) if types else None
        element = element_of(owner)
        pair = owner.arguments if owner and len(owner.arguments) == 2 else (None, None)
        if returns == "D":
            if types:
                return _known(types[0])
            held = _known(pair[1])
            return STRING if held and held.name == "string" else held
        if returns in ("T", "K", "V"):
            return {"T": element, "K": _known(pair[0]), "V": _known(pair[1])}[returns]
        if returns == "T[]" and element is None:
            return None
        kind = kind_of(returns)
        if kind is None:
            return None
        put: dict[str, Kind] = {
            "T": element,
            "K": _known(pair[0]),
            "V": _known(pair[1]),
            "M": types[0] if types else None,
            "R": made,
        }
        return _substituted(kind, put)

    def _call(self, node: syntax.Call, scope: _Scope) -> Kind:
        callee = node.target
        if not isinstance(callee, syntax.Member):
            if isinstance(callee, syntax.Name) and scope.holder(callee.name) is None:
                raise self._error(f"The name '{callee.name}' does not exist in the current context", callee)
            self.kind(callee, scope)
            self._arguments(node.arguments, scope, None)
            return scope.function(callee.name) if isinstance(callee, syntax.Name) else None
        member, owner = self._find(callee.target, callee.name, callee, scope)
        if member is not None and not member.call:
            # `Count()` of LINQ beside the property `Count`.
            member = member_of("IEnumerable", callee.name) if owner else None
            if member is None:
                raise self._error(
                    f"Non-invocable member '{callee.name}' cannot be used like a method", callee
                )
        element = element_of(owner)
        if member is not None and not member.own and node.arguments:
            first = node.arguments[0].value
            element = (
                element_of(_known(self.kind(first, scope))) if not isinstance(first, syntax.Lambda) else None
            )
        made = self._arguments(node.arguments, scope, element)
        if member is None:
            return None
        self._arity(member, callee.name, node)
        return self._result(member, owner, callee.arguments, made)

    def _arity(self, member: Member, name: str, node: syntax.Call | syntax.New) -> None:
        least, most = member.arity
        if member.generic:
            most -= 1
        count = len(node.arguments)
        for one in node.arguments:
            if one.name and one.name not in member.names:
                raise self._error(
                    f"The best overload for '{name}' does not have a parameter named '{one.name}'", one
                )
        if not least <= count <= most:
            raise self._error(f"No overload for method '{name}' takes {count} arguments", node)

    def _arguments(self, given: tuple[syntax.Argument, ...], scope: _Scope, element: Kind) -> Kind:
        """Checks arguments; the type that the first lambda gives."""
        made: Kind = None
        seen = False
        for one in given:
            value = one.value
            if one.declares is not None and isinstance(value, syntax.Name):
                scope.names[value.name] = _known(one.declares)
            elif isinstance(value, syntax.Lambda):
                kind = self._lambda(value, scope, (element, INT if len(value.parameters) == 2 else None))
                made, seen = (made, True) if seen else (kind, True)
            elif not self._is_discard(one) and not self._is_method(value, scope):
                self.kind(value, scope)
        return made

    def _is_discard(self, node: syntax.Argument) -> bool:
        return node.mode == "out" and isinstance(node.value, syntax.Name) and node.value.name == "_"

    def _is_method(self, node: syntax.Expression, scope: _Scope) -> bool:
        """A method without its brackets, as an argument."""
        if not isinstance(node, syntax.Member):
            return False
        info = self._static_type(node.target, scope)
        return info is not None and node.name in info.statics and info.statics[node.name].call

    def _lambda(self, node: syntax.Lambda, scope: _Scope, kinds: tuple[Kind, ...]) -> Kind:
        inner = _Scope(scope)
        aggregate = len(node.parameters) == 2 and kinds[:1] == (None,)
        for index, one in enumerate(node.parameters):
            kind = None if aggregate or index >= len(kinds) else kinds[index]
            inner.names[one.name] = _known(one.type) if one.type else kind
        if isinstance(node.body, syntax.Block):
            before, self._returned = getattr(self, "_returned", []), []
            self._block(node.body, inner)
            self._returned = before
            return None
        return _known(self.kind(node.body, inner))

    def _index(self, node: syntax.Index, scope: _Scope) -> Kind:
        kind = _known(self.kind(node.target, scope))
        self._arguments(node.arguments, scope, None)
        if kind is None:
            return None
        if kind.ranks:
            return element_of(kind)
        for info in lineage(lookup_name(kind)):
            if info.index is not None:
                return self._result(Member(info.index, len), kind, (), None)
        raise self._error(f"Cannot apply indexing with [] to an expression of type '{type_name(kind)}'", node)

    def _new(self, node: syntax.New, scope: _Scope) -> Kind:
        info = TYPES.get(canonical(node.type.name))
        self._arguments(node.arguments, scope, None)
        if info is not None and info.make is None:
            raise self._error(f"Cannot create an instance of '{info.full}'", node)
        if info is not None and info.make is not None and node.arguments:
            self._arity(info.make, info.name, node)
        if node.initializer is not None:
            self._initializer(node.initializer, scope, info)
        return node.type

    def _initializer(self, node: syntax.Initializer, scope: _Scope, info: TypeInfo | None) -> None:
        for part in node.parts:
            if isinstance(part, syntax.Item):
                for one in part.values:
                    self.kind(one, scope)
                continue
            if part.name is not None and info is not None and part.name not in info.set:
                raise self._missing(info, part.name, part)
            if part.key is not None:
                self.kind(part.key, scope)
            if isinstance(part.value, syntax.Initializer):
                self._initializer(part.value, scope, None)
            else:
                self.kind(part.value, scope)

    def _new_array(self, node: syntax.NewArray, scope: _Scope) -> Kind:
        for size in node.sizes:
            self.kind(size, scope)
        kinds = [self.kind(one, scope) for one in node.items.values] if node.items else []
        if node.type is not None:
            return node.type
        first = kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else None
        return syntax.Type(first.name, first.arguments, (1, *first.ranks)) if first else None

    def _is(self, node: syntax.Is, scope: _Scope) -> Kind:
        self.kind(node.value, scope)
        if node.name is not None:
            scope.names[node.name] = _known(node.type)
        if node.constant is not None:
            self.kind(node.constant, scope)
        return BOOL

    def _binary(self, node: syntax.Binary, scope: _Scope) -> Kind:
        chain = [node]
        while isinstance(chain[-1].left, syntax.Binary):
            chain.append(chain[-1].left)
        left = self.kind(chain[-1].left, scope)
        for one in reversed(chain):
            left = self._operated(one, left, self.kind(one.right, scope))
        return left

    def _operated(self, node: syntax.Binary, left: Kind, right: Kind) -> Kind:
        operator = node.operator
        if operator in ("&&", "||"):
            for kind in (left, right):
                if _known(kind) is not None and kind is not None and lookup_name(kind) != "bool":
                    raise self._error(
                        f"Operator '{operator}' cannot be applied to operands of type "
                        f"'{_shown(left)}' and '{_shown(right)}'",
                        node,
                    )
            return BOOL
        if operator in ("==", "!=", "<", ">", "<=", ">="):
            return BOOL
        names = {lookup_name(kind) if kind else "" for kind in (left, right)}
        if operator == "+" and "string" in names:
            return STRING
        if operator == "??":
            return left if left == right else None
        numbers = [_NUMBERS.index(name) for name in names if name in _NUMBERS]
        if len(numbers) == len(names):
            return syntax.Type(_NUMBERS[max(numbers)])
        return None

    def _condition(self, node: syntax.Expression, scope: _Scope) -> None:
        kind = _known(self.kind(node, scope))
        if kind is not None and lookup_name(kind) != "bool":
            raise self._error(f"Cannot implicitly convert type '{type_name(kind)}' to 'bool'", node)

    # Statements

    def _block(self, node: syntax.Block, scope: _Scope) -> None:
        for one in node.statements:
            if isinstance(one, syntax.LocalFunction):
                scope.names[one.name] = None
                scope.functions[one.name] = _known(one.type)
        for one in node.statements:
            self._statement(one, scope)

    def _statement(self, node: syntax.Statement, scope: _Scope) -> None:
        match node:
            case syntax.Block():
                self._block(node, _Scope(scope))
            case syntax.Local():
                for name, value in node.names:
                    kind = None if value is None else self.kind(value, scope)
                    scope.names[name] = _known(kind if node.type.name == "var" else node.type)
            case syntax.LocalFunction():
                self._function(node, scope)
            case syntax.Do():
                if not isinstance(node.value, _STATEMENTS) and not (
                    isinstance(node.value, syntax.Unary) and node.value.operator in ("++", "--")
                ):
                    raise self._error(
                        "Only assignment, call, increment, decrement, await, and new object expressions can "
                        "be used as a statement",
                        node,
                    )
                self.kind(node.value, scope)
            case syntax.If():
                self._condition(node.test, scope)
                self._statement(node.then, _Scope(scope))
                if node.otherwise is not None:
                    self._statement(node.otherwise, _Scope(scope))
            case syntax.While():
                self._condition(node.test, scope)
                self._statement(node.body, _Scope(scope))
            case syntax.For():
                inner = _Scope(scope)
                for one in node.first:
                    self._statement(one, inner)
                if node.test is not None:
                    self._condition(node.test, inner)
                for value in node.each:
                    self.kind(value, inner)
                self._statement(node.body, _Scope(inner))
            case syntax.ForEach():
                element = element_of(_known(self.kind(node.source, scope)))
                kind = element if node.type.name == "var" else _known(node.type)
                self._statement(node.body, _Scope(scope, {node.name: kind}))
            case syntax.Return():
                kind = None if node.value is None else _known(self.kind(node.value, scope))
                self._returned.append(kind)
            case syntax.Throw():
                if node.value is not None:
                    self.kind(node.value, scope)
            case syntax.Try():
                self._try(node, scope)
            case syntax.Switch():
                self.kind(node.value, scope)
                for case in node.cases:
                    inner = _Scope(scope)
                    for one in case.body:
                        self._statement(one, inner)
            case syntax.Using():
                inner = _Scope(scope)
                if isinstance(node.resource, syntax.Local):
                    self._statement(node.resource, inner)
                else:
                    self.kind(node.resource, inner)
                self._statement(node.body, inner)
            case _:
                return

    def _function(self, node: syntax.LocalFunction, scope: _Scope) -> None:
        inner = _Scope(scope, {one.name: _known(one.type) for one in node.parameters})
        if not isinstance(node.body, syntax.Block):
            self.kind(node.body, inner)
            return
        before, self._returned = self._returned, []
        self._block(node.body, inner)
        self._returned = before
        if node.type.name != "void" and not _leaves(node.body):
            raise self._error(f"'{node.name}': not all code paths return a value", node)

    def _try(self, node: syntax.Try, scope: _Scope) -> None:
        self._statement(node.body, scope)
        for one in node.catches:
            inner = _Scope(scope, {one.name: one.type} if one.name else {})
            if one.test is not None:
                self._condition(one.test, inner)
            self._block(one.body, inner)
        if node.last is not None:
            self._statement(node.last, scope)


def _unused(value: object) -> object:
    """A member that the check alone looks at."""
    return value


def _shown(kind: Kind) -> str:
    return type_name(kind) if kind else "object"


def _dotted(node: syntax.Expression) -> str:
    return (
        f"{_dotted(node.target)}.{node.name}"
        if isinstance(node, syntax.Member)
        else getattr(node, "name", "")
    )


def _substituted(kind: syntax.Type, put: dict[str, Kind]) -> Kind:
    if kind.name in put and not kind.arguments:
        inner = put[kind.name]
        if inner is None:
            return None if kind.ranks else syntax.Type("unknown")
        return syntax.Type(inner.name, inner.arguments, (*kind.ranks, *inner.ranks), inner.nullable)
    arguments = tuple(_substituted(one, put) or syntax.Type("unknown") for one in kind.arguments)
    return syntax.Type(kind.name, arguments, kind.ranks, kind.nullable)


@lru_cache(maxsize=1)
def _every_member() -> frozenset[str]:
    return frozenset(name for info in TYPES.values() for name in info.members)


def _leaves(node: syntax.Statement) -> bool:
    """Whether nothing runs on behind a statement."""
    match node:
        case syntax.Return() | syntax.Throw():
            return True
        case syntax.Block():
            return any(_leaves(one) for one in node.statements)
        case syntax.If():
            return node.otherwise is not None and _leaves(node.then) and _leaves(node.otherwise)
        case syntax.Try():
            last = node.last is not None and _leaves(node.last)
            return last or (_leaves(node.body) and all(_leaves(one.body) for one in node.catches))
        case syntax.Switch():
            complete = any(None in one.labels for one in node.cases)
            return complete and all(any(_leaves(part) for part in one.body) for one in node.cases)
        case syntax.While():
            endless = isinstance(node.test, syntax.Literal) and node.test.value is True
            return (endless and not _breaks(node.body)) or (node.after and _leaves(node.body))
        case syntax.For():
            return node.test is None and not _breaks(node.body)
        case syntax.Using():
            return _leaves(node.body)
        case _:
            return False


def _breaks(node: syntax.Node) -> bool:
    if isinstance(node, syntax.Jump):
        return node.keyword == "break"
    if isinstance(node, syntax.While | syntax.For | syntax.ForEach | syntax.Switch):
        return False
    return any(_breaks(one) for one in node.nodes())
