"""The members of List and of its interfaces, of Queue and of Stack."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from emulator.apimanagement.policies.expressions.declare import (
    Call,
    TypeInfo,
    declare,
    function,
    method,
    prop,
)
from emulator.apimanagement.policies.expressions.types.arrays import (
    find,
    find_index,
    for_each,
    index_of,
    reverse,
    sort,
)
from emulator.apimanagement.policies.expressions.types.linq import where
from emulator.apimanagement.policies.expressions.values import (
    CLASSES,
    List,
    Thrown,
    argument_out_of_range,
    checked_size,
    items,
)


def _grow(self: list[Any], values: Iterable[Any]) -> None:
    self.extend(values)
    checked_size(len(self))


def _removed(self: list[Any], value: Any) -> bool:
    index = index_of(self, value)
    if index >= 0:
        del self[index]
    return index >= 0


def _remove_at(self: list[Any], index: int) -> None:
    if not 0 <= index < len(self):
        raise argument_out_of_range("index")
    del self[index]


def _remove_all(self: list[Any], test: Call) -> int:
    before = len(self)
    self[:] = [one for one in self if test(one) is not True]
    return before - len(self)


def _list(given: Any = None, *, make: Callable[..., Any] = List) -> Any:
    return make() if given is None or isinstance(given, int) else make(items(given))


LIST = {
    "Count": prop("int", len),
    "Add": method("void", lambda self, value: _grow(self, [value])),
    "AddRange": method("void", lambda self, values: _grow(self, items(values))),
    "Insert": method("void", lambda self, index, value: self.insert(index, value)),
    "Remove": method("bool", _removed),
    "RemoveAt": method("void", _remove_at),
    "RemoveAll": method("int", _remove_all),
    "Clear": method("void", lambda self: self.clear()),
    "IndexOf": method("int", index_of),
    "Find": method("T", find),
    "FindIndex": method("int", find_index),
    "FindAll": method("List<T>", lambda self, test: List(where(self, test))),
    "Exists": method("bool", lambda self, test: any(test(one) is True for one in self)),
    "ForEach": method("void", for_each),
    "Sort": method("void", sort),
    "Reverse": method("void", reverse),
    "GetRange": method("List<T>", lambda self, index, count: List(self[index : index + count])),
    "TrueForAll": method("bool", lambda self, test: all(test(one) is True for one in self)),
}
declare(
    TypeInfo(
        "List",
        "System.Collections.Generic.List",
        ("IList",),
        members=LIST,
        index="T",
        make=function("List<T>", _list),
    )
)
for _name in ("IList", "ICollection", "IReadOnlyCollection", "IReadOnlyList"):
    declare(
        TypeInfo(
            _name,
            f"System.Collections.Generic.{_name}",
            {"IList": ("ICollection",), "ICollection": ("IReadOnlyCollection",)}.get(_name, ("IEnumerable",)),
            members={
                "Count": prop("int", len),
                **({"Add": LIST["Add"]} if _name in ("IList", "ICollection") else {}),
            },
            index="T" if _name.endswith("List") else None,
        )
    )


class Queue(List):
    """A Queue<T>."""


class Stack(List):
    """A Stack<T>; its top is the last element."""


CLASSES[:0] = [(Queue, "Queue"), (Stack, "Stack")]


def _taken(self: list[Any], at: int, name: str, *, keep: bool = False) -> Any:
    if not self:
        raise Thrown("System.InvalidOperationException", f"{name} empty.")
    return self[at] if keep else self.pop(at)


declare(
    TypeInfo(
        "Queue",
        "System.Collections.Generic.Queue",
        ("IEnumerable",),
        members={
            "Count": prop("int", len),
            "Enqueue": method("void", lambda self, value: _grow(self, [value])),
            "Dequeue": method("T", lambda self: _taken(self, 0, "Queue")),
            "Peek": method("T", lambda self: _taken(self, 0, "Queue", keep=True)),
        },
        make=function("Queue<T>", lambda given=None: _list(given, make=Queue)),
    )
)
declare(
    TypeInfo(
        "Stack",
        "System.Collections.Generic.Stack",
        ("IEnumerable",),
        members={
            "Count": prop("int", len),
            "Push": method("void", lambda self, value: _grow(self, [value])),
            "Pop": method("T", lambda self: _taken(self, -1, "Stack")),
            "Peek": method("T", lambda self: _taken(self, -1, "Stack", keep=True)),
        },
        make=function("Stack<T>", lambda given=None: _list(given, make=Stack)),
    )
)
