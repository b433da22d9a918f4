"""Values as C# has them, where Python's own differ: sized numbers, characters, arrays, what is thrown.

`int` is Int32, `float` Double, `Decimal` Decimal, `str` String, `bytearray` a byte[], `None` null.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

T = TypeVar("T")

# Characters or elements of one value, and of all that an evaluation makes: more than policies need for the
# messages that they handle, less than what hurts.
MOST: Final = 1 << 24
MOST_IN_ALL: Final = 1 << 26
_made = threading.local()


class Thrown(Exception):
    """A .NET exception: what `catch` catches. kind: its class, as `System.FormatException`."""

    def __init__(self, kind: str, message: str, inner: Any = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.inner = inner


class Limit(Exception):
    """A limit of an evaluation that was passed: time, steps or size. No `catch` catches it."""


def null_reference() -> Thrown:
    """A member of null."""
    return Thrown("System.NullReferenceException", "Object reference not set to an instance of an object.")


def argument_null(name: str) -> Thrown:
    """null where a value is needed."""
    return Thrown("System.ArgumentNullException", f"Value cannot be null.\r\nParameter name: {name}")


def invalid_cast(value: Any, wanted: str) -> Thrown:
    """A value of another type."""
    return Thrown(
        "System.InvalidCastException",
        f"Unable to cast object of type '{full_name(value)}' to type '{wanted}'.",
    )


def format_error() -> Thrown:
    """A text that is no number."""
    return Thrown("System.FormatException", "Input string was not in a correct format.")


def out_of_range() -> Thrown:
    """An index that is not there."""
    return Thrown("System.IndexOutOfRangeException", "Index was outside the bounds of the array.")


def argument_out_of_range(name: str) -> Thrown:
    """A number that is too small or too great."""
    return Thrown(
        "System.ArgumentOutOfRangeException",
        f"Specified argument was out of the range of valid values.\r\nParameter name: {name}",
    )


class Sized(int):
    """A whole number that is no Int32."""

    kind = "int"


class Long(Sized):
    """Int64."""

    kind = "long"


class ULong(Sized):
    """UInt64."""

    kind = "ulong"


class UInt(Sized):
    """UInt32."""

    kind = "uint"


class Short(Sized):
    """Int16."""

    kind = "short"


class UShort(Sized):
    """UInt16."""

    kind = "ushort"


class Byte(Sized):
    """Byte."""

    kind = "byte"


class SByte(Sized):
    """SByte."""

    kind = "sbyte"


class Single(float):
    """Single."""


class Char(str):
    """One character."""


# Type -> how many bits, whether signed, the class that holds it.
WHOLE: Final[dict[str, tuple[int, bool, Callable[[int], int]]]] = {
    "byte": (8, False, Byte),
    "sbyte": (8, True, SByte),
    "short": (16, True, Short),
    "ushort": (16, False, UShort),
    "int": (32, True, int),
    "uint": (32, False, UInt),
    "long": (64, True, Long),
    "ulong": (64, False, ULong),
}
FLOATING: Final = ("float", "double", "decimal")


def whole(value: int, kind: str, *, strict: bool = False) -> int:
    """A whole number of a type: wrapped around, or with an OverflowException where strict."""
    bits, signed, hold = WHOLE[kind]
    wrapped = value & ((1 << bits) - 1)
    if signed and wrapped >> (bits - 1):
        wrapped -= 1 << bits
    if strict and wrapped != value:
        names = {"int": "an Int32", "long": "an Int64", "byte": "an unsigned byte"}
        raise Thrown(
            "System.OverflowException",
            f"Value was either too large or too small for {names.get(kind, f'a {kind}')}.",
        )
    return hold(wrapped)


class Array(list[Any]):
    """An array of anything but bytes; element: the name of its elements' type."""

    def __init__(self, values: Iterable[Any] = (), element: str = "object") -> None:
        super().__init__(values)
        self.element = element


class List(list[Any]):
    """A List<T>, and the other lists that grow."""


class Set(dict[Any, None]):
    """A HashSet<T>, in the order in which it was filled."""


class Sequence(list[Any]):
    """What LINQ makes, found at once."""


class Grouping(Sequence):
    """A group of GroupBy."""

    def __init__(self, key: Any, values: Iterable[Any]) -> None:
        super().__init__(values)
        self.key = key


class Dict(dict[Any, Any]):
    """A Dictionary<TKey, TValue>."""


class Anonymous(dict[str, Any]):
    """A value of `new { … }`."""


@dataclass(frozen=True)
class KeyValue:
    """A KeyValuePair."""

    key: Any
    value: Any


class Ref:
    """A variable that is handed over by `out` or `ref`."""

    def __init__(self, value: Any = None) -> None:
        self.value = value


