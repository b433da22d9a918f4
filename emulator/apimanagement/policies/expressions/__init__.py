"""Expressions in a request's context: `compiled` once, then a value for each request."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from emulator.apimanagement.policies.context import Context
from emulator.apimanagement.policies.csharp.parser import parse
from emulator.apimanagement.policies.errors import EvaluationFailure
from emulator.apimanagement.policies.expressions.evaluate import Evaluation
from emulator.apimanagement.policies.expressions.formats import text
from emulator.apimanagement.policies.expressions.jwt import Jwt, jwt_of
from emulator.apimanagement.policies.expressions.values import Limit, Thrown
from emulator.apimanagement.policies.tree import Value

__all__ = ["Jwt", "compiled", "evaluate", "jwt_of", "text"]


@lru_cache(maxsize=2048)
def compiled(expression: str) -> Callable[[Context], Any]:
    """What evaluates an expression with its `@`. ExpressionError for what is no C#.

    The function raises `EvaluationFailure`, and nothing else, for what goes wrong in it: an exception that
    the expression does not catch, or one of the limits of time, steps and sizes.
    """
    tree = parse(expression)

    def run(context: Context) -> Any:
        try:
            return Evaluation(context).run(tree)
        except Thrown as thrown:
            raise EvaluationFailure(thrown.kind, thrown.message) from thrown
        except Limit as limit:
            raise EvaluationFailure("System.TimeoutException", f"{limit}.") from limit
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # Values of types that no overload takes: a compiler would have refused them.
            raise EvaluationFailure(
                "System.InvalidOperationException", f"Invalid operation: {error}."
            ) from error
        except RecursionError as error:
            raise EvaluationFailure(
                "System.InsufficientExecutionStackException", "The expression is nested too deeply."
            ) from error

    return run


def evaluate(value: Value, context: Context) -> Any:
    """The value of an attribute or a text: a literal's is its text."""
    return compiled(value.expression)(context) if value.is_expression else value.text
