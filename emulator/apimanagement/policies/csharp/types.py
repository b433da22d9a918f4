"""The grammar of types."""

from __future__ import annotations

from typing import Final

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.cursor import Cursor
from emulator.apimanagement.policies.csharp.words import PREDEFINED

# Behind a list of type arguments one of these makes it one (12.8.4, "type arguments or less than").
_BEHIND_TYPES: Final = "( ) ] } : ; , . ? ?. == != | ^ && || & [ => {"
BEHIND_TYPES: Final = frozenset(_BEHIND_TYPES.split())


class Types(Cursor):
    """Reads types."""

    def type(self, *, nullable: bool = True) -> syntax.Type:
        """A type, with its array ranks; nullable: whether a `?` behind it belongs to it."""
        at = self._token.start
        name, arguments = self._type_name()
        question = nullable and self._is("?")
        if question:
            self._next()
        ranks: list[int] = []
        while self._is("[") and self._is("]", ",", ahead=1):
            start = self._at
            self._next()
            rank = 1
            while self._take(","):
                rank += 1
            if not self._take("]"):
                self._at = start
                break
            ranks.append(rank)
        return syntax.Type(name, arguments, tuple(ranks), question, at=at)

    def _type_name(self) -> tuple[str, tuple[syntax.Type, ...]]:
        if self._token.kind == "keyword" and self._token.value in PREDEFINED:
            return self._next().value, ()
        parts = [self._name()]
        arguments = self._type_arguments() if self._is("<") else ()
        while not arguments and self._is(".") and self._peek().kind == "name":
            self._next()
            parts.append(self._name())
            if self._is("<"):
                arguments = self._type_arguments()
        return ".".join(parts), arguments

    def _type_arguments(self) -> tuple[syntax.Type, ...]:
        self._deeper()
        self._expect("<")
        found = [self.type()]
        while self._take(","):
            found.append(self.type())
        self._expect(">")
        self._depth -= 1
        return tuple(found)

    def _generic(self) -> tuple[syntax.Type, ...]:
        """The type arguments of a name in an expression, none where the `<` is less than."""
        if not self._is("<"):
            return ()

        def read() -> tuple[syntax.Type, ...]:
            found = self._type_arguments()
            if self._token.kind != "end" and not self._is(*BEHIND_TYPES):
                raise self._error("not type arguments")
            return found

        return self._attempt(read) or ()