@dataclass(frozen=True)
class Enumerated:
    """A value of an enumeration: `StringComparison.OrdinalIgnoreCase`."""

    type: str
    name: str
    number: int

    def __str__(self) -> str:
        return self.name


class Builder:
    """A StringBuilder."""

    def __init__(self, text: str = "") -> None:
        self.parts = [text]
        self.length = len(text)

    def append(self, text: str) -> Builder:
        """More text."""
        self.length += len(text)
        if self.length > MOST:
            raise Limit("the text of a StringBuilder is too long")
        self.parts.append(text)
        return self

    def __str__(self) -> str:
        self.parts = ["".join(self.parts)]
        return self.parts[0]


@dataclass(frozen=True)
class Box(Generic[T]):
    """A value of a .NET class that has no Python class of its own; type: its name here."""

    type: str
    value: T


FULL_NAMES: Final = {
    "bool": "System.Boolean",
    "byte": "System.Byte",
    "char": "System.Char",
    "decimal": "System.Decimal",
    "double": "System.Double",
    "float": "System.Single",
    "int": "System.Int32",
    "long": "System.Int64",
    "object": "System.Object",
    "sbyte": "System.SByte",
    "short": "System.Int16",
    "string": "System.String",
    "uint": "System.UInt32",
    "ulong": "System.UInt64",
    "ushort": "System.UInt16",
    "JObject": "Newtonsoft.Json.Linq.JObject",
    "JArray": "Newtonsoft.Json.Linq.JArray",
    "JValue": "Newtonsoft.Json.Linq.JValue",
    "JProperty": "Newtonsoft.Json.Linq.JProperty",
    "JToken": "Newtonsoft.Json.Linq.JToken",
    "Guid": "System.Guid",
    "DateTime": "System.DateTime",
    "DateTimeOffset": "System.DateTimeOffset",
    "TimeSpan": "System.TimeSpan",
    "List": "System.Collections.Generic.List`1",
    "Dictionary": "System.Collections.Generic.Dictionary`2",
}
# Python class -> type; the first that fits. `types` adds those of its own.
CLASSES: Final[list[tuple[type, str]]] = [
    (bool, "bool"),
    (Single, "float"),
    (float, "double"),
    (Decimal, "decimal"),
    (Char, "char"),
    (str, "string"),
    (bytearray, "byte[]"),
    (Grouping, "IGrouping"),
    (Sequence, "IEnumerable"),
    (List, "List"),
    (Set, "HashSet"),
    (Anonymous, "Anonymous"),
    (Dict, "Dictionary"),
    (KeyValue, "KeyValuePair"),
    (Builder, "StringBuilder"),
    (UUID, "Guid"),
    (Thrown, "Exception"),
]


def type_of(value: Any) -> str:
    """The name of a value's type, as the tables of `types` have it; `null` of null."""
    if value is None:
        return "null"
    if isinstance(value, Sized):
        return value.kind
    if isinstance(value, Box | Enumerated):
        return value.type
    if isinstance(value, Array):
        return f"{value.element}[]"
    if callable(value):
        return "delegate"
    return _type_name(type(value))


@lru_cache(maxsize=256)
def _type_name(python: type) -> str:
    for one, name in CLASSES:
        if issubclass(python, one):
            return name
    if issubclass(python, int):
        return "int"
    raise TypeError(python.__name__)


def full_name(value: Any) -> str:
    """The full .NET name of a value's type."""
    if isinstance(value, Thrown):
        return value.kind
    name = type_of(value)
    if name.endswith("[]"):
        return f"{FULL_NAMES.get(name[:-2], name[:-2])}[]"
    return FULL_NAMES.get(name, name)


def budget() -> None:
    """An evaluation begins in this thread: what it makes is counted from here."""
    _made.size = 0


def checked_size(size: int) -> int:
    """A size that may be made."""
    _made.size = getattr(_made, "size", 0) + max(size, 0)
    if size > MOST:
        raise Limit(f"{size} characters or elements at once; {MOST} are the most")
    if _made.size > MOST_IN_ALL:
        raise Limit(f"the expression makes more than {MOST_IN_ALL} characters and elements")
    return size


def spent(value: T) -> T:
    """A value that a method made, counted."""
    if isinstance(value, str | bytearray | list):
        checked_size(len(value))
    return value


def items(value: Any) -> Iterator[Any]:
    """What `foreach` goes through."""
    if value is None:
        raise null_reference()
    if isinstance(value, bytearray):
        return map(Byte, value)
    if isinstance(value, str):
        return map(Char, value)
    if isinstance(value, Dict):
        return iter([KeyValue(key, one) for key, one in value.items()])
    if hasattr(value, "pairs_of"):
        return iter([KeyValue(key, one) for key, one in value.pairs_of()])
    if isinstance(value, list | Set) or hasattr(value, "__iter__"):
        return iter(value)
    raise invalid_cast(value, "System.Collections.IEnumerable")
