"""Functions of texts."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, unquote

from emulator.monitor.kql.binary import pattern
from emulator.monitor.kql.convert import converter
from emulator.monitor.kql.kinds import Kind
from emulator.monitor.kql.scalars import Kinds, Scalar, row, typed
from emulator.monitor.kql.values import dynamic_text


def _substring(text: str, start: int, length: int | None = None) -> str:
    start = max(start, 0) if start >= 0 else max(len(text) + start, 0)
    return text[start:] if length is None else text[start : start + max(length, 0)]


def _indexof(text: str, wanted: str, start: int = 0, length: int = -1, occurrence: int = 1) -> int | None:
    if occurrence < 1:
        return None
    end = len(text) if length < 0 else start + length
    at = start - 1
    for _ in range(occurrence):
        at = text.find(wanted, at + 1, end)
        if at < 0:
            return -1
    return at


def _split(text: str, mark: str, place: int | None = None) -> list[str]:
    found = text.split(mark) if mark else [text]
    if place is None:
        return found
    return [found[place]] if 0 <= place < len(found) else []


def _extract(kinds: Kinds) -> Callable[..., Any]:
    convert = converter("string", kinds[3] if len(kinds) > 3 else "string")

    def run(wanted: str, group: int, text: str, kind: Any = None) -> Any:
        match = pattern(wanted).search(text)
        if match is None or group > (match.re.groups or 0) or match[group] is None:
            return None if len(kinds) > 3 and kinds[3] != "string" else ""
        return convert(match[group])

    return run


def _extracted(kinds: Kinds) -> Kind:
    return kinds[3] if len(kinds) > 3 else "string"


def _extract_all(wanted: str, text: str) -> list[Any] | None:
    found = [
        list(match.groups()) if match.re.groups > 1 else match[match.re.groups]
        for match in pattern(wanted).finditer(text)
    ]
    return found or None


def _trim(at_start: bool, at_end: bool) -> Callable[[str, str], str]:
    def run(wanted: str, text: str) -> str:
        if at_start:
            text = pattern(f"^(?:{wanted})").sub("", text)
        return pattern(f"(?:{wanted})$").sub("", text) if at_end else text

    return run


def _countof(text: str, wanted: str, kind: str = "normal") -> int:
    if kind == "regex":
        return sum(1 for _ in pattern(wanted).finditer(text))
    return sum(text.startswith(wanted, at) for at in range(len(text))) if wanted else 0


def _base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _concatenated(*texts: str) -> str:
    return "".join(texts)


def _delimited(mark: str, *texts: str) -> str:
    return mark.join(texts)


def _replaced(text: str, wanted: str, other: str) -> str:
    return pattern(wanted).sub(other, text)


def _backwards(text: str) -> str:
    return text[::-1]


def _compared(one: str, other: str) -> int:
    return (one > other) - (one < other)


def _repeated(text: str, times: int, mark: str = "") -> str:
    return mark.join([text] * min(times, 1024))


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324


def _joined(values: Any, mark: str) -> str:
    return mark.join(map(dynamic_text, values)) if isinstance(values, list) else ""  # pyright: ignore[reportUnknownArgumentType]


SCALARS: Final[tuple[Scalar, ...]] = (
    row("strlen", "text", "long", len, "how many characters it has"),
    row("tolower", "scalar", "string", str.lower, "in lower case"),
    row("toupper", "scalar", "string", str.upper, "in upper case"),
    row("strcat", "scalar", "string", _concatenated, "texts one after another", endless=True),
    row(
        "strcat_delim",
        "text scalar",
        "string",
        _delimited,
        "texts with a mark between",
        endless=True,
    ),
    row("strcat_array", "dynamic text", "string", _joined, "the values of a list with a mark between"),
    row("substring", "text whole whole", "string", _substring, "a part, from a place on", least=2),
    row(
        "indexof",
        "scalar scalar whole whole whole",
        "long",
        _indexof,
        "where it has another, -1 for nowhere",
        least=2,
    ),
    row("split", "text text whole", "dynamic", _split, "its parts between marks", least=2, names=True),
    row("replace_string", "text text text", "string", str.replace, "with one text for another"),
    row(
        "replace_regex",
        "text text text",
        "string",
        _replaced,
        "with a text for each match",
    ),
    typed("extract", "text whole text type", _extracted, _extract, "a group of the first match", least=3),
    row("extract_all", "text text", "dynamic", _extract_all, "the groups of all matches"),
    row("trim", "text text", "string", _trim(True, True), "without a match at both ends"),
    row("trim_start", "text text", "string", _trim(True, False), "without a match at its start"),
    row("trim_end", "text text", "string", _trim(False, True), "without a match at its end"),
    row("reverse", "scalar", "string", _backwards, "backwards"),
    row("countof", "text text text", "long", _countof, "how often it has another", least=2),
    row("strcmp", "text text", "long", _compared, "-1, 0 or 1"),
    row(
        "strrep",
        "scalar whole text",
        "string",
        _repeated,
        "repeated",
        least=2,
    ),
    row("url_encode", "text", "string", _quoted, "for a URL"),
    row("url_decode", "text", "string", unquote, "from a URL"),
    row(
        "base64_encode_tostring",
        "text",
        "string",
        _in_base64,
        "in base64",
    ),
    row("base64_decode_tostring", "text", "string", _base64, "from base64"),
    row(
        "hash_sha256",
        "scalar",
        "string",
        _sha256,
        "SHA-256, in hexadecimal",
    ),
    row(
        "hash_md5",
        "scalar",
        "string",
        _md5,
        "MD5, in hexadecimal",
    ),
)
