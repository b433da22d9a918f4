"""The tokens of a query as a parser walks through them."""

from __future__ import annotations

from emulator.monitor.kql.faults import SyntaxFault
from emulator.monitor.kql.lexer import Token, read


class Cursor:
    """Looks at the next tokens and takes them."""

    def __init__(self, text: str) -> None:
        self._tokens = read(text)
        self._next = 0

    @property
    def token(self) -> Token:
        """The next one."""
        return self._tokens[self._next]

    def ahead(self, steps: int = 1) -> Token:
        """One after the next; the end beyond it."""
        return self._tokens[min(self._next + steps, len(self._tokens) - 1)]

    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.token.kind == "end"

    def take(self) -> Token:
        """The next one, which is then behind."""
        token = self.token
        if token.kind != "end":
            self._next += 1
        return token

    def sees(self, *texts: str) -> bool:
        """Whether the next is one of these marks or words."""
        return self.token.kind not in ("string", "end") and self.token.text in texts

    def accept(self, *texts: str) -> bool:
        """Take the next if it is one of these."""
        if self.sees(*texts):
            self.take()
            return True
        return False

    def expect(self, text: str) -> Token:
        """Take what has to stand here."""
        if not self.sees(text):
            raise self.fault()
        return self.take()

    def name(self) -> Token:
        """Take a name: bare, or in brackets and quotes."""
        if self.sees("[") and self.ahead().kind == "string":
            self.take()
            token = self.take()
            self.expect("]")
            return token
        if self.token.kind != "name":
            raise self.fault()
        return self.take()

    def fault(self) -> SyntaxFault:
        """That the next token cannot stand here."""
        return SyntaxFault(self.token.at, self.token.text)
