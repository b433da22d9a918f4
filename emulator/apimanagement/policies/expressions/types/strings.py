"""The members of String."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import re
from typing import Any, Final

from emulator.apimanagement.policies.expressions import formats, jwt
from emulator.apimanagement.policies.expressions.declare import (
    TypeInfo,
    constant,
    declare,
    function,
    method,
    prop,
)
from emulator.apimanagement.policies.expressions.types.comparison import (
    ORDINAL,
    compared,
    equal_texts,
    folded,
)
from emulator.apimanagement.policies.expressions.types.enumerations import enumeration
from emulator.apimanagement.policies.expressions.values import (
    Array,
    Char,
    Enumerated,
    Ref,
    Thrown,
    argument_null,
    argument_out_of_range,
    checked_size,
    items,
)

BLANKS: Final = "\t\n\v\f\r \x85\xa0\u2028\u2029"
enumeration("StringSplitOptions", "System.StringSplitOptions", RemoveEmptyEntries=1, **{"None": 0})


def needed(value: Any, name: str = "value") -> str:
    """A text that is not null."""
    if value is None:
        raise argument_null(name)
    return str(value)


def _substring(self: str, start: int, length: int | None = None) -> str:
    end = len(self) if length is None else start + length
    if start < 0 or end < start or end > len(self):
        raise argument_out_of_range("startIndex" if start < 0 or start > len(self) else "length")
    return self[start:end]


def _split(self: str, *given: Any) -> Array:
    options = next((one for one in given if isinstance(one, Enumerated)), None)
    most = next((int(one) for one in given[1:] if isinstance(one, int) and not isinstance(one, bool)), None)
    separators: list[str] = []
    for one in given:
        if isinstance(one, str):
            separators.append(str(one))
        elif isinstance(one, list):
            separators.extend(str(part) for part in one)
    separators = [one for one in separators if one]
    pattern = "|".join(map(re.escape, separators)) or r"\s"  # of two that fit, the first that is named
    drop = options is not None and options.name == "RemoveEmptyEntries"
    parts: list[str] = []
    at = 0
    for match in re.finditer(pattern, self):
        if most is not None and len(parts) >= most - 1:
            if drop and most > 1 and match.start() == at:
                at = match.end()
                continue
            break
        if match.start() > at or not drop:
            parts.append(self[at : match.start()])
        at = match.end()
    if at < len(self) or not drop:
        parts.append(self[at:])
    return Array(parts if most != 0 else [], "string")


def _index(self: str, other: Any, *rest: Any, last: bool = False) -> int:
    comparison = next((one for one in rest if isinstance(one, Enumerated)), ORDINAL)
    start = next((int(one) for one in rest if isinstance(one, int)), None)
    text, part = folded(self, comparison), folded(needed(other), comparison)
    if last:
        return text.rfind(part, 0, len(text) if start is None else start + 1)
    if start is not None and not 0 <= start <= len(text):
        raise argument_out_of_range("startIndex")
    return text.find(part, start or 0)


def replaced(self: str, old: Any, new: Any) -> str:
    """As `Replace`. ArgumentException for an empty text to look for."""
    if not needed(old, "oldValue"):
        raise Thrown(
            "System.ArgumentException", "String cannot be of zero length.\r\nParameter name: oldValue"
        )
    checked_size(len(self) + self.count(old) * max(0, len(new or "") - len(old)))
    return self.replace(old, new or "")


def _trim(self: str, given: tuple[Any, ...], *, left: bool, right: bool) -> str:
    chars = (
        "".join(str(char) for one in given for char in (one if isinstance(one, list) else [one])) or BLANKS
    )
    found = self.lstrip(chars) if left else str(self)
    return found.rstrip(chars) if right else found


def _padded(self: str, width: int, char: str, *, left: bool) -> str:
    if width < 0:
        raise argument_out_of_range("totalWidth")
    checked_size(width)
    return self.rjust(width, char) if left else self.ljust(width, char)


def removed(self: str, start: int, count: int | None = None) -> str:
    """As `Remove`: without `count` characters, or without all from `start` on."""
    end = len(self) if count is None else start + count
    if not 0 <= start <= end <= len(self):
        raise argument_out_of_range("startIndex" if not 0 <= start <= len(self) else "count")
    return self[:start] + self[end:]


def inserted(self: str, start: int, value: Any) -> str:
    """As `Insert`."""
    if not 0 <= start <= len(self):
        raise argument_out_of_range("startIndex")
    return self[:start] + needed(value) + self[start:]


def joined(separator: Any, *values: Any) -> str:
    """As `string.Join`: of one collection, or of the arguments."""
    parts = (
        values[0] if len(values) == 1 and not isinstance(values[0], str) and values[0] is not None else values
    )
    found = [formats.text(one) for one in items(parts)]
    checked_size(sum(map(len, found)) + len(found) * len(separator or ""))
    return str(separator or "").join(found)


def concatenated(*values: Any) -> str:
    """As `string.Concat`."""
    if len(values) == 1 and not isinstance(values[0], str) and hasattr(values[0], "__iter__"):
        values = tuple(items(values[0]))
    found = [formats.text(one) for one in values]
    checked_size(sum(map(len, found)))
    return "".join(found)


def formatted(form: Any, *values: Any) -> str:
    """As `string.Format`."""
    if len(values) == 1 and isinstance(values[0], Array) and values[0].element == "object":
        values = tuple(values[0])
    return formats.composite(form, values)


def _new_string(value: Any, count: int | None = None, length: int | None = None) -> str:
    if isinstance(value, list):
        start = count or 0
        chosen = value[start : start + length] if length is not None else value[start:]
        return "".join(chosen)
    if not isinstance(value, Char) or count is None or count < 0:
        raise argument_out_of_range("count")
    checked_size(count)
    return str(value) * count


def _tried_jwt(self: Any, result: Ref) -> bool:
    result.value = jwt.as_jwt(self)
    return result.value is not None


def _tried_basic(self: Any, result: Ref) -> bool:
    result.value = jwt.as_basic(self)
    return result.value is not None


declare(
    TypeInfo(
        "string",
        "System.String",
        ("IEnumerable",),
        index="char",
        members={
            "Length": prop("int", len),
            "ToString": method("string", lambda self, provider=None: str(self)),
            "ToUpper": method("string", lambda self: self.upper()),
            "ToLower": method("string", lambda self: self.lower()),
            "ToUpperInvariant": method("string", lambda self: self.upper()),
            "ToLowerInvariant": method("string", lambda self: self.lower()),
            "Trim": method("string", lambda self, *chars: _trim(self, chars, left=True, right=True)),
            "TrimStart": method("string", lambda self, *chars: _trim(self, chars, left=True, right=False)),
            "TrimEnd": method("string", lambda self, *chars: _trim(self, chars, left=False, right=True)),
            "Substring": method("string", _substring),
            "Split": method("string[]", _split),
            "IndexOf": method("int", _index),
            "LastIndexOf": method("int", lambda self, value, *rest: _index(self, value, *rest, last=True)),
            "IndexOfAny": method(
                "int", lambda self, chars: min((self.find(one) for one in chars if one in self), default=-1)
            ),
            "Contains": method(
                "bool", lambda self, value, comparison=ORDINAL: _index(self, value, comparison) >= 0
            ),
            "StartsWith": method(
                "bool",
                lambda self, value, comparison=ORDINAL, culture=None: folded(self, comparison).startswith(
                    folded(needed(value), comparison)
                ),
            ),
            "EndsWith": method(
                "bool",
                lambda self, value, comparison=ORDINAL, culture=None: folded(self, comparison).endswith(
                    folded(needed(value), comparison)
                ),
            ),
            "Replace": method("string", replaced),
            "Remove": method("string", removed),
            "Insert": method("string", inserted),
            "PadLeft": method("string", lambda self, width, char=" ": _padded(self, width, char, left=True)),
            "PadRight": method(
                "string", lambda self, width, char=" ": _padded(self, width, char, left=False)
            ),
            "Equals": method("bool", equal_texts),
            "CompareTo": method("int", compared),
            "ToCharArray": method("char[]", lambda self: Array(map(Char, self), "char")),
            "GetHashCode": method("int", lambda self: hashed(str(self))),
            "AsJwt": method("Jwt", jwt.as_jwt),
            "AsBasic": method("BasicAuthCredentials", jwt.as_basic),
            "TryParseJwt": method("bool", _tried_jwt),
            "TryParseBasic": method("bool", _tried_basic),
        },
        statics={
            "Empty": constant("string", lambda: ""),
            "IsNullOrEmpty": function("bool", lambda value: not value),
            "IsNullOrWhiteSpace": function("bool", lambda value: not (value or "").strip(BLANKS)),
            "Join": function("string", joined),
            "Concat": function("string", concatenated),
            "Format": function("string", formatted),
            "Equals": function("bool", equal_texts),
            "Compare": function("int", compared),
            "CompareOrdinal": function("int", compared),
            "Copy": function("string", lambda value: needed(value)),
        },
        make=function("string", _new_string),
    )
)


def hashed(text: str) -> int:
    """A hash of a text that is the same in every run; .NET's own differs from run to run."""
    found = 5381
    for char in text:
        found = (found * 33 ^ ord(char)) & 0xFFFFFFFF
    return found - (1 << 32) if found >> 31 else found
