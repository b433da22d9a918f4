"""The grammar of expressions, by precedence (Pratt)."""

from __future__ import annotations

from itertools import count

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.creation import Creation
from emulator.apimanagement.policies.csharp.lexer import HoleTokens, Token
from emulator.apimanagement.policies.csharp.precedence import (
    ASSIGNMENT,
    COALESCE,
    PRECEDENCE,
    PREFIX,
    RELATIONAL,
)
from emulator.apimanagement.policies.csharp.words import PREDEFINED, REFUSED, VALUES


class Expressions(Creation):
    """Reads expressions. The blocks of lambdas are left to the reader of statements."""

    def _block(self, keyword: str = "") -> syntax.Block:
        raise NotImplementedError

    def expression(self, weakest: int = ASSIGNMENT) -> syntax.Expression:
        """An expression of operators that bind at least as strongly as ``weakest``."""
        self._deeper()
        links = 0
        left = self._unary()
        while True:
            operator, length = self._operator()
            level = PRECEDENCE.get(operator, 0)
            if level < max(weakest, 1) or operator == "=>":
                self._depth -= 1
                return left
            at = self._token.start
            self._at += length
            self._longer(links)
            links += 1
            left = self._binary(operator, level, left, at)

    def _operator(self) -> tuple[str, int]:
        """The operator that stands here, and of how many tokens: `>>` is two, so that generics can close."""
        token = self._token
        if token.kind not in ("operator", "keyword"):
            return "", 0
        if token.value == ">":
            second = self._peek(1)
            if second.kind == "operator" and second.start == token.end:
                if second.value == ">":
                    return ">>", 2
                if second.value == ">=":
                    return ">>=", 2
        return token.value, 1

    def _binary(self, operator: str, level: int, left: syntax.Expression, at: int) -> syntax.Expression:
        if level == ASSIGNMENT:
            return syntax.Assignment(operator, left, self.expression(ASSIGNMENT), at=left.at)
        if operator == "?":
            then = self.expression()
            self._expect(":")
            return syntax.Conditional(left, then, self.expression(), at=left.at)
        if operator == "??":
            return syntax.Binary(operator, left, self.expression(COALESCE), at=at)
        if operator == "as":
            return syntax.As(left, self.type(nullable=False), at=left.at)
        if operator == "is":
            return self._pattern(left)
        return syntax.Binary(operator, left, self.expression(level + 1), at=at)

    def _pattern(self, left: syntax.Expression) -> syntax.Expression:
        def of_type() -> syntax.Is:
            kind = self.type(nullable=False)
            name = self._next().value if self._token.kind == "name" and not self._word("when") else None
            if name is None and self._is("(", ".", "["):
                raise self._error("not a type")
            return syntax.Is(left, kind, name, at=left.at)

        if self._token.kind in ("name", "keyword") and self._token.value not in ("null", "true", "false"):
            found = self._attempt(of_type)
            if found is not None:
                return found
        return syntax.Is(left, constant=self.expression(RELATIONAL + 1), at=left.at)

    def _unary(self) -> syntax.Expression:
        token = self._token
        if token.kind == "operator" and token.value in PREFIX:
            self._next()
            self._deeper()
            operand = self._unary()
            self._depth -= 1
            return syntax.Unary(token.value, operand, at=token.start)
        if self._is("throw"):
            self._next()
            return syntax.ThrowExpression(self.expression(), at=token.start)
        if self._is("("):
            found = self._lambda_in_brackets()
            if found is not None:
                return found
            kind = self._attempt(self._cast)
            if kind is not None:
                self._deeper()
                value = self._unary()
                self._depth -= 1
                return syntax.Cast(kind, value, at=token.start)
        if token.kind == "name" and self._is("=>", ahead=1):
            self._at += 2
            return self._lambda((syntax.Parameter(token.value, at=token.start),), token.start)
        return self._postfix(self._primary())

    def _lambda_in_brackets(self) -> syntax.Lambda | None:
        """A lambda, where the bracket that closes the one here has an arrow behind it."""
        depth, ahead = 0, 0
        while True:
            token = self._peek(ahead)
            if token.kind == "end":
                return None
            if token.kind == "operator":
                depth += (token.value == "(") - (token.value == ")")
            ahead += 1
            if depth == 0:
                break
        if not self._is("=>", ahead=ahead):
            return None
        at = self._token.start
        parameters = self._parameters()
        self._expect("=>")
        return self._lambda(parameters, at)

    def _lambda(self, parameters: tuple[syntax.Parameter, ...], at: int) -> syntax.Lambda:
        body = self._block() if self._is("{") else self.expression()
        return syntax.Lambda(parameters, body, at=at)

    def _parameters(self) -> tuple[syntax.Parameter, ...]:
        self._expect("(")
        found: list[syntax.Parameter] = []
        while not self._is(")"):
            at = self._token.start
            mode = self._next().value if self._is("out", "ref", "in", "params") else ""
            untyped = self._token.kind == "name" and self._is(",", ")", ahead=1)
            kind = None if untyped else self.type()
            name = self._name()
            default = self.expression() if self._take("=") else None
            found.append(syntax.Parameter(name, kind, default, mode, at=at))
            if not self._take(","):
                break
        self._expect(")")
        return tuple(found)

    def _cast(self) -> syntax.Type:
        """The type of a cast: in brackets, with something behind it that a value can begin with."""
        self._expect("(")
        kind = self.type()
        self._expect(")")
        sure = kind.name in PREDEFINED or kind.arguments or kind.ranks or kind.nullable
        token = self._token
        begins = token.kind in ("name", "number", "char", "string", "interpolated", "named") or (
            token.kind == "keyword" and (token.value in VALUES or token.value in PREDEFINED)
        )
        if not begins and not self._is("(", "!", "~") and not (sure and self._is("+", "-", "++", "--")):
            raise self._error("not a cast")
        return kind

    def _primary(self) -> syntax.Expression:
        token = self._next()
        at, value = token.start, token.value
        match token.kind:
            case "number":
                return syntax.Literal(value.value, value.type, at=at)
            case "string" | "char":
                return syntax.Literal(value, token.kind, at=at)
            case "interpolated":
                return self._interpolated(token)
            case "named":
                return syntax.NamedValue(value, at=at)
            case "name":
                return self._named(token)
            case "operator" if value == "(":
                return self._bracketed(at)
            case "keyword":
                return self._keyword(token)
            case _:
                self._at -= token.kind != "end"
                raise self._error(
                    "Expression expected" if token.kind == "end" else f"Invalid expression term '{value}'"
                )

    def _named(self, token: Token) -> syntax.Expression:
        if token.value == "from" and self._peek(0).kind == "name" and self._is("in", ahead=1):
            raise self._error("query syntax is not emulated; write it with methods", token.start)
        return syntax.Name(token.value, self._generic(), at=token.start)

    def _bracketed(self, at: int) -> syntax.Expression:
        first = self._argument()
        if not self._is(","):
            self._expect(")")
            if first.name or first.mode:
                raise self._error("unexpected name", at)
            return first.value
        items = [first]
        while self._take(","):
            items.append(self._argument())
        self._expect(")")
        return syntax.TupleLiteral(tuple(items), at=at)

    def _keyword(self, token: Token) -> syntax.Expression:
        at, word = token.start, token.value
        if word in ("true", "false"):
            return syntax.Literal(word == "true", "bool", at=at)
        if word == "null":
            return syntax.Literal(None, "null", at=at)
        if word in PREDEFINED:
            if not self._is("."):
                raise self._error(f"Invalid expression term '{word}'", at)
            return syntax.PredefinedType(word, at=at)
        if word == "new":
            return self._new(at)
        if word in ("typeof", "default") and self._take("("):
            kind = self.type()
            self._expect(")")
            return syntax.TypeOf(kind, at=at) if word == "typeof" else syntax.Default(kind, at=at)
        if word == "default":
            return syntax.Default(at=at)
        if word in ("checked", "unchecked"):
            self._expect("(")
            value = self.expression()
            self._expect(")")
            return syntax.Checked(word, value, at=at)
        if word in REFUSED:
            raise self._error(f"not emulated: {REFUSED[word]}", at)
        raise self._error(f"Invalid expression term '{word}'", at)

    def _interpolated(self, token: Token) -> syntax.Expression:
        parts: list[str | syntax.Hole] = []
        for part in token.value:
            if isinstance(part, str):
                parts.append(part)
                continue
            parts.append(self._hole(part))
        return syntax.Interpolated(tuple(parts), at=token.start)

    def _hole(self, hole: HoleTokens) -> syntax.Hole:
        self._deeper()
        parser = type(self)(self._source, hole.tokens, self._depth)
        value = parser.expression()
        alignment = parser.expression() if parser._take(",") else None
        parser._expect_end()
        self._depth -= 1
        return syntax.Hole(value, alignment, hole.format, at=value.at)

    def _postfix(self, left: syntax.Expression) -> syntax.Expression:
        """What hangs on a primary expression: members, calls, indices, `?.` with all behind it."""
        for links in count():
            self._longer(links)
            at = self._token.start
            if self._take("."):
                name = self._name()
                left = syntax.Member(left, name, self._generic(), at=at)
            elif self._is("("):
                left = syntax.Call(left, self._arguments("(", ")"), at=left.at)
            elif self._is("["):
                left = syntax.Index(left, self._arguments("[", "]"), at=left.at)
            elif self._is("++", "--"):
                left = syntax.Postfix(self._next().value, left, at=left.at)
            elif self._take("?."):
                name = self._name()
                link = syntax.Member(syntax.Receiver(at=at), name, self._generic(), at=at)
                return self._chain(left, link)
            elif self._is("?") and self._is("[", ahead=1):  # nothing of C# 7 begins with "[" behind a "?"
                self._next()
                link = syntax.Index(syntax.Receiver(at=at), self._arguments("[", "]"), at=at)
                return self._chain(left, link)
            else:
                break
        return left

    def _chain(self, left: syntax.Expression, link: syntax.Expression) -> syntax.Expression:
        self._deeper()
        chain = self._postfix(link)
        self._depth -= 1
        return syntax.ConditionalAccess(left, chain, at=left.at)

    def _arguments(self, opening: str, closing: str) -> tuple[syntax.Argument, ...]:
        self._expect(opening)
        found: list[syntax.Argument] = []
        if not self._is(closing):
            found.append(self._argument())
            while self._take(","):
                found.append(self._argument())
        self._expect(closing)
        return tuple(found)

    def _argument(self) -> syntax.Argument:
        at = self._token.start
        name = None
        if self._token.kind == "name" and self._is(":", ahead=1):
            name = self._next().value
            self._next()
        mode = self._next().value if self._is("out", "ref", "in") else ""
        if mode == "out":

            def declared() -> syntax.Argument:
                kind = self.type()
                value = syntax.Name(self._name(), at=at)
                return syntax.Argument(value, name, mode, kind, at=at)

            found = self._attempt(declared)
            if found is not None:
                return found
        return syntax.Argument(self.expression(), name, mode, at=at)
