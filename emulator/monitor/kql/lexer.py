"""The words of a query, with where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, cast

from emulator.monitor.kql.faults import SyntaxFault
from emulator.monitor.kql.kinds import KINDS
from emulator.monitor.kql.values import UNITS

TokenKind = Literal["name", "keyword", "string", "long", "real", "timespan", "typed", "mark", "end"]

HYPHENATED: Final = (
    "project-away",
    "project-keep",
    "project-rename",
    "project-reorder",
    "mv-expand",
    "mv-apply",
    "make-series",
    "make-graph",
    "graph-match",
    "graph-shortest-paths",
    "graph-to-table",
    "parse-where",
    "parse-kv",
    "partition-by",
    "sample-distinct",
    "top-hitters",
    "top-nested",
    "macro-expand",
    "project-by-names",
)
"""Operators whose name has a hyphen, which would else be a minus."""
_UNIT: Final = "|".join(sorted(UNITS, key=len, reverse=True))
_TYPED: Final = "|".join(name for name in KINDS if name not in ("dynamic", "string"))
_TOKEN: Final = re.compile(
    r"(?P<space>\s+|//[^\n]*)"
    r"|(?P<string>[hH]?(?:```[\s\S]*?```|~~~[\s\S]*?~~~|@\"(?:[^\"]|\"\")*\"|@'(?:[^']|'')*'"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'))"
    rf"|(?P<timespan>\d+(?:\.\d+)?(?:{_UNIT})(?![A-Za-z0-9_]))"
    r"|(?P<real>\d+\.\d+(?:[eE][+-]?\d+)?(?![A-Za-z0-9_])|\d+[eE][+-]?\d+(?![A-Za-z0-9_]))"
    r"|(?P<long>0[xX][0-9a-fA-F]+(?![A-Za-z0-9_])|\d+(?![A-Za-z0-9_]))"
    rf"|(?P<typed>(?:{_TYPED})\s*\([^)\"']*\))"
    rf"|(?P<keyword>(?:{'|'.join(HYPHENATED)})(?![A-Za-z0-9_]))"
    r"|(?P<name>\$?[A-Za-z_][A-Za-z0-9_]*|\$\$?\d+)"
    r"|(?P<mark>![A-Za-z_]+~?|==|!=|<>|<=|>=|=~|!~|=>|\.\.|[-+*/%<>=|,;:.()\[\]{}~?])"
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)")


@dataclass(frozen=True, slots=True)
class Token:
    """text: as written, of strings what they mean. at: the offset."""

    kind: TokenKind
    text: str
    at: int


def read(text: str) -> list[Token]:
    """All tokens, an `end` at last; SyntaxFault at what is none."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise SyntaxFault(at, text[at : at + 1])
        kind, raw = match.lastgroup or "space", match.group()
        if kind == "name" and found and found[-1].text == "." and raw in ("in", "has"):
            kind = "name"
        # what looks like a typed literal is a call where its word is a column's or a function's name
        if kind == "typed" and (found and found[-1].text == "."):
            raw = raw.partition("(")[0].rstrip()
            kind = "name"
        if kind != "space":
            found.append(Token(_kind(kind), _string(raw) if kind == "string" else raw, at))
        at += len(raw)
    found.append(Token("end", "", len(text)))
    return _joined(found)


def _joined(tokens: list[Token]) -> list[Token]:
    """`in` and `~` that touch are one mark."""
    made: list[Token] = []
    for token in tokens:
        last = made[-1] if made else None
        if token.text == "~" and last is not None and last.text in ("in", "has_any") and last.kind == "name":
            made[-1] = Token("mark", f"{last.text}~", last.at)
        else:
            made.append(token)
    return made


def _kind(group: str) -> TokenKind:
    return cast(TokenKind, group)


def _string(raw: str) -> str:
    raw = raw.lstrip("hH") if raw[0] in "hH" else raw
    if raw.startswith(("```", "~~~")):
        return raw[3:-3]
    if raw.startswith("@"):
        return raw[2:-1].replace(raw[1] * 2, raw[1])
    return _ESCAPE.sub(_escaped, raw[1:-1])


def _escaped(match: re.Match[str]) -> str:
    word = match[1]
    if word[0] in "ux" and len(word) > 1:
        return chr(int(word[1:], 16))
    return _ESCAPES.get(word, word)
