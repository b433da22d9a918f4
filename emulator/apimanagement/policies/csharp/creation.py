"""The grammar of `new`: objects, arrays and anonymous types, with the values that they are given."""

from __future__ import annotations

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.precedence import ASSIGNMENT
from emulator.apimanagement.policies.csharp.types import Types


class Creation(Types):
    """Reads what stands behind `new`. Values and arguments are left to the reader of expressions."""

    def expression(self, weakest: int = ASSIGNMENT) -> syntax.Expression:
        """An expression of operators that bind at least as strongly as ``weakest``."""
        raise NotImplementedError

    def _arguments(self, opening: str, closing: str) -> tuple[syntax.Argument, ...]:
        raise NotImplementedError

    def _new(self, at: int) -> syntax.Expression:
        if self._is("{"):
            return self._anonymous(at)
        if self._is("["):
            while not self._is("]"):
                self._next()
                if self._token.kind == "end" or not self._is("]", ","):
                    raise self._error("] expected")
            self._next()
            return syntax.NewArray(None, items=self._array_items(), at=at)
        kind = self.type()
        if kind.ranks:
            return syntax.NewArray(kind, items=self._array_items(), at=at)
        if self._is("["):
            self._next()
            sizes = [self.expression()]
            while self._take(","):
                sizes.append(self.expression())
            self._expect("]")
            ranks = [len(sizes)]
            while self._is("[") and self._is("]", ahead=1):
                self._at += 2
                ranks.append(1)
            whole = syntax.Type(kind.name, kind.arguments, tuple(ranks), kind.nullable, at=kind.at)
            items = self._array_items() if self._is("{") else None
            return syntax.NewArray(whole, tuple(sizes), items, at=at)
        arguments = self._arguments("(", ")") if self._is("(") else ()
        initializer = self._initializer() if self._is("{") else None
        if initializer is None and not self._closed_call():
            raise self._error("A new expression requires (), [], or {} after type")
        return syntax.New(kind, arguments, initializer, at=at)

    def _closed_call(self) -> bool:
        before = self._tokens[self._at - 1]
        return before.kind == "operator" and before.value == ")"

    def _array_items(self) -> syntax.ArrayItems:
        at = self._expect("{").start
        self._deeper()
        found: list[syntax.Expression] = []
        while not self._is("}"):
            found.append(self._array_items() if self._is("{") else self.expression())
            if not self._take(","):
                break
        self._expect("}")
        self._depth -= 1
        return syntax.ArrayItems(tuple(found), at=at)

    def _anonymous(self, at: int) -> syntax.Expression:
        self._expect("{")
        members: list[tuple[str, syntax.Expression]] = []
        while not self._is("}"):
            if self._token.kind == "name" and self._is("=", ahead=1):
                name = self._next().value
                self._next()
                members.append((name, self.expression()))
            else:
                start = self._token.start
                value = self.expression()
                if not isinstance(value, syntax.Name | syntax.Member):
                    raise self._error("Invalid anonymous type member declarator", start)
                members.append((value.name, value))
            if not self._take(","):
                break
        self._expect("}")
        return syntax.NewAnonymous(tuple(members), at=at)

    def _initializer(self) -> syntax.Initializer:
        at = self._expect("{").start
        self._deeper()
        parts: list[syntax.Setter | syntax.Item] = []
        while not self._is("}"):
            start = self._token.start
            if self._token.kind == "name" and self._is("=", ahead=1):
                name = self._next().value
                self._next()
                parts.append(syntax.Setter(name, None, self._set_to(), at=start))
            elif self._is("["):
                keys = self._arguments("[", "]")
                if len(keys) != 1:
                    raise self._error("one key expected", start)
                self._expect("=")
                parts.append(syntax.Setter(None, keys[0].value, self._set_to(), at=start))
            elif self._take("{"):
                values = [self.expression()]
                while self._take(",") and not self._is("}"):
                    values.append(self.expression())
                self._expect("}")
                parts.append(syntax.Item(tuple(values), at=start))
            else:
                parts.append(syntax.Item((self.expression(),), at=start))
            if not self._take(","):
                break
        self._expect("}")
        self._depth -= 1
        return syntax.Initializer(tuple(parts), at=at)

    def _set_to(self) -> syntax.Expression | syntax.Initializer:
        return self._initializer() if self._is("{") else self.expression()
