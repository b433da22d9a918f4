"""The parser of scalar expressions: operators by their binding powers (Pratt)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.cursor import Cursor
from emulator.monitor.kql.faults import QueryFault, Unsupported
from emulator.monitor.kql.kinds import KINDS, Kind
from emulator.monitor.kql.lexer import Token
from emulator.monitor.kql.reserved import given, used
from emulator.monitor.kql.values import (
    UNITS,
    parse_bool,
    parse_datetime,
    parse_decimal,
    parse_guid,
    parse_long,
    parse_real,
    parse_timespan,
)

DEEPEST: Final = 60
"""Parentheses and calls in one another: what is deeper is refused, and never runs out of stack."""
POWERS: Final[dict[str, int]] = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("==", "!=", "<>", "<", "<=", ">", ">=", "=~", "!~"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
}
TEXT_OPERATORS: Final = (
    "contains",
    "contains_cs",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
    "has",
    "has_cs",
    "hasprefix",
    "hasprefix_cs",
    "hassuffix",
    "hassuffix_cs",
)
"""Each has its negation with `!` before it."""
LISTED: Final = ("in", "in~", "!in", "!in~", "has_any", "has_all")
_COMPARING: Final = 3


class Expressions:
    """Reads expressions. What is tabular within them is read by `pipeline`, which the whole parser has."""

    def __init__(self, text: str) -> None:
        self.cursor = Cursor(text)
        self._depth = 0

    def pipeline(self) -> s.Expression:
        """A tabular expression, or a scalar one where nothing makes it tabular."""
        raise NotImplementedError

    def expression(self, least: int = 0) -> s.Expression:
        """An expression whose operators bind at least so strongly."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unsupported(f"expressions nested deeper than {DEEPEST}", self.cursor.token.at)
        left = self._unary()
        while True:
            token = self.cursor.token
            if token.kind in ("string", "end"):
                break
            word = token.text
            if word in POWERS and POWERS[word] >= max(least, 1):
                self.cursor.take()
                right = self.expression(POWERS[word] + 1)
                left = s.Binary("!=" if word == "<>" else word, left, right, token.at)
            elif least <= _COMPARING and self._is_text(word):
                left = self._text(left, token)
            else:
                break
        self._depth -= 1
        return left

    def named(self) -> s.Named:
        """`expression`, `name = expression` or `(a, b) = expression`."""
        cursor = self.cursor
        at = cursor.token.at
        if cursor.token.kind == "name" and cursor.ahead().text == "=" and cursor.ahead().kind == "mark":
            name = given(cursor.take()).text
            cursor.take()
            return s.Named((name,), self.expression(), at)
        if cursor.sees("[") and cursor.ahead().kind == "string" and cursor.ahead(3).text == "=":
            name = cursor.name().text
            cursor.take()
            return s.Named((name,), self.expression(), at)
        if cursor.sees("(") and (names := self._several()):
            return s.Named(names, self.expression(), at)
        return s.Named((), self.expression(), at)

    def list(self, *ends: str) -> tuple[s.Named, ...]:
        """Named expressions with commas between; none where one of `ends` stands first."""
        if self.cursor.sees(*ends) or self.cursor.token.kind == "end":
            return ()
        found = [self.named()]
        while self.cursor.accept(","):
            found.append(self.named())
        return tuple(found)

    def kind(self) -> Kind:
        """The word of a type."""
        token = self.cursor.name()
        if token.text not in KINDS:
            raise QueryFault(f"'{token.text}' is not a known type", token.at, token.text)
        return KINDS[token.text]

    # parts

    def _several(self) -> tuple[str, ...]:
        """The names of `(a, b) =`; nothing is taken where it is something else."""
        step, names = 1, list[str]()
        while self.cursor.ahead(step).kind == "name" and self.cursor.ahead(step + 1).text in (",", ")"):
            names.append(self.cursor.ahead(step).text)
            step += 2
            if self.cursor.ahead(step - 1).text == ")":
                if self.cursor.ahead(step).text != "=" or self.cursor.ahead(step).kind != "mark":
                    return ()
                for _ in range(step + 1):
                    self.cursor.take()
                return tuple(names)
        return ()

    def _is_text(self, word: str) -> bool:
        bare = word.removeprefix("!")
        return (
            bare in TEXT_OPERATORS or word in LISTED or bare in ("between", "in", "in~") or word == "matches"
        )

    def _text(self, left: s.Expression, token: Token) -> s.Expression:
        cursor, word = self.cursor, cursor_word(token)
        cursor.take()
        if word == "matches":
            if not cursor.sees("regex"):
                raise cursor.fault()
            cursor.take()
            return s.Binary("matches regex", left, self.expression(_COMPARING + 1), token.at)
        if word in ("between", "!between"):
            cursor.expect("(")
            low = self.expression()
            cursor.expect("..")
            high = self.expression()
            cursor.expect(")")
            return s.Between(word[0] == "!", left, low, high, token.at)
        if word in LISTED:
            cursor.expect("(")
            items = [self.pipeline()]
            while cursor.accept(","):
                items.append(self.pipeline())
            cursor.expect(")")
            return s.Listed(word, left, tuple(items), token.at)
        return s.Binary(word, left, self.expression(_COMPARING + 1), token.at)

    def _unary(self) -> s.Expression:
        token = self.cursor.token
        if token.kind == "mark" and token.text in ("-", "+"):
            self.cursor.take()
            return s.Unary(token.text, self.expression(max(POWERS.values()) + 1), token.at)
        return self._postfix(self._primary())

    def _postfix(self, base: s.Expression) -> s.Expression:
        cursor = self.cursor
        while True:
            token = cursor.token
            if cursor.sees(".") and cursor.ahead().kind in ("name", "keyword"):
                cursor.take()
                word = used(cursor.take())
                base = s.Member(base, s.Literal_("string", word.text, word.at), token.at)
            elif cursor.sees("."):
                cursor.take()
                word = cursor.name()
                base = s.Member(base, s.Literal_("string", word.text, word.at), token.at)
            elif cursor.sees("["):
                cursor.take()
                key = self.expression()
                cursor.expect("]")
                base = s.Member(base, key, token.at)
            else:
                return base

    def _primary(self) -> s.Expression:
        cursor, token = self.cursor, self.cursor.token
        match token.kind:
            case "string":
                cursor.take()
                text = token.text
                while cursor.token.kind == "string":  # texts that follow one another are one
                    text += cursor.take().text
                return s.Literal_("string", text, token.at)
            case "long" | "real" | "timespan" | "typed":
                cursor.take()
                return literal(token)
            case "name":
                return self._word()
            case "mark" if token.text == "(":
                cursor.take()
                inner = self.pipeline()
                cursor.expect(")")
                return inner
            case "mark" if token.text == "*":
                cursor.take()
                return s.Star("*", token.at)
            case "mark" if token.text == "[" and cursor.ahead().kind == "string":
                return s.Name(cursor.name().text, token.at)
            case _:
                raise cursor.fault()

    def _word(self) -> s.Expression:
        cursor = self.cursor
        token = cursor.take()
        if token.text in ("true", "false") and not cursor.sees("("):
            return s.Literal_("bool", token.text == "true", token.at)
        if token.text == "typeof" and cursor.accept("("):
            kind = self.kind()
            cursor.expect(")")
            return s.Typeof(kind, token.at)
        if token.text == "dynamic" and cursor.accept("("):
            value = self._dynamic()
            cursor.expect(")")
            return s.Literal_("dynamic", value, token.at)
        if cursor.accept("("):
            arguments: tuple[s.Named, ...] = ()
            if not cursor.sees(")"):
                found = [self._argument()]
                while cursor.accept(","):
                    found.append(self._argument())
                arguments = tuple(found)
            cursor.expect(")")
            return s.Call(token.text, arguments, token.at)
        if cursor.sees("*") and cursor.token.at == token.at + len(token.text):
            after = cursor.ahead()
            if after.text in (",", "|", ";", ")", "asc", "desc") or after.kind == "end":
                cursor.take()
                return s.Star(f"{token.text}*", token.at)
        return s.Name(used(token).text, token.at)

    def _argument(self) -> s.Named:
        cursor = self.cursor
        if cursor.token.kind == "name" and cursor.ahead().text == "=" and cursor.ahead().kind == "mark":
            return self.named()
        return s.Named((), self.pipeline(), cursor.token.at)

    def _dynamic(self) -> Any:
        """What stands in `dynamic(…)`: JSON with KQL's own literals."""
        cursor, token = self.cursor, self.cursor.token
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unsupported(f"expressions nested deeper than {DEEPEST}", token.at)
        value: Any
        if cursor.accept("["):
            values: list[Any] = []
            while not cursor.sees("]"):
                values.append(self._dynamic())
                if not cursor.accept(","):
                    break
            cursor.expect("]")
            value = values
        elif cursor.accept("{"):
            bag: dict[str, Any] = {}
            while not cursor.sees("}"):
                if cursor.token.kind != "string":
                    raise cursor.fault()
                key = cursor.take().text
                cursor.expect(":")
                bag[key] = self._dynamic()
                if not cursor.accept(","):
                    break
            cursor.expect("}")
            value = bag
        elif token.text in ("null", "true", "false") and token.kind == "name":
            cursor.take()
            value = {"null": None, "true": True, "false": False}[token.text]
        elif token.text == "dynamic" and token.kind == "name":
            cursor.take()
            cursor.expect("(")
            value = self._dynamic()
            cursor.expect(")")
        elif token.kind == "string":
            value = cursor.take().text
        else:
            sign = -1 if cursor.accept("-") else 1
            if cursor.token.kind not in ("long", "real", "timespan", "typed"):
                raise cursor.fault()
            found = literal(cursor.take())
            value = in_dynamic(found.kind, found.value)
            value = value if sign == 1 or value is None else -value
        self._depth -= 1
        return value


