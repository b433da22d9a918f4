"""Texts: String, Char, StringBuilder, Encoding, Regex, Uri, WebUtility."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from emulator.apimanagement.policies.expressions import formats, jwt, patterns
from emulator.apimanagement.policies.expressions.declare import (
    TypeInfo,
    constant,
    declare,
    function,
    method,
    prop,
)
from emulator.apimanagement.policies.expressions.values import (
    CLASSES,
    Array,
    Box,
    Builder,
    Char,
    Enumerated,
    Ref,
    Sequence,
    Thrown,
    argument_null,
    argument_out_of_range,
    checked_size,
    items,
    out_of_range,
)

BLANKS: Final = "\t\n\v\f\r \x85\xa0\u2028\u2029"
ORDINAL: Final = Enumerated("StringComparison", "Ordinal", 4)


def enumeration(name: str, full: str, **members: int) -> None:
    """Declare an enumeration."""

    def one(member: str, number: int) -> Callable[[], Enumerated]:
        return lambda: Enumerated(name, member, number)

    statics = {member: constant(name, one(member, number)) for member, number in members.items()}
    declare(TypeInfo(name, full, ("Enum",), statics=statics))


declare(
    TypeInfo(
        "Enum",
        "System.Enum",
        members={
            "ToString": method("string", lambda self: self.name),
            "Equals": method("bool", lambda self, other: self == other),
        },
    )
)
enumeration(
    "StringComparison",
    "System.StringComparison",
    CurrentCulture=0,
    CurrentCultureIgnoreCase=1,
    InvariantCulture=2,
    InvariantCultureIgnoreCase=3,
    Ordinal=4,
    OrdinalIgnoreCase=5,
)
enumeration("StringSplitOptions", "System.StringSplitOptions", RemoveEmptyEntries=1, **{"None": 0})
enumeration("RegexOptions", "System.Text.RegularExpressions.RegexOptions", **patterns.OPTIONS)
enumeration("UriPartial", "System.UriPartial", Scheme=0, Authority=1, Path=2, Query=3)


def folded(text: str, comparison: Any = ORDINAL) -> str:
    """A text as a comparison sees it."""
    ignore = comparison is True or (
        isinstance(comparison, Enumerated) and comparison.name.endswith("IgnoreCase")
    )
    return text.upper() if ignore else text


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
    pattern = "|".join(map(re.escape, sorted(separators, key=len, reverse=True))) or r"\s"
    drop = options is not None and options.name == "RemoveEmptyEntries"
    parts: list[str] = []
    at = 0
    for match in re.finditer(pattern, self):
        if most is not None and len(parts) >= most - 1:
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


def _replace(self: str, old: Any, new: Any) -> str:
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


def _remove(self: str, start: int, count: int | None = None) -> str:
    end = len(self) if count is None else start + count
    if not 0 <= start <= end <= len(self):
        raise argument_out_of_range("startIndex" if not 0 <= start <= len(self) else "count")
    return self[:start] + self[end:]


def _inserted(self: str, start: int, value: Any) -> str:
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


def compared(left: Any, right: Any, comparison: Any = ORDINAL) -> int:
    """As `string.Compare`, by code points: -1, 0 or 1."""
    one, two = folded(left or "", comparison), folded(right or "", comparison)
    if left is None or right is None:
        return (left is not None) - (right is not None)
    return (one > two) - (one < two)


def _equal(self: Any, other: Any, comparison: Any = ORDINAL) -> bool:
    if not isinstance(other, str) or not isinstance(self, str):
        return self is None and other is None
    return folded(self, comparison) == folded(other, comparison)


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
            "Replace": method("string", _replace),
            "Remove": method("string", _remove),
            "Insert": method("string", _inserted),
            "PadLeft": method("string", lambda self, width, char=" ": _padded(self, width, char, left=True)),
            "PadRight": method(
                "string", lambda self, width, char=" ": _padded(self, width, char, left=False)
            ),
            "Equals": method("bool", _equal),
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
            "Equals": function("bool", _equal),
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


def _char(test: Callable[[str], bool]) -> Any:
    return function("bool", lambda value, index=None: test(value if index is None else value[index]))


declare(
    TypeInfo(
        "char",
        "System.Char",
        members={
            "ToString": method("string", lambda self: str(self)),
            "Equals": method("bool", lambda self, other: isinstance(other, Char) and self == other),
            "CompareTo": method("int", lambda self, other: ord(self) - ord(other)),
        },
        statics={
            "IsDigit": _char(str.isdecimal),
            "IsNumber": _char(str.isnumeric),
            "IsLetter": _char(str.isalpha),
            "IsLetterOrDigit": _char(lambda one: one.isalpha() or one.isdecimal()),
            "IsUpper": _char(str.isupper),
            "IsLower": _char(str.islower),
            "IsWhiteSpace": _char(lambda one: one in BLANKS or one.isspace()),
            "ToUpper": function("char", lambda value: Char(value.upper()[:1])),
            "ToLower": function("char", lambda value: Char(value.lower()[:1])),
            "ToUpperInvariant": function("char", lambda value: Char(value.upper()[:1])),
            "ToLowerInvariant": function("char", lambda value: Char(value.lower()[:1])),
            "ToString": function("string", lambda value: str(value)),
        },
    )
)
declare(
    TypeInfo(
        "StringComparer",
        "System.StringComparer",
        members={
            "Equals": method("bool", lambda self, one, two: _equal(one, two, self.value)),
            "Compare": method("int", lambda self, one, two: compared(one, two, self.value)),
        },
        statics={
            name: constant(
                "StringComparer",
                lambda name=name: Box("StringComparer", Enumerated("StringComparison", name, 0)),
            )
            for name in (
                "Ordinal",
                "OrdinalIgnoreCase",
                "InvariantCulture",
                "InvariantCultureIgnoreCase",
                "CurrentCulture",
                "CurrentCultureIgnoreCase",
            )
        },
    )
)


def _builder_replace(self: Builder, old: Any, new: Any) -> Builder:
    text = _replace(str(self), old, new)
    self.parts, self.length = [text], len(text)
    return self


def _builder_set(self: Builder, text: str) -> Builder:
    self.parts, self.length = [text], len(text)
    return self


def _new_builder(value: Any = "", capacity: int = 0) -> Builder:
    return Builder("" if isinstance(value, int) or value is None else str(value))


declare(
    TypeInfo(
        "StringBuilder",
        "System.Text.StringBuilder",
        index="char",
        members={
            "Append": method(
                "StringBuilder",
                lambda self, value, count=1: self.append(formats.text(value) * checked_size(count)),
            ),
            "AppendLine": method("StringBuilder", lambda self, value="": self.append(f"{value or ''}\r\n")),
            "AppendFormat": method(
                "StringBuilder", lambda self, form, *values: self.append(formatted(form, *values))
            ),
            "Insert": method(
                "StringBuilder",
                lambda self, index, value: _builder_set(
                    self, _inserted(str(self), index, formats.text(value))
                ),
            ),
            "Replace": method("StringBuilder", _builder_replace),
            "Remove": method(
                "StringBuilder",
                lambda self, start, count: _builder_set(self, _remove(str(self), start, count)),
            ),
            "Clear": method("StringBuilder", lambda self: _builder_set(self, "")),
            "Length": prop("int", lambda self: self.length),
            "ToString": method("string", lambda self: str(self)),
        },
        make=function("StringBuilder", _new_builder),
    )
)


def _encoding(name: str) -> Any:
    return constant("Encoding", lambda: Box("Encoding", name))


def _encoded(self: Box[str], text: Any) -> bytearray:
    shown = needed("".join(text) if isinstance(text, list) else text, "s")
    return bytearray(shown.encode(self.value, "replace"))


def _decoded(self: Box[str], data: Any, index: int = 0, count: int | None = None) -> str:
    if data is None:
        raise argument_null("bytes")
    end = len(data) if count is None else index + count
    if not 0 <= index <= end <= len(data):
        raise out_of_range()
    return bytes(data[index:end]).decode(self.value, "replace")


def _encoding_of(name: str) -> Box[str]:
    known = {
        "utf-8": "utf-8",
        "us-ascii": "ascii",
        "ascii": "ascii",
        "iso-8859-1": "latin-1",
        "utf-16": "utf-16-le",
    }
    if needed(name).lower() not in known:
        raise Thrown("System.ArgumentException", f"'{name}' is not a supported encoding name.")
    return Box("Encoding", known[name.lower()])


declare(
    TypeInfo(
        "Encoding",
        "System.Text.Encoding",
        members={
            "GetBytes": method("byte[]", _encoded),
            "GetString": method("string", _decoded),
            "GetByteCount": method("int", lambda self, text: len(_encoded(self, text))),
        },
        statics={
            "UTF8": _encoding("utf-8"),
            "ASCII": _encoding("ascii"),
            "Unicode": _encoding("utf-16-le"),
            "BigEndianUnicode": _encoding("utf-16-be"),
            "UTF32": _encoding("utf-32-le"),
            "Default": _encoding("utf-8"),
            "GetEncoding": function("Encoding", _encoding_of),
        },
    )
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


def _parted(regex: Box[patterns.Pattern], text: Any) -> Array:
    return Array(
        [one for one in regex.value.found.split(regex.value.checked(text)) if one is not None], "string"
    )


def _group(self: Box[Any], key: Any) -> Box[Any]:
    """(match, key); of a group that is not there one without success."""
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
            "Unescape": function("string", lambda text: re.sub(r"\\(.)", r"\1", needed(text))),
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


def _uri(text: Any, kind: Any = None) -> Box[Any]:
    parts = urlsplit(needed(text, "uriString"))
    try:
        valid = bool(parts.scheme and parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise Thrown(
            "System.UriFormatException", "Invalid URI: The format of the URI could not be determined."
        )
    return Box("Uri", parts)


def _port(self: Box[Any]) -> int:
    return self.value.port or {"http": 80, "https": 443, "ftp": 21}.get(self.value.scheme, -1)


def uri_text(self: Box[Any]) -> str:
    """The address, with a path at least of a slash."""
    parts = self.value
    return parts._replace(path=parts.path or "/").geturl()


def _path_and_query(self: Box[Any]) -> str:
    parts = self.value
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


declare(
    TypeInfo(
        "Uri",
        "System.Uri",
        members={
            "Host": prop("string", lambda self: self.value.hostname),
            "DnsSafeHost": prop("string", lambda self: self.value.hostname),
            "Authority": prop("string", lambda self: self.value.netloc.rpartition("@")[2]),
            "Scheme": prop("string", lambda self: self.value.scheme),
            "Port": prop("int", _port),
            "AbsolutePath": prop("string", lambda self: self.value.path or "/"),
            "LocalPath": prop("string", lambda self: unquote(self.value.path or "/")),
            "PathAndQuery": prop("string", _path_and_query),
            "Query": prop("string", lambda self: f"?{self.value.query}" if self.value.query else ""),
            "Fragment": prop("string", lambda self: f"#{self.value.fragment}" if self.value.fragment else ""),
            "AbsoluteUri": prop("string", uri_text),
            "OriginalString": prop("string", lambda self: self.value.geturl()),
            "Segments": prop(
                "string[]",
                lambda self: Array(re.findall(r"[^/]*/|[^/]+$", self.value.path or "/"), "string"),
            ),
            "ToString": method("string", uri_text),
        },
        statics={
            "EscapeDataString": function("string", lambda text: quote(needed(text), safe="-_.~")),
            "UnescapeDataString": function("string", lambda text: unquote(needed(text))),
            "EscapeUriString": function(
                "string", lambda text: quote(needed(text), safe="-_.~!#$&'()*+,/:;=?@[]")
            ),
        },
        make=function("Uri", _uri),
    )
)
declare(
    TypeInfo(
        "WebUtility",
        "System.Net.WebUtility",
        statics={
            "UrlEncode": function(
                "string",
                lambda text: None if text is None else quote(text, safe="-_.!*() ").replace(" ", "+"),
            ),
            "UrlDecode": function("string", lambda text: None if text is None else unquote_plus(text)),
            "HtmlEncode": function(
                "string", lambda text: None if text is None else html.escape(text).replace("&#x27;", "&#39;")
            ),
            "HtmlDecode": function("string", lambda text: None if text is None else html.unescape(text)),
        },
    )
)
enumeration(
    "ProductState",
    "Microsoft.Azure.ApiManagement.Policies.Expressions.ProductState",
    NotPublished=0,
    Published=1,
)
