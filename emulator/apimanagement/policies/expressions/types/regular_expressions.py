"""The members of Regex and of its matches."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import re
from typing import Any

from emulator.apimanagement.policies.expressions import formats, patterns
from emulator.apimanagement.policies.expressions.declare import TypeInfo, declare, function, method, prop
from emulator.apimanagement.policies.expressions.types.enumerations import enumeration
from emulator.apimanagement.policies.expressions.types.strings import needed
from emulator.apimanagement.policies.expressions.values import (
    CLASSES,
    Array,
    Box,
    Enumerated,
    Sequence,
    Thrown,
    checked_size,
)

enumeration("RegexOptions", "System.Text.RegularExpressions.RegexOptions", **patterns.OPTIONS)
_ESCAPES = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([0-7]{1,3})|c([A-Za-z@\[\\\]^_])|(.?))", re.DOTALL
)


def _options(given: Any) -> int:
    return given.number if isinstance(given, Enumerated) else 0


def _regex(pattern: Any, options: Any = None, timeout: Any = None) -> Box[patterns.Pattern]:
    return Box("Regex", patterns.compiled(needed(pattern, "pattern"), _options(options)))


def _match(regex: Box[patterns.Pattern], text: Any) -> Box[Any]:
    return Box("Match", regex.value.found.search(regex.value.checked(text)))


class Matches(Sequence):
    """A MatchCollection."""


CLASSES.insert(0, (Matches, "MatchCollection"))


def _matches(regex: Box[patterns.Pattern], text: Any) -> Matches:
    return Matches([Box("Match", one) for one in regex.value.found.finditer(regex.value.checked(text))])


def _substituted(regex: Box[patterns.Pattern], text: Any, new: Any, count: int = 0) -> str:
    def one(match: re.Match[str]) -> str:
        return (
            formats.text(new(Box("Match", match))) if callable(new) else patterns.replaced(match, needed(new))
        )

    shown = regex.value.checked(text)
    checked_size(len(shown) * max(1, 0 if callable(new) else len(needed(new))))
    return regex.value.found.sub(one, shown, count=max(count, 0))


def _unescaped(text: Any) -> str:
    """As `Regex.Unescape`. ArgumentException for a letter that is no escape."""

    def one(found: re.Match[str]) -> str:
        if code := found[1] or found[2]:
            return chr(int(code, 16))
        if found[3]:
            return chr(int(found[3], 8) & 0xFF)
        if found[4]:
            return chr(ord(found[4].upper()) - 64)
        letter = found[5]
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter.isalnum() or letter in ("", "_"):
            raise Thrown(
                "System.ArgumentException", f'parsing "{text}" - Unrecognized escape sequence \\{letter}.'
            )
        return letter

    return _ESCAPE.sub(one, needed(text))


def _parted(regex: Box[patterns.Pattern], text: Any) -> Array:
    return Array(
        [one for one in regex.value.found.split(regex.value.checked(text)) if one is not None], "string"
    )


def _group(self: Box[Any], key: Any) -> Box[Any]:
    """A group as (match, key); a match that failed or has no such group gives one without success."""
    match: re.Match[str] | None = self.value
    try:
        found: Any = match[key] if match is not None else None
    except IndexError:
        found = None
    return Box("Group", None if found is None else (match, key))


def _group_part(self: Box[Any], part: str) -> Any:
    if self.value is None:
        return {"Value": "", "Success": False, "Index": 0, "Length": 0}[part]
    match, key = self.value
    start, end = match.span(key)
    return {"Value": match[key], "Success": True, "Index": start, "Length": end - start}[part]


def _next(self: Box[Any]) -> Box[Any]:
    match = self.value
    if match is None:
        return self
    start = match.end() + (match.end() == match.start())
    return Box("Match", match.re.search(match.string, start) if start <= len(match.string) else None)


declare(
    TypeInfo(
        "Regex",
        "System.Text.RegularExpressions.Regex",
        members={
            "IsMatch": method("bool", lambda self, text: _match(self, text).value is not None),
            "Match": method("Match", _match),
            "Matches": method("MatchCollection", _matches),
            "Replace": method("string", _substituted),
            "Split": method("string[]", _parted),
        },
        statics={
            "IsMatch": function(
                "bool",
                lambda text, pattern, options=None: _match(_regex(pattern, options), text).value is not None,
            ),
            "Match": function(
                "Match", lambda text, pattern, options=None: _match(_regex(pattern, options), text)
            ),
            "Matches": function(
                "MatchCollection",
                lambda text, pattern, options=None: _matches(_regex(pattern, options), text),
            ),
            "Replace": function(
                "string",
                lambda text, pattern, new, options=None: _substituted(_regex(pattern, options), text, new),
            ),
            "Split": function(
                "string[]", lambda text, pattern, options=None: _parted(_regex(pattern, options), text)
            ),
            "Unescape": function("string", _unescaped),
            "Escape": function("string", lambda text: re.escape(needed(text))),
        },
        make=function("Regex", _regex),
    )
)
declare(
    TypeInfo(
        "MatchCollection",
        "System.Text.RegularExpressions.MatchCollection",
        ("IEnumerable",),
        index="Match",
        members={"Count": prop("int", len)},
    )
)
declare(
    TypeInfo(
        "GroupCollection",
        "System.Text.RegularExpressions.GroupCollection",
        index="Group",
        members={"Count": prop("int", lambda self: len(self.value.groups()) + 1 if self.value else 1)},
    )
)
_PART = {
    part: prop(
        {"Value": "string", "Success": "bool"}.get(part, "int"),
        lambda self, part=part: _group_part(self, part),
    )
    for part in ("Value", "Success", "Index", "Length")
}
declare(
    TypeInfo(
        "Group",
        "System.Text.RegularExpressions.Group",
        members={**_PART, "ToString": method("string", lambda self: _group_part(self, "Value"))},
    )
)
declare(
    TypeInfo(
        "Match",
        "System.Text.RegularExpressions.Match",
        members={
            **{
                part: prop(
                    {"Value": "string", "Success": "bool"}.get(part, "int"),
                    lambda self, part=part: _group_part(_group(self, 0), part),
                )
                for part in ("Value", "Success", "Index", "Length")
            },
            "Groups": prop("GroupCollection", lambda self: Box("GroupCollection", self.value)),
            "ToString": method("string", lambda self: _group_part(_group(self, 0), "Value")),
            "NextMatch": method("Match", _next),
            "Result": method("string", lambda self, form: patterns.replaced(self.value, needed(form))),
        },
    )
)


def group_of(groups: Box[Any], key: Any) -> Box[Any]:
    """`match.Groups[key]`."""
    return _group(groups, key)
