"""What the grammar reads by: tokens one after the other, attempts, and how deep it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from emulator.apimanagement.policies.csharp.lexer import MAX_CHAIN, MAX_DEPTH, Source, Token
from emulator.apimanagement.policies.errors import ExpressionError

_T = TypeVar("_T")


class Cursor:
    """A place among the tokens of a source."""

    def __init__(self, source: Source, found: tuple[Token, ...], depth: int = 0) -> None:
        self._source = source
        self._tokens = found
        self._at = 0
        self._depth = depth

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _peek(self, ahead: int = 1) -> Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def _next(self) -> Token:
        token = self._token
        if token.kind != "end":
            self._at += 1
        return token

    def _is(self, *values: str, ahead: int = 0) -> bool:
        token = self._peek(ahead)
        return token.kind in ("operator", "keyword") and token.value in values

    def _word(self, word: str, ahead: int = 0) -> bool:
        """A name that means something here only, as `when`."""
        token = self._peek(ahead)
        return token.kind == "name" and token.value == word

    def _take(self, *values: str) -> bool:
        if self._is(*values):
            self._at += 1
            return True
        return False

    def _expect(self, value: str) -> Token:
        if not self._is(value):
            raise self._error(f"{value} expected")
        return self._next()

    def _expect_end(self) -> None:
        if self._token.kind != "end":
            raise self._error(f"unexpected '{self._shown()}'")

    def _name(self) -> str:
        if self._token.kind != "name":
            raise self._error("Identifier expected")
        return self._next().value

    def _shown(self) -> str:
        token = self._token
        return self._source.text[token.start : token.end]

    def _error(self, message: str, at: int | None = None) -> ExpressionError:
        return self._source.error(message, self._token.start if at is None else at)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error("the expression is nested too deeply")

    def _longer(self, links: int) -> None:
        """A chain of operators or calls makes a tree that is as deep as the chain is long."""
        if links > MAX_CHAIN:
            raise self._error("the chain of operators or calls is too long")

    def _attempt(self, read: Callable[[], _T]) -> _T | None:
        """What ``read`` reads; nothing, and back to where it began, where it cannot."""
        start, depth = self._at, self._depth
        try:
            return read()
        except ExpressionError:
            self._at, self._depth = start, depth
            return None
