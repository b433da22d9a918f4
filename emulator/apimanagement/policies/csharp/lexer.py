"""Text into tokens, as section 6.4 of the C# specification has them; comments and blanks are left out."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Literal

from emulator.apimanagement.policies.errors import ExpressionError
from emulator.apimanagement.policies.tree import NAMED, Position

Kind = Literal["name", "keyword", "number", "char", "string", "interpolated", "operator", "named", "end"]

_KEYWORDS: Final = """
    abstract as base bool break byte case catch char checked class const continue decimal default
    delegate do double else enum event explicit extern false finally fixed float for foreach goto if
    implicit in int interface internal is lock long namespace new null object operator out override
    params private protected public readonly ref return sbyte sealed short sizeof stackalloc static
    string struct switch this throw true try typeof uint ulong unchecked unsafe ushort using virtual
    void volatile while
"""
KEYWORDS: Final = frozenset(_KEYWORDS.split())
# The longest first.
_OPERATORS: Final = (
    "<<= ??= && || ?? ?. ++ -- += -= *= /= %= &= |= ^= == != <= >= => << -> :: "
    "{ } [ ] ( ) . , ; : ? + - * / % & | ^ ! ~ = < >"
)
OPERATORS: Final = tuple(_OPERATORS.split())
OPENING: Final = {"(": ")", "[": "]", "{": "}"}
CLOSING: Final = frozenset(OPENING.values())
MAX_DEPTH: Final = 100  # brackets in brackets, and how deep the parser descends
MAX_INTERPOLATED: Final = 20  # interpolated strings in the holes of others
MAX_CHAIN: Final = 200  # operators or calls one behind the other

_BLANK = re.compile(r"(?:\s+|//[^\r\n]*|/\*.*?\*/)+", re.DOTALL)
_NAME = re.compile(r"@?[^\W\d]\w*")
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F_]+(?P<hex>[uUlL]{0,2})"
    r"|0[bB][01_]+(?P<binary>[uUlL]{0,2})"
    r"|(?P<real>(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][+-]?\d+)?[fFdDmM]?|\d[\d_]*(?:[eE][+-]?\d+[fFdDmM]?|[fFdDmM]))"
    r"|\d[\d_]*(?P<whole>[uUlL]{0,2})"
)
_OPERATOR = re.compile("|".join(map(re.escape, OPERATORS)))
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{1,4}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES: Final = dict(zip("'\"\\0abfnrtv", "'\"\\\0\a\b\f\n\r\t\v", strict=True))
_STOP = re.compile(r'["\\\r\n]')
_HOLE_STOP = re.compile(r'["\\{}\r\n]')
_VERBATIM_HOLE_STOP = re.compile(r'["{}]')


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written: its value and its type, as `long` of `1L`."""

    value: int | float | Decimal
    type: str


@dataclass(frozen=True, slots=True)
class HoleTokens:
    """What stands in braces in an interpolated string: `{value,alignment:format}`."""

    tokens: tuple[Token, ...]
    format: str | None


@dataclass(frozen=True, slots=True)
class Token:
    """A token; value: of a name its text, of a literal its value, of an interpolated string its parts."""

    kind: Kind
    value: Any
    start: int
    end: int


