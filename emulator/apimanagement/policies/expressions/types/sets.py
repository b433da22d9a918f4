"""The members of HashSet."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from typing import Any

from emulator.apimanagement.policies.expressions.declare import TypeInfo, declare, function, method, prop
from emulator.apimanagement.policies.expressions.types.comparison import by_ordinal
from emulator.apimanagement.policies.expressions.values import Box, Set, checked_size, items


def _set_add(self: Set, value: Any) -> bool:
    new = value not in self
    self[value] = None
    checked_size(len(self))
    return new


def _new_set(given: Any = (), comparer: Any = None) -> Set:
    by_ordinal(given, comparer)
    return Set(dict.fromkeys(() if isinstance(given, Box | int) else items(given)))


declare(
    TypeInfo(
        "HashSet",
        "System.Collections.Generic.HashSet",
        ("IEnumerable",),
        members={
            "Count": prop("int", len),
            "Add": method("bool", _set_add),
            "Remove": method("bool", lambda self, value: self.pop(value, self) is not self),
            "Contains": method("bool", lambda self, value: value in self),
            "UnionWith": method("void", lambda self, values: self.update(dict.fromkeys(items(values)))),
        },
        make=function("HashSet<T>", _new_set),
    )
)
