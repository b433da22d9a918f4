"""Regular expressions of .NET by Python's: names of groups are written otherwise, and nothing stops a search.

What may take exponentially long is therefore refused: a repetition without end that holds another one, or
alternatives of several characters. Where several repetitions without end stand in a pattern, only short texts
are searched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from re import _parser  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage, reportUnknownVariableType]
from typing import Any, Final

from emulator.apimanagement.policies.expressions.values import Limit, Thrown

OPTIONS: Final = {
    "None": 0,
    "IgnoreCase": 1,
    "Multiline": 2,
    "ExplicitCapture": 4,
    "Compiled": 8,
    "Singleline": 16,
    "IgnorePatternWhitespace": 32,
    "RightToLeft": 64,
    "ECMAScript": 256,
    "CultureInvariant": 512,
}
_FLAGS: Final = {1: re.IGNORECASE, 2: re.MULTILINE, 16: re.DOTALL, 32: re.VERBOSE}
_IGNORED: Final = 8 | 512
_NAMED = re.compile(r"(?<!\\)\(\?(?:<(?![=!])([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')")
_REFERENCE = re.compile(r"\\k(?:<(\w+)>|'(\w+)')")
_REPLACED = re.compile(r"\$(?:(\$)|(\d+)|\{(\w+)\}|(&))")
SHORT: Final = 4096  # characters searched where there are several repetitions
LONG: Final = 1 << 20


@dataclass(frozen=True)
class Pattern:
    """A pattern that may be searched for."""

    found: re.Pattern[str]
    longest: int

    def checked(self, text: str | None) -> str:
        """A text that is short enough for it."""
        if text is None:
            raise Thrown("System.ArgumentNullException", "Value cannot be null.\r\nParameter name: input")
        if len(text) > self.longest:
            raise Limit(
                f"a text of {len(text)} characters is searched by a regular expression; {self.longest} are "
                "the most for this one"
            )
        return text


@lru_cache(maxsize=512)
def compiled(pattern: str, options: int = 0) -> Pattern:
    """The pattern. ArgumentException for what is none."""
    flags = 0
    for bit, flag in _FLAGS.items():
        flags |= flag if options & bit else 0
    if options & ~(sum(_FLAGS) | _IGNORED):
        raise Thrown("System.NotSupportedException", f"not emulated: RegexOptions {options}")
    plain = _NAMED.sub(lambda match: f"(?P<{match[1] or match[2]}>", pattern)
    plain = _REFERENCE.sub(lambda match: f"(?P={match[1] or match[2]})", plain)
    plain = re.sub(r"(?<!\\)\\z", r"\\Z", plain)
    try:
        found = re.compile(plain, flags)
        repeats = _repetitions(_parser.parse(plain, flags), inside=False)
    except (re.error, RecursionError, OverflowError) as error:
        raise Thrown("System.ArgumentException", f'parsing "{pattern}" - {error}') from error
    return Pattern(found, SHORT if repeats > 1 else LONG)


def _repetitions(parsed: Any, *, inside: bool) -> int:
    """How many repetitions without end there are."""
    found = 0
    for operator, argument in parsed:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, inner = argument
            endless = int(most) > 64
            if endless and inside:
                raise _refused()
            found += endless + _repetitions(inner, inside=inside or endless)
        elif name == "BRANCH":
            if inside:
                raise _refused()
            found += sum(_repetitions(one, inside=inside) for one in argument[1])
        elif name == "SUBPATTERN":
            found += _repetitions(argument[-1], inside=inside)
        elif name in ("ASSERT", "ASSERT_NOT"):
            found += _repetitions(argument[1], inside=inside)
        elif name == "ATOMIC_GROUP":
            found += _repetitions(argument, inside=inside)
        elif name == "GROUPREF_EXISTS":
            raise _refused()
    return found


def _refused() -> Thrown:
    return Thrown(
        "System.NotSupportedException",
        "not emulated: a regular expression with a repetition or alternatives inside a repetition without "
        "end, which may take for ever",
    )


def replaced(match: re.Match[str], text: str) -> str:
    """A replacement with its `$1` and `${name}`."""

    def one(part: re.Match[str]) -> str:
        if part[1]:
            return "$"
        if part[4]:
            return match[0]
        key: str | int = int(part[2]) if part[2] else part[3]
        key = int(key) if isinstance(key, str) and key.isdecimal() else key
        try:
            return match[key] or ""
        except IndexError:
            return part[0]

    return _REPLACED.sub(one, text)