def cursor_word(token: Token) -> str:
    """The operator that a token is."""
    return token.text


def in_dynamic(kind: Kind, value: Any) -> Any:
    """A literal as a part of a dynamic one."""
    from emulator.monitor.kql.values import dynamic_of

    return dynamic_of(kind)(value)


def literal(token: Token) -> s.Literal_:
    """The value of a literal's token; QueryFault for a typed one that holds none."""
    text, at = token.text, token.at
    match token.kind:
        case "long":
            value = parse_long(text)
            if value is None:
                raise QueryFault(f"Failed to parse long literal: '{text}'", at, text)
            return s.Literal_("long", value, at)
        case "real":
            return s.Literal_("real", float(text), at)
        case "timespan":
            number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
            return s.Literal_("timespan", int(Decimal(number) * UNITS[text[len(number) :]]), at)
        case _:
            word, _, inner = text[:-1].partition("(")
            return _typed(KINDS[word.strip()], inner.strip(), text, at)


def _typed(kind: Kind, inner: str, text: str, at: int) -> s.Literal_:
    if inner == "null":
        return s.Literal_(kind, None, at)
    found: Any
    match kind:
        case "datetime":
            found = parse_datetime(inner)
        case "timespan":
            found = parse_timespan(inner)
        case "int" | "long":
            found = parse_long(inner)
        case "real":
            found = parse_real(inner)
        case "decimal":
            found = parse_decimal(inner)
        case "bool":
            found = parse_bool(inner)
        case _:
            found = parse_guid(inner)
    if found is None:
        raise QueryFault(f"Failed to parse {kind} literal: '{text}'", at, text, "SEM0000")
    return s.Literal_(kind, found, at)
