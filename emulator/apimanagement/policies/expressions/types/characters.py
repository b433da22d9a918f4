"""The members of Char."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.apimanagement.policies.expressions.declare import TypeInfo, declare, function, method
from emulator.apimanagement.policies.expressions.types.strings import BLANKS
from emulator.apimanagement.policies.expressions.values import Char


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
