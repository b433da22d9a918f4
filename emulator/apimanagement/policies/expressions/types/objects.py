"""The members of Object, which every value has."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from typing import Any

from emulator.apimanagement.policies.expressions import formats
from emulator.apimanagement.policies.expressions.declare import TypeInfo, declare, function, method
from emulator.apimanagement.policies.expressions.types.strings import hashed
from emulator.apimanagement.policies.expressions.values import Box


def _equal(self: Any, other: Any) -> bool:
    return type(self) is type(other) and self == other


declare(
    TypeInfo(
        "object",
        "System.Object",
        members={
            "ToString": method("string", lambda self: formats.text(self)),
            "Equals": method("bool", _equal),
            "GetHashCode": method("int", lambda self: hashed(formats.text(self))),
        },
        statics={
            "Equals": function("bool", lambda one, two: one is two or _equal(one, two)),
            "ReferenceEquals": function("bool", lambda one, two: one is two),
        },
        make=function("object", lambda: Box("object", None)),
    )
)
