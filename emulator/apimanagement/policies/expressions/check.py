"""What the compiler of expressions says of one before it ever runs: types, members and arguments by name.

Types are followed as far as the table of `types` tells them; what only a value tells is left for the
evaluation.
"""

from __future__ import annotations

from functools import lru_cache

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.lexer import Source
from emulator.apimanagement.policies.csharp.parser import parse
from emulator.apimanagement.policies.csharp.printing import type_name
from emulator.apimanagement.policies.expressions.check_names import Scope
from emulator.apimanagement.policies.expressions.check_statements import StatementCheck
from emulator.apimanagement.policies.expressions.control_flow import leaves
from emulator.apimanagement.policies.expressions.kinds import Kind, known


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


class _Checker(StatementCheck):
    """The check of one expression."""

    def whole(self, tree: syntax.Expression | syntax.Block) -> Kind:
        """The type of the whole; of several `return` that differ only the value tells."""
        scope = Scope(names={"context": syntax.Type("IProxyRequestContext")})
        if not isinstance(tree, syntax.Block):
            return known(self.kind(tree, scope))
        self._block(tree, scope)
        if not leaves(tree):
            raise self._error("Not all code paths return a value in lambda expression", tree)
        kinds = {type_name(kind) if kind else None for kind in self._returned}
        return self._returned[0] if len(kinds) == 1 and self._returned else None