class Source:
    """A text and where in it a place stands: the line and column of an offset."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", self.text))]

    def position(self, offset: int) -> Position:
        """Line and column of an offset, from 1."""
        line = bisect_right(self._lines, offset)
        return Position(line, offset - self._lines[line - 1] + 1)

    def error(self, message: str, offset: int) -> ExpressionError:
        """An error at an offset."""
        return ExpressionError(message, self.position(offset))


def tokens(source: Source, start: int, end: int) -> tuple[Token, ...]:
    """The tokens between two offsets, and one of the kind `end`."""
    lexer = _Lexer(source, end)
    found: list[Token] = []
    at = start
    while True:
        token = lexer.next(at)
        if token.end > end:
            raise source.error("the code ends within a token", token.start)
        found.append(token)
        if token.kind == "end":
            return tuple(found)
        at = token.end


def closed(source: Source, start: int) -> int:
    """The offset behind the bracket that closes the one at ``start``: where an expression ends in raw XML."""
    _, end = _Lexer(source, len(source.text)).bracketed(start)
    return end


class _Lexer:
    def __init__(self, source: Source, limit: int) -> None:
        self._source = source
        self._text = source.text
        self._limit = limit
        self._depth = 0

    def next(self, at: int) -> Token:
        text = self._text
        if blank := _BLANK.match(text, at):
            at = blank.end()
        if at >= self._limit:
            return Token("end", "", self._limit, self._limit)
        char = text[at]
        if char == '"' or text.startswith('@"', at):
            return self._string(at)
        if char == "$" or text.startswith('@$"', at):
            return self._interpolated(at)
        if char == "'":
            return self._char(at)
        if char == "{" and (named := NAMED.match(text, at)):
            return Token("named", named[1], at, named.end())
        if char.isdigit() or (char == "." and text[at + 1 : at + 2].isdigit()):
            return self._number(at)
        if name := _NAME.match(text, at):
            word = name[0]
            keyword = word in KEYWORDS
            return Token("keyword" if keyword else "name", word.removeprefix("@"), at, name.end())
        if operator := _OPERATOR.match(text, at):
            value = operator[0]
            # `a ?.5 : b` is a conditional, `a?.b` is not.
            if value == "?." and text[at + 2 : at + 3].isdigit():
                value = "?"
            return Token("operator", value, at, at + len(value))
        raise self._source.error(f"Unexpected character '{char}'", at)

    def bracketed(self, start: int) -> tuple[tuple[Token, ...], int]:
        """The tokens inside the brackets that open at an offset, and the offset behind the closing one."""
        found: list[Token] = []
        stack = [OPENING[self._text[start]]]
        at = start + 1
        while True:
            token = self.next(at)
            if token.kind == "end":
                raise self._source.error(f"{stack[-1]} expected", len(self._text))
            at = token.end
            if token.kind == "operator":
                if token.value in OPENING:
                    stack.append(OPENING[token.value])
                    if len(stack) > MAX_DEPTH:
                        raise self._source.error("too many brackets in brackets", token.start)
                elif token.value in CLOSING:
                    if token.value != stack.pop():
                        raise self._source.error(f"unexpected '{token.value}'", token.start)
                    if not stack:
                        return (*found, Token("end", "", token.start, token.start)), at
            found.append(token)

    def _number(self, at: int) -> Token:
        match = _NUMBER.match(self._text, at)
        assert match is not None  # noqa: S101 - a digit stands there
        text = match[0].replace("_", "")
        if self._text[match.end() : match.end() + 1].isalnum():
            raise self._source.error(f"'{text}' is not a number", at)
        if match["real"]:
            suffix = text[-1].lower() if text[-1].isalpha() else "d"
            digits = text.rstrip("fFdDmM")
            value: float | Decimal = Decimal(digits) if suffix == "m" else float(digits)
            number = Number(value, {"f": "float", "d": "double", "m": "decimal"}[suffix])
        else:
            suffix = (match["hex"] or match["binary"] or match["whole"] or "").lower()
            whole = int(text.lower().rstrip("ul"), 0 if text[:2].lower() in ("0x", "0b") else 10)
            number = Number(whole, self._whole_type(whole, suffix, at))
        return Token("number", number, at, match.end())

    def _whole_type(self, value: int, suffix: str, at: int) -> str:
        allowed = {"": ("int", "uint", "long", "ulong"), "u": ("uint", "ulong"), "l": ("long", "ulong")}
        most = {"int": 2**31, "uint": 2**32, "long": 2**63, "ulong": 2**64}
        for name in allowed.get(suffix, ("ulong",)):
            if value < most[name]:
                return name
        raise self._source.error("Integral constant is too large", at)

    def _escape(self, at: int) -> tuple[str, int]:
        match = _ESCAPE.match(self._text, at)
        code = match[0][1:] if match else ""
        if match and len(code) > 1:
            point = int(code[1:], 16)
            if point < 0x110000:
                return chr(point), match.end()
        elif match and code in _ESCAPES:
            return _ESCAPES[code], match.end()
        raise self._source.error("Unrecognized escape sequence", at)

    def _char(self, at: int) -> Token:
        inside = at + 1
        if self._text[inside : inside + 1] == "\\":
            value, inside = self._escape(inside)
        else:
            value = self._text[inside : inside + 1].strip("'\r\n")
            inside += 1
        if not value or self._text[inside : inside + 1] != "'":
            raise self._source.error("Too many characters in character literal", at)
        return Token("char", value, at, inside + 1)

    def _string(self, at: int) -> Token:
        if self._text[at] == "@":
            return self._verbatim(at)
        parts: list[str] = []
        inside = at + 1
        while True:
            stop = _STOP.search(self._text, inside)
            if stop is None or stop[0] in "\r\n":
                raise self._source.error("Newline in constant", at)
            parts.append(self._text[inside : stop.start()])
            if stop[0] == '"':
                return Token("string", "".join(parts), at, stop.end())
            escaped, inside = self._escape(stop.start())
            parts.append(escaped)

    def _verbatim(self, at: int) -> Token:
        parts: list[str] = []
        inside = at + 2
        while True:
            stop = self._text.find('"', inside)
            if stop < 0:
                raise self._source.error("Unterminated string literal", at)
            parts.append(self._text[inside:stop])
            if self._text[stop + 1 : stop + 2] != '"':
                return Token("string", "".join(parts), at, stop + 1)
            parts.append('"')
            inside = stop + 2

    def _interpolated(self, at: int) -> Token:
        quote = self._text.find('"', at)
        prefix = self._text[at:quote] if quote >= 0 else ""
        if prefix not in ("$", "$@", "@$"):
            raise self._source.error("Unexpected character '$'", at)
        verbatim = "@" in prefix
        parts: list[str | HoleTokens] = []
        text: list[str] = []
        inside = quote + 1
        while True:
            stop = (_VERBATIM_HOLE_STOP if verbatim else _HOLE_STOP).search(self._text, inside)
            if stop is None or stop[0] in "\r\n":
                raise self._source.error("Newline in constant", at)
            text.append(self._text[inside : stop.start()])
            char, place = stop[0], stop.start()
            twice = self._text[place + 1 : place + 2] == char
            if char == "\\":
                escaped, inside = self._escape(place)
                text.append(escaped)
            elif char == '"' and not (verbatim and twice):
                if text:
                    parts.append("".join(text))
                return Token("interpolated", tuple(part for part in parts if part), at, stop.end())
            elif char in '"{}' and twice:
                text.append(char)
                inside = place + 2
            elif char == "{":
                parts.append("".join(text))
                text.clear()
                self._depth += 1
                if self._depth > MAX_INTERPOLATED:
                    raise self._source.error("interpolated strings are nested too deeply", place)
                hole, inside = self._hole(place)
                self._depth -= 1
                parts.append(hole)
            else:
                raise self._source.error("A '}' in an interpolated string is written '}}'", place)

    def _hole(self, at: int) -> tuple[HoleTokens, int]:
        """A hole up to its closing brace. A colon outside of brackets begins the format, which is text."""
        found: list[Token] = []
        stack: list[str] = []
        inside = at + 1
        while True:
            token = self.next(inside)
            if token.kind == "end":
                raise self._source.error("} expected", at)
            if token.kind == "operator" and not stack and token.value in (":", "}"):
                break
            if token.kind == "operator" and token.value in OPENING:
                stack.append(OPENING[token.value])
                if len(stack) > MAX_DEPTH:
                    raise self._source.error("too many brackets in brackets", token.start)
            elif (
                token.kind == "operator"
                and token.value in CLOSING
                and (not stack or token.value != stack.pop())
            ):
                raise self._source.error(f"unexpected '{token.value}'", token.start)
            found.append(token)
            inside = token.end
        end = token.start
        form = None
        if token.value == ":":
            end = self._text.find("}", token.end)
            form = self._text[token.end : end]
            if end < 0 or '"' in form or "{" in form:
                raise self._source.error("} expected", token.start)
        return HoleTokens((*found, Token("end", "", token.start, token.start)), form), end + 1
