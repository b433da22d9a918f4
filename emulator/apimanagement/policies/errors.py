"""What is wrong with a policy when it is written, and what goes wrong with an expression when it runs."""

from __future__ import annotations

from typing import Final

from emulator.apimanagement.policies.tree import Position

FAILURE: Final = "ExpressionValueEvaluationFailure"


class PolicyError(Exception):
    """A policy that Azure refuses when it is put: the element, where its name stands, and why."""

    def __init__(self, element: str, position: Position, message: str) -> None:
        super().__init__(f"Error in element '{element}' on {position}: {message}")
        self.element = element
        self.position = position
        self.message = message


class ExpressionError(Exception):
    """An expression that is no C#, or names what is not there; position: in it, its `@` at 1, 1."""

    def __init__(self, message: str, position: Position) -> None:
        super().__init__(f"{message} ({position} of the expression)")
        self.message = message
        self.position = position


class EvaluationFailure(Exception):
    """An expression that raised while it ran. The gateway puts it into `context.LastError`.

    reason: `ExpressionValueEvaluationFailure`, as the documentation of error handling has it. kind: the .NET
    exception, as `System.NullReferenceException`.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.reason = FAILURE
        self.kind = kind
        self.message = f"Expression evaluation failed. {message}"
