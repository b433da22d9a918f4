"""The members of Dictionary and of its interface, and of KeyValuePair."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from typing import Any

from emulator.apimanagement.policies.expressions.declare import TypeInfo, declare, function, method, prop
from emulator.apimanagement.policies.expressions.types.comparison import by_ordinal
from emulator.apimanagement.policies.expressions.values import (
    Array,
    Dict,
    KeyValue,
    List,
    Ref,
    Thrown,
    argument_null,
    checked_size,
)


def add_to(self: Dict, key: Any, value: Any) -> None:
    """`Add`: ArgumentException where the key is there."""
    if key is None:
        raise argument_null("key")
    if key in self:
        raise Thrown("System.ArgumentException", "An item with the same key has already been added.")
    self[key] = value
    checked_size(len(self))


def no_key(key: Any = None) -> Thrown:
    """A key that is not there."""
    return Thrown(
        "System.Collections.Generic.KeyNotFoundException", "The given key was not present in the dictionary."
    )


def looked_up(self: Any, key: Any) -> Any:
    """A value of a dictionary; headers and claims give a string[]."""
    value = self[key]
    return Array(value, "string") if type(value) is list else value


def try_get(self: Any, key: Any, result: Ref) -> bool:
    """As `TryGetValue`."""
    found = key in self
    result.value = looked_up(self, key) if found else None
    return found


def _new_dictionary(given: Any = None, comparer: Any = None) -> Dict:
    by_ordinal(given, comparer)
    return Dict(given) if isinstance(given, dict) else Dict()


declare(
    TypeInfo(
        "IDictionary",
        "System.Collections.Generic.IDictionary",
        ("IEnumerable",),
        index="V",
        members={
            "Count": prop("int", len),
            "Keys": prop("ICollection<K>", lambda self: List(self)),
            "Values": prop("ICollection<V>", lambda self: List(self.values())),
            "Add": method("void", add_to),
            "Remove": method("bool", lambda self, key: self.pop(key, self) is not self),
            "Clear": method("void", lambda self: self.clear()),
            "ContainsKey": method("bool", lambda self, key: key in self),
            "ContainsValue": method("bool", lambda self, value: value in self.values()),
            "TryGetValue": method("bool", try_get),
        },
    )
)
declare(
    TypeInfo(
        "Dictionary",
        "System.Collections.Generic.Dictionary",
        ("IDictionary", "IReadOnlyDictionary"),
        index="V",
        make=function("Dictionary<K, V>", _new_dictionary),
    )
)
declare(
    TypeInfo(
        "KeyValuePair",
        "System.Collections.Generic.KeyValuePair",
        members={"Key": prop("K", lambda self: self.key), "Value": prop("V", lambda self: self.value)},
        make=function("KeyValuePair<K, V>", KeyValue),
    )
)
