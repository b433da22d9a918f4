"""Names and types in the check of an expression: what is in scope, and which types may be named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.lexer import Source
from emulator.apimanagement.policies.csharp.words import PREDEFINED
from emulator.apimanagement.policies.errors import ExpressionError
from emulator.apimanagement.policies.expressions.allowed import ALLOWED, BY_NAME, REFUSED, SAMPLED
from emulator.apimanagement.policies.expressions.kinds import Kind
from emulator.apimanagement.policies.expressions.types import TYPES, TypeInfo, canonical
from emulator.apimanagement.policies.tree import Position

NAMESPACES: Final = ("System", "Newtonsoft", "Microsoft")
_FREE: Final = frozenset({"var", "void", "dynamic", *PREDEFINED})


class NotKnown(ExpressionError):
    """What Azure allows and this evaluator does not have; what: the type or member."""

    def __init__(self, what: str, position: Position) -> None:
        super().__init__(f"not emulated: {what}", position)
        self.what = what


@dataclass
class Scope:
    """The types of the variables and of the functions that a place of an expression sees."""

    outer: Scope | None = None
    names: dict[str, Kind] = field(default_factory=dict[str, "Kind"])
    functions: dict[str, Kind] = field(default_factory=dict[str, "Kind"])

    def holder(self, name: str) -> Scope | None:
        """The innermost scope with a variable of a name, None where there is none."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.outer
        return scope

    def function(self, name: str) -> Kind:
        """What a function gives, None where only its value tells."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.functions:
                return scope.functions[name]
            scope = scope.outer
        return None


class NameCheck:
    """Finds what names stand for, and refuses types that expressions may not use."""

    def __init__(self, source: Source, tree: syntax.Node) -> None:
        self._source = source
        self._returned: list[Kind] = []  # what `return` gives in the function that is being checked
        # Members of anonymous types and of tuples are not in the table.
        self._own = {"Item1", "Item2", "Item3", "Item4"}
        for node in tree.walk():
            if isinstance(node, syntax.NewAnonymous):
                self._own.update(name for name, _ in node.members)
            elif isinstance(node, syntax.TupleLiteral):
                self._own.update(one.name for one in node.items if one.name)
            elif isinstance(node, syntax.Type):
                self._check_type(node)

    def _error(self, message: str, node: syntax.Node) -> ExpressionError:
        return self._source.error(message, node.at)

    def _not_known(self, what: str, node: syntax.Node) -> NotKnown:
        return NotKnown(what, self._source.position(node.at))

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

    def _static_type(self, node: syntax.Expression, scope: Scope) -> TypeInfo | None:
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

    def _is_foreign(self, target: syntax.Expression, scope: Scope) -> bool:
        """Whether a name with dots begins in a namespace and leads to no type of the table."""
        root = target
        while isinstance(root, syntax.Member):
            if self._static_type(root, scope) is not None:
                return False
            root = root.target
        return isinstance(root, syntax.Name) and root.name in NAMESPACES and scope.holder(root.name) is None
