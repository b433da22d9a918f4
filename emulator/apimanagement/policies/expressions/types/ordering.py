"""How LINQ orders values, and when two of them are the same."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from emulator.apimanagement.policies.expressions.declare import Call, TypeInfo, declare, method
from emulator.apimanagement.policies.expressions.types.comparison import compared, folded
from emulator.apimanagement.policies.expressions.values import CLASSES, Box, Sequence, Thrown, items


def order(one: Any, two: Any) -> int:
    """Which of two comes first."""
    if one is None or two is None:
        return (one is not None) - (two is not None)
    if isinstance(one, str) and isinstance(two, str):
        return compared(one, two)
    try:
        return (one > two) - (one < two)
    except TypeError as error:
        raise Thrown("System.ArgumentException", "At least one object must implement IComparable.") from error


class Ordered(Sequence):
    """What OrderBy makes: ThenBy sorts what is equal by all keys before."""

    def __init__(self, values: Iterable[Any], keys: tuple[tuple[Call, bool], ...]) -> None:
        self.keys = keys

        def by(one: Any, two: Any) -> int:
            for key, down in keys:
                found = order(key(one), key(two))
                if found:
                    return -found if down else found
            return 0

        super().__init__(sorted(values, key=functools.cmp_to_key(by)))


CLASSES.insert(0, (Ordered, "IOrderedEnumerable"))


def ordered(self: Any, key: Call, comparer: Any = None, *, down: bool = False, more: bool = False) -> Ordered:
    """As `OrderBy`; down: the greatest first. more: as `ThenBy`, behind the keys before."""
    before = self.keys if more and isinstance(self, Ordered) else ()
    if isinstance(comparer, Box):
        key = _folding(key, comparer.value)
    return Ordered(items(self), (*before, (key, down)))


def _folding(key: Call, comparison: Any) -> Call:
    """A key that is a text, as a comparison sees it."""

    def folding(one: Any) -> Any:
        found = key(one)
        return folded(found, comparison) if isinstance(found, str) else found

    return folding


def key_of(value: Any) -> Any:
    """What tells a value from the others: two values of one key are the same."""
    try:
        hash(value)
    except TypeError:
        return id(value)
    return (type(value), value) if isinstance(value, bool) else value


def same(one: Any, two: Any) -> bool:
    """As `Equals`; null is the same as null."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    return one is two or one == two


declare(
    TypeInfo(
        "IOrderedEnumerable",
        "System.Linq.IOrderedEnumerable",
        ("IEnumerable",),
        members={
            "ThenBy": method(
                "IOrderedEnumerable<T>",
                lambda self, key, comparer=None: ordered(self, key, comparer, more=True),
            ),
            "ThenByDescending": method(
                "IOrderedEnumerable<T>",
                lambda self, key, comparer=None: ordered(self, key, comparer, down=True, more=True),
            ),
        },
    )
)
