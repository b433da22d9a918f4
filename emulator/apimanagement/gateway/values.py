"""The values of attributes and texts while a request is handled: literal, or of an expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.apimanagement.gateway.failures import Failure, expression
from emulator.apimanagement.policies import expressions
from emulator.apimanagement.policies.context import Context
from emulator.apimanagement.policies.errors import EvaluationFailure, ExpressionError
from emulator.apimanagement.policies.tree import Policy, Value

Reader = Callable[[Context], Any]


def reader(value: Value, source: str) -> Reader:
    """What gives the value for each request. source: the policy, for its errors."""
    if not value.is_expression:
        literal = value.text
        return lambda context: literal
    try:
        run = expressions.compiled(value.expression)
    except ExpressionError as error:  # a named value has made it so: what is put is looked at
        words = f"{error}"

        def fail(context: Context) -> Any:
            raise expression(source, words)

        return fail

    def read(context: Context) -> Any:
        try:
            return run(context)
        except EvaluationFailure as error:
            raise _failure(source, error) from error

    return read


def _failure(source: str, error: EvaluationFailure) -> Failure:
    failure = expression(source, "")
    failure.message = error.message
    return failure


class Attributes:
    """Attributes of one policy, read for each request."""

    def __init__(self, policy: Policy) -> None:
        self._source = policy.name
        self._readers = {name: reader(value, policy.name) for name, value in policy.attributes.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._readers

    def any(self, name: str, context: Context, default: Any = None) -> Any:
        """The value as it is, of an expression any type."""
        found = self._readers.get(name)
        return default if found is None else found(context)

    def text(self, name: str, context: Context, default: str = "") -> str:
        """The value as text."""
        return as_text(self.any(name, context, default))

    def flag(self, name: str, context: Context, default: bool = False) -> bool:
        """The value as a truth. Failure for what is neither true nor false."""
        return as_flag(self.any(name, context, default), self._source)

    def number(self, name: str, context: Context, default: float = 0) -> float:
        """The value as a number. Failure for what is none."""
        value = self.any(name, context, default)
        try:
            return float(value)
        except (TypeError, ValueError) as error:
            raise expression(self._source, f"{name} is {as_text(value)!r}; a number is needed.") from error


def as_text(value: Any) -> str:
    """A value as C# writes it."""
    return value if isinstance(value, str) else expressions.text(value)


def as_flag(value: Any, source: str) -> bool:
    """A truth, from a truth or from its text."""
    if isinstance(value, bool):
        return value
    text = as_text(value).strip().lower()
    if text in ("true", "false"):
        return text == "true"
    raise expression(source, f"{as_text(value)!r} is neither true nor false.")


def text_of(policy: Policy) -> Reader:
    """The text of an element, as text; "" for one that has none."""
    if policy.text is None:
        return lambda context: ""
    found = reader(policy.text, policy.name)
    if policy.text.is_expression:
        return lambda context: as_text(found(context))
    literal = policy.text.text
    return lambda context: literal
