"""Statements in the check of an expression, which are in the blocks of `@{}` and of lambdas."""

from __future__ import annotations

from typing import Final

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.expressions.check_expressions import ExpressionCheck
from emulator.apimanagement.policies.expressions.check_names import Scope
from emulator.apimanagement.policies.expressions.control_flow import leaves
from emulator.apimanagement.policies.expressions.kinds import element_of, known

_STATEMENTS: Final = (syntax.Call, syntax.Assignment, syntax.New, syntax.Postfix, syntax.ConditionalAccess)


class StatementCheck(ExpressionCheck):
    """Checks statements, and collects the types of what `return` gives."""

    def _block(self, node: syntax.Block, scope: Scope) -> None:
        for one in node.statements:
            if isinstance(one, syntax.LocalFunction):
                scope.names[one.name] = None
                scope.functions[one.name] = known(one.type)
        for one in node.statements:
            self._statement(one, scope)

    def _statement(self, node: syntax.Statement, scope: Scope) -> None:
        match node:
            case syntax.Block():
                self._block(node, Scope(scope))
            case syntax.Local():
                for name, value in node.names:
                    kind = None if value is None else self.kind(value, scope)
                    scope.names[name] = known(kind if node.type.name == "var" else node.type)
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
                self._statement(node.then, Scope(scope))
                if node.otherwise is not None:
                    self._statement(node.otherwise, Scope(scope))
            case syntax.While():
                self._condition(node.test, scope)
                self._statement(node.body, Scope(scope))
            case syntax.For():
                inner = Scope(scope)
                for one in node.first:
                    self._statement(one, inner)
                if node.test is not None:
                    self._condition(node.test, inner)
                for value in node.each:
                    self.kind(value, inner)
                self._statement(node.body, Scope(inner))
            case syntax.ForEach():
                element = element_of(known(self.kind(node.source, scope)))
                kind = element if node.type.name == "var" else known(node.type)
                self._statement(node.body, Scope(scope, {node.name: kind}))
            case syntax.Return():
                kind = None if node.value is None else known(self.kind(node.value, scope))
                self._returned.append(kind)
            case syntax.Throw():
                if node.value is not None:
                    self.kind(node.value, scope)
            case syntax.Try():
                self._try(node, scope)
            case syntax.Switch():
                self.kind(node.value, scope)
                for case in node.cases:
                    inner = Scope(scope)
                    for one in case.body:
                        self._statement(one, inner)
            case syntax.Using():
                inner = Scope(scope)
                if isinstance(node.resource, syntax.Local):
                    self._statement(node.resource, inner)
                else:
                    self.kind(node.resource, inner)
                self._statement(node.body, inner)
            case _:
                return

    def _function(self, node: syntax.LocalFunction, scope: Scope) -> None:
        inner = Scope(scope, {one.name: known(one.type) for one in node.parameters})
        if not isinstance(node.body, syntax.Block):
            self.kind(node.body, inner)
            return
        before, self._returned = self._returned, []
        self._block(node.body, inner)
        self._returned = before
        if node.type.name != "void" and not leaves(node.body):
            raise self._error(f"'{node.name}': not all code paths return a value", node)

    def _try(self, node: syntax.Try, scope: Scope) -> None:
        self._statement(node.body, scope)
        for one in node.catches:
            inner = Scope(scope, {one.name: one.type} if one.name else {})
            if one.test is not None:
                self._condition(one.test, inner)
            self._block(one.body, inner)
        if node.last is not None:
            self._statement(node.last, scope)
