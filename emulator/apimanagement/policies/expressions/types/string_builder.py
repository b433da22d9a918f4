"""The members of StringBuilder."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from typing import Any

from emulator.apimanagement.policies.expressions import formats
from emulator.apimanagement.policies.expressions.declare import TypeInfo, declare, function, method, prop
from emulator.apimanagement.policies.expressions.types.strings import formatted, inserted, removed, replaced
from emulator.apimanagement.policies.expressions.values import Builder, checked_size


def _builder_replace(self: Builder, old: Any, new: Any) -> Builder:
    text = replaced(str(self), old, new)
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
                    self, inserted(str(self), index, formats.text(value))
                ),
            ),
            "Replace": method("StringBuilder", _builder_replace),
            "Remove": method(
                "StringBuilder",
                lambda self, start, count: _builder_set(self, removed(str(self), start, count)),
            ),
            "Clear": method("StringBuilder", lambda self: _builder_set(self, "")),
            "Length": prop("int", lambda self: self.length),
            "ToString": method("string", lambda self: str(self)),
        },
        make=function("StringBuilder", _new_builder),
    )
)
