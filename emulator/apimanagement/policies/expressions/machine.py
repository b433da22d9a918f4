"""What evaluates: scopes, functions, counted steps and time. How a node is evaluated is registered."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from emulator.apimanagement.policies.context import Context
from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.expressions import conversions, operators, tokens
from emulator.apimanagement.policies.expressions.members import assign, store, unknown_name
from emulator.apimanagement.policies.expressions.types import TYPES, canonical
from emulator.apimanagement.policies.expressions.values import (
    Limit,
    Ref,
    Thrown,
    budget,
    full_name,
)

Evaluate = Callable[["Evaluation", Any, "Scope"], Any]
# Class of the node -> what evaluates it; filled by `evaluate_values` and `evaluate_statements`.
VALUES: Final[dict[type, Evaluate]] = {}
STATEMENTS: Final[dict[type, Evaluate]] = {}

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
        return VALUES[type(node)](self, node, scope)

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
        STATEMENTS[type(node)](self, node, scope)

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
                raise unknown_name(node.name)

            def put(value: Any) -> None:
                held[node.name] = value

            return put
        if isinstance(node, syntax.Index):
            holder = self.value(node.target, scope)
            key = self.value(node.arguments[0].value, scope)
            return lambda value: store(holder, key, value)
        if isinstance(node, syntax.Member):
            owner = self.value(node.target, scope)
            return lambda value: assign(owner, node.name, value)
        raise Thrown(
            "System.InvalidOperationException", "The left-hand side of an assignment must be a variable"
        )
