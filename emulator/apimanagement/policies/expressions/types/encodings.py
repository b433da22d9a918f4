"""The members of Encoding: texts as bytes, and bytes as texts."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from typing import Any

from emulator.apimanagement.policies.expressions.declare import TypeInfo, constant, declare, function, method
from emulator.apimanagement.policies.expressions.types.strings import needed
from emulator.apimanagement.policies.expressions.values import Box, Thrown, argument_null, out_of_range


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
