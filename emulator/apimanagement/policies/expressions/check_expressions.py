"""Expressions in the check: the type of each, and of everything in it."""

from __future__ import annotations

from typing import Final

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.printing import type_name
from emulator.apimanagement.policies.expressions.check_members import MemberCheck
from emulator.apimanagement.policies.expressions.check_names import Scope
from emulator.apimanagement.policies.expressions.kinds import (
    BOOL,
    INT,
    STRING,
    Kind,
    element_of,
    known,
    lookup_name,
    shown,
)
from emulator.apimanagement.policies.expressions.types import (
    TYPES,
    Member,
    TypeInfo,
    canonical,
    lineage,
    member_of,
)

_NUMBERS: Final = ("int", "uint", "long", "ulong", "float", "double", "decimal")


class ExpressionCheck(MemberCheck):
    """Checks expressions. The blocks of lambdas are left to the check of statements."""

    def _block(self, node: syntax.Block, scope: Scope) -> None:
        raise NotImplementedError

    def kind(self, node: syntax.Node, scope: Scope) -> Kind:
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
                inner = Scope(scope, {"": known(self.kind(node.target, scope))})
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

    def _name(self, node: syntax.Name, scope: Scope) -> Kind:
        holder = scope.holder(node.name)
        if holder is not None:
            return holder.names[node.name]
        if self._static_type(node, scope) is not None:
            raise self._error(f"'{node.name}' is a type, which is not valid in the given context", node)
        raise self._error(f"The name '{node.name}' does not exist in the current context", node)

    def _member(self, node: syntax.Member, scope: Scope) -> Kind:
        member, owner = self._find(node.target, node.name, node, scope)
        return None if member is None or member.call else self._result(member, owner, (), None)

    def _call(self, node: syntax.Call, scope: Scope) -> Kind:
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
                element_of(known(self.kind(first, scope))) if not isinstance(first, syntax.Lambda) else None
            )
        made = self._arguments(node.arguments, scope, element)
        if member is None:
            return None
        self._arity(member, callee.name, node)
        return self._result(member, owner, callee.arguments, made)

    def _arguments(self, given: tuple[syntax.Argument, ...], scope: Scope, element: Kind) -> Kind:
        """Checks arguments; the type that the first lambda gives."""
        made: Kind = None
        seen = False
        for one in given:
            value = one.value
            if one.declares is not None and isinstance(value, syntax.Name):
                scope.names[value.name] = known(one.declares)
            elif isinstance(value, syntax.Lambda):
                kind = self._lambda(value, scope, (element, INT if len(value.parameters) == 2 else None))
                made, seen = (made, True) if seen else (kind, True)
            elif not self._is_discard(one) and not self._is_method(value, scope):
                self.kind(value, scope)
        return made

    def _is_discard(self, node: syntax.Argument) -> bool:
        return node.mode == "out" and isinstance(node.value, syntax.Name) and node.value.name == "_"

    def _is_method(self, node: syntax.Expression, scope: Scope) -> bool:
        """A method without its brackets, as an argument."""
        if not isinstance(node, syntax.Member):
            return False
        info = self._static_type(node.target, scope)
        return info is not None and node.name in info.statics and info.statics[node.name].call

    def _lambda(self, node: syntax.Lambda, scope: Scope, kinds: tuple[Kind, ...]) -> Kind:
        inner = Scope(scope)
        aggregate = len(node.parameters) == 2 and kinds[:1] == (None,)
        for index, one in enumerate(node.parameters):
            kind = None if aggregate or index >= len(kinds) else kinds[index]
            inner.names[one.name] = known(one.type) if one.type else kind
        if isinstance(node.body, syntax.Block):
            before, self._returned = self._returned, []
            self._block(node.body, inner)
            self._returned = before
            return None
        return known(self.kind(node.body, inner))

    def _index(self, node: syntax.Index, scope: Scope) -> Kind:
        kind = known(self.kind(node.target, scope))
        self._arguments(node.arguments, scope, None)
        if kind is None:
            return None
        if kind.ranks:
            return element_of(kind)
        for info in lineage(lookup_name(kind)):
            if info.index is not None:
                return self._result(Member(info.index, len), kind, (), None)
        raise self._error(f"Cannot apply indexing with [] to an expression of type '{type_name(kind)}'", node)

    def _new(self, node: syntax.New, scope: Scope) -> Kind:
        info = TYPES.get(canonical(node.type.name))
        self._arguments(node.arguments, scope, None)
        if info is not None and info.make is None:
            raise self._error(f"Cannot create an instance of '{info.full}'", node)
        if info is not None and info.make is not None and node.arguments:
            self._arity(info.make, info.name, node)
        if node.initializer is not None:
            self._initializer(node.initializer, scope, info)
        return node.type

    def _initializer(self, node: syntax.Initializer, scope: Scope, info: TypeInfo | None) -> None:
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

    def _new_array(self, node: syntax.NewArray, scope: Scope) -> Kind:
        for size in node.sizes:
            self.kind(size, scope)
        kinds = [self.kind(one, scope) for one in node.items.values] if node.items else []
        if node.type is not None:
            return node.type
        first = kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else None
        return syntax.Type(first.name, first.arguments, (1, *first.ranks)) if first else None

    def _is(self, node: syntax.Is, scope: Scope) -> Kind:
        self.kind(node.value, scope)
        if node.name is not None:
            scope.names[node.name] = known(node.type)
        if node.constant is not None:
            self.kind(node.constant, scope)
        return BOOL

    def _binary(self, node: syntax.Binary, scope: Scope) -> Kind:
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
                if known(kind) is not None and kind is not None and lookup_name(kind) != "bool":
                    raise self._error(
                        f"Operator '{operator}' cannot be applied to operands of type "
                        f"'{shown(left)}' and '{shown(right)}'",
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

    def _condition(self, node: syntax.Expression, scope: Scope) -> None:
        kind = known(self.kind(node, scope))
        if kind is not None and lookup_name(kind) != "bool":
            raise self._error(f"Cannot implicitly convert type '{type_name(kind)}' to 'bool'", node)
