"""Why a query is not answered: what Log Analytics says of it, or that it is not emulated."""

from __future__ import annotations

from typing import Final

MOST_ROWS: Final = 500_000
"""Of a table while a query runs, as the results of Log Analytics are limited ("Query limits")."""


class QueryFault(Exception):
    """A query that Azure refuses. at: offset in its text, -1 for none; token: the word there."""

    kind = "SemanticError"
    words = "A semantic error occurred."

    def __init__(self, message: str, at: int = -1, token: str = "", code: str = "SEM0100") -> None:
        super().__init__(message)
        self.message, self.at, self.token, self.code = message, at, token, code


class SyntaxFault(QueryFault):
    """A text that is no query."""

    kind = "SyntaxError"
    words = "A recognition error occurred in the query."

    def __init__(self, at: int, token: str, message: str = "") -> None:
        super().__init__(message, at, token, "SYN0002")


class Unsupported(Exception):
    """A part of the language that Azure knows and this does not. what: its name, with its kind before it."""

    def __init__(self, what: str, at: int = -1) -> None:
        super().__init__(what)
        self.what, self.at = what, at


def incomparable(left: str, right: str, at: int) -> QueryFault:
    """Kusto's words for a comparison of two types that have none."""
    words = f"Cannot compare values of types {left} and {right}. Try adding explicit casts"
    return QueryFault(words, at, code="SEM0064")


def too_many(at: int) -> QueryFault:
    """Kusto's words for more rows than a query may have."""
    words = f"Query execution has exceeded the allowed limits (80DA0003): more than {MOST_ROWS} records."
    return QueryFault(words, at, code="E_QUERY_RESULT_SET_TOO_LARGE")


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column of an offset, as Azure counts them: lines from 1, columns from 0."""
    before = text[: max(at, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)
