"""The members of Array, and what lists share with arrays."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import functools
from typing import Any

from emulator.apimanagement.policies.expressions.declare import (
    Call,
    TypeInfo,
    declare,
    function,
    method,
    prop,
)
from emulator.apimanagement.policies.expressions.types.linq import default_element, where
from emulator.apimanagement.policies.expressions.types.ordering import order, same
from emulator.apimanagement.policies.expressions.values import Array, Thrown, items


def _copy(source: Any, *rest: Any) -> None:
    """(source, target, length) or (source, index, target, index, length)."""
    start, target, at, length = rest if len(rest) == 4 else (0, rest[0], 0, rest[1])
    start, at, length = int(start), int(at), int(length)
    if min(start, at, length) < 0 or start + length > len(source) or at + length > len(target):
        raise Thrown(
            "System.ArgumentException",
            "Source array was not long enough. Check srcIndex and length, and the array's lower bounds.",
        )
    target[at : at + length] = source[start : start + length]


def index_of(values: Any, value: Any, *, last: bool = False) -> int:
    """The first index of a value, or its last; -1 where it is not there."""
    found = [index for index, one in enumerate(items(values)) if same(one, value)]
    return (found[-1 if last else 0]) if found else -1


def find(values: Any, test: Call) -> Any:
    """The first element that passes a test, else the default of the elements' type."""
    return next((one for one in items(values) if test(one) is True), default_element(values))


def find_index(values: Any, test: Call) -> int:
    """The index of the first element that passes a test; -1 where none does."""
    return next((index for index, one in enumerate(items(values)) if test(one) is True), -1)


def sort(values: Any, by: Any = None) -> None:
    """Sort in place, by a comparison where one is given."""
    compare: Any = by if callable(by) else order
    key = functools.cmp_to_key(compare)
    values[:] = sorted(values, key=key)


def reverse(values: Any) -> None:
    """Reverse in place."""
    values[:] = values[::-1]


def for_each(values: Any, act: Call) -> None:
    """As `ForEach`: what is added meanwhile is not visited."""
    for one in list(items(values)):
        act(one)


declare(
    TypeInfo(
        "Array",
        "System.Array",
        ("IEnumerable",),
        members={
            "Length": prop("int", len),
            "GetLength": method("int", lambda self, dimension: len(self)),
            "Clone": method(
                "?",
                lambda self: bytearray(self) if isinstance(self, bytearray) else Array(self, self.element),
            ),
            "CopyTo": method("void", lambda self, target, at: _copy(self, 0, target, at, len(self))),
        },
        statics={
            "Copy": function("void", _copy),
            "IndexOf": function("int", index_of),
            "LastIndexOf": function("int", lambda values, value: index_of(values, value, last=True)),
            "Exists": function("bool", lambda values, test: any(test(one) is True for one in items(values))),
            "Find": function("?", find),
            "FindAll": function(
                "?", lambda values, test: Array(where(values, test), getattr(values, "element", "object"))
            ),
            "FindIndex": function("int", find_index),
            "ForEach": function("void", for_each),
            "Sort": function("void", sort),
            "Reverse": function("void", reverse),
            "TrueForAll": function(
                "bool", lambda values, test: all(test(one) is True for one in items(values))
            ),
            "ConvertAll": function("?", lambda values, make: Array(map(make, items(values)))),
            "Empty": function(
                "M[]", lambda types=(): Array((), types[0].name if types else "object"), generic=True
            ),
        },
    )
)
