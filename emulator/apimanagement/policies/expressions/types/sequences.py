"""Arrays, lists, dictionaries, sets, and LINQ over all of them. Sequences are found at once."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.expressions.conversions import (
    cast,
    default_of,
    is_instance,
    number,
    sized,
)
from emulator.apimanagement.policies.expressions.declare import (
    TypeInfo,
    declare,
    function,
    method,
    prop,
)
from emulator.apimanagement.policies.expressions.types.comparison import compared, folded
from emulator.apimanagement.policies.expressions.values import (
    CLASSES,
    Array,
    Box,
    Byte,
    Dict,
    Grouping,
    KeyValue,
    List,
    Ref,
    Sequence,
    Set,
    Thrown,
    argument_null,
    argument_out_of_range,
    checked_size,
    items,
)

Call = Callable[..., Any]


def _no_elements(what: str = "elements") -> Thrown:
    return Thrown("System.InvalidOperationException", f"Sequence contains no {what}")


def _chosen(self: Any, test: Call | None) -> list[Any]:
    found = list(items(self))
    return found if test is None else [one for one in found if test(one) is True]


def _first(self: Any, test: Call | None = None, *, last: bool = False) -> Any:
    found = _chosen(self, test)
    if not found:
        raise _no_elements("elements" if test is None else "matching element")
    return found[-1 if last else 0]


def _first_or_default(self: Any, test: Call | None = None, *, last: bool = False) -> Any:
    found = _chosen(self, test)
    return found[-1 if last else 0] if found else _nothing(self)


def _nothing(self: Any) -> Any:
    """The default of the elements' type, as far as the collection knows it."""
    if isinstance(self, bytearray):
        return Byte(0)
    if isinstance(self, Array):
        return default_of(syntax.Type(self.element))
    first = next(iter(items(self)), None)
    return number(0, sized(first)) if isinstance(first, int) and not isinstance(first, bool) else None


def _single(self: Any, test: Call | None = None, *, or_default: bool = False) -> Any:
    found = _chosen(self, test)
    if len(found) > 1:
        what = "element" if test is None else "matching element"
        raise Thrown("System.InvalidOperationException", f"Sequence contains more than one {what}")
    if not found:
        if or_default:
            return _nothing(self)
        raise _no_elements("elements" if test is None else "matching element")
    return found[0]


def _with_index(run: Call, one: Any, index: int) -> Any:
    return run(one, index) if getattr(run, "arity", 1) == 2 else run(one)


def _where(self: Any, test: Call) -> Sequence:
    return Sequence(one for index, one in enumerate(items(self)) if _with_index(test, one, index) is True)


def _select(self: Any, make: Call) -> Sequence:
    return Sequence(_with_index(make, one, index) for index, one in enumerate(items(self)))


def _select_many(self: Any, make: Call, result: Call | None = None) -> Sequence:
    found = Sequence()
    for one in items(self):
        for inner in items(make(one)):
            found.append(inner if result is None else result(one, inner))
            checked_size(len(found))
    return found


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


def _ordered(
    self: Any, key: Call, comparer: Any = None, *, down: bool = False, more: bool = False
) -> Ordered:
    before = self.keys if more and isinstance(self, Ordered) else ()
    return Ordered(items(self), (*before, (key, down)))


def key_of(value: Any) -> Any:
    """What a value is found by in a set or a dictionary."""
    try:
        hash(value)
    except TypeError:
        return id(value)
    return (type(value), value) if isinstance(value, bool) else value


def _distinct(values: Iterable[Any], comparer: Any = None) -> Sequence:
    found: dict[Any, Any] = {}
    for one in values:
        found.setdefault(
            folded(one, comparer.value)
            if isinstance(comparer, Box) and isinstance(one, str)
            else key_of(one),
            one,
        )
    return Sequence(found.values())


def _grouped(self: Any, key: Call, value: Call | None = None) -> Sequence:
    found: dict[Any, Grouping] = {}
    for one in items(self):
        made = key(one)
        found.setdefault(key_of(made), Grouping(made, ())).append(one if value is None else value(one))
    return Sequence(found.values())


def _sum(self: Any, value: Call | None = None) -> Any:
    from emulator.apimanagement.policies.expressions.operators import binary

    found: Any = 0
    for one in items(self):
        found = binary("+", found, one if value is None else value(one))
    return found


def _average(self: Any, value: Call | None = None) -> float:
    found = [float(one if value is None else value(one)) for one in items(self)]
    if not found:
        raise _no_elements()
    return sum(found) / len(found)


def _extreme(self: Any, value: Call | None = None, *, most: bool) -> Any:
    found = [one if value is None else value(one) for one in items(self)]
    if not found:
        raise _no_elements()
    best = found[0]
    for one in found[1:]:
        if order(one, best) == (1 if most else -1):
            best = one
    return best


def _aggregate(self: Any, *given: Any) -> Any:
    values = list(items(self))
    if len(given) == 1:
        if not values:
            raise _no_elements()
        found, step, values = values[0], given[0], values[1:]
    else:
        found, step = given[0], given[1]
    for one in values:
        found = step(found, one)
    return given[2](found) if len(given) > 2 else found


def _contains(self: Any, value: Any, comparer: Any = None) -> bool:
    if isinstance(comparer, Box) and isinstance(value, str):
        wanted = folded(value, comparer.value)
        return any(isinstance(one, str) and folded(one, comparer.value) == wanted for one in items(self))
    return any(same(one, value) for one in items(self))


def same(one: Any, two: Any) -> bool:
    """As `Equals`, null included."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    return one is two or one == two


def _to_array(self: Any) -> Any:
    found = list(items(self))
    if isinstance(self, bytearray) or (found and all(isinstance(one, Byte) for one in found)):
        return bytearray(found)
    element = "string" if found and all(isinstance(one, str) for one in found) else "object"
    return Array(found, getattr(self, "element", element))


def _to_dictionary(self: Any, key: Call, value: Call | None = None) -> Dict:
    found = Dict()
    for one in items(self):
        add_to(found, key(one), one if value is None else value(one))
    return found


def _zip(self: Any, other: Any, make: Call) -> Sequence:
    return Sequence(make(one, two) for one, two in zip(items(self), items(other), strict=False))


def _range(start: int, count: int) -> Sequence:
    if count < 0:
        raise argument_out_of_range("count")
    return Sequence(range(start, start + checked_size(count)))


def _at(self: Any, index: int) -> Any:
    found = list(items(self))
    if not 0 <= index < len(found):
        raise argument_out_of_range("index")
    return found[index]


def _joined(self: Any, other: Any, mine: Call, theirs: Call, make: Call) -> Sequence:
    by: dict[Any, list[Any]] = {}
    for one in items(other):
        by.setdefault(key_of(theirs(one)), []).append(one)
    return Sequence(make(one, two) for one in items(self) for two in by.get(key_of(mine(one)), ()))


def _while(self: Any, test: Call) -> Sequence:
    found = Sequence()
    for one in items(self):
        if test(one) is not True:
            break
        found.append(one)
    return found


def _skip_while(self: Any, test: Call) -> Sequence:
    values = list(items(self))
    while values and test(values[0]) is True:
        values.pop(0)
    return Sequence(values)


def _cast(self: Any, types: tuple[syntax.Type, ...] = ()) -> Sequence:
    return Sequence(cast(one, types[0], boxed=True) for one in items(self))


def _of_type(self: Any, types: tuple[syntax.Type, ...] = ()) -> Sequence:
    return Sequence(one for one in items(self) if is_instance(one, types[0]))


def _excluded(self: Any, other: Any, *, keep: bool) -> Sequence:
    theirs = {key_of(one) for one in items(other)}
    return _distinct(one for one in items(self) if (key_of(one) in theirs) is keep)


def _count(self: Any, test: Call | None = None) -> int:
    return len(_chosen(self, test))


ENUMERABLE = {
    "Any": method("bool", lambda self, test=None: bool(_chosen(self, test))),
    "All": method("bool", lambda self, test: all(test(one) is True for one in items(self))),
    "Aggregate": method("?", _aggregate),
    "Average": method("double", _average),
    "Cast": method("IEnumerable<M>", _cast, generic=True),
    "Concat": method("IEnumerable<T>", lambda self, other: Sequence([*items(self), *items(other)])),
    "Contains": method("bool", _contains),
    "Count": method("int", _count),
    "LongCount": method("long", _count),
    "DefaultIfEmpty": method(
        "IEnumerable<T>", lambda self, value=None: Sequence(items(self)) or Sequence([value])
    ),
    "Distinct": method("IEnumerable<T>", lambda self, comparer=None: _distinct(items(self), comparer)),
    "ElementAt": method("T", _at),
    "Except": method("IEnumerable<T>", lambda self, other: _excluded(self, other, keep=False)),
    "First": method("T", _first),
    "FirstOrDefault": method("T", _first_or_default),
    "GroupBy": method("IEnumerable<IGrouping>", _grouped),
    "Intersect": method("IEnumerable<T>", lambda self, other: _excluded(self, other, keep=True)),
    "Join": method("IEnumerable<?>", _joined),
    "Last": method("T", lambda self, test=None: _first(self, test, last=True)),
    "LastOrDefault": method("T", lambda self, test=None: _first_or_default(self, test, last=True)),
    "Max": method("?", lambda self, value=None: _extreme(self, value, most=True)),
    "Min": method("?", lambda self, value=None: _extreme(self, value, most=False)),
    "OfType": method("IEnumerable<M>", _of_type, generic=True),
    "OrderBy": method("IOrderedEnumerable<T>", _ordered),
    "OrderByDescending": method("IOrderedEnumerable<T>", lambda self, key: _ordered(self, key, down=True)),
    "Reverse": method("IEnumerable<T>", lambda self: Sequence(reversed(list(items(self))))),
    "Select": method("IEnumerable<R>", _select),
    "SelectMany": method("IEnumerable<?>", _select_many),
    "SequenceEqual": method("bool", lambda self, other: list(items(self)) == list(items(other))),
    "Single": method("T", _single),
    "SingleOrDefault": method("T", lambda self, test=None: _single(self, test, or_default=True)),
    "Skip": method("IEnumerable<T>", lambda self, count: Sequence(list(items(self))[max(count, 0) :])),
    "SkipWhile": method("IEnumerable<T>", _skip_while),
    "Sum": method("?", _sum),
    "Take": method("IEnumerable<T>", lambda self, count: Sequence(list(items(self))[: max(count, 0)])),
    "TakeWhile": method("IEnumerable<T>", _while),
    "ToArray": method("T[]", _to_array),
    "ToDictionary": method("Dictionary<?, ?>", _to_dictionary),
    "ToList": method("List<T>", lambda self: List(items(self))),
    "Union": method("IEnumerable<T>", lambda self, other: _distinct([*items(self), *items(other)])),
    "Where": method("IEnumerable<T>", _where),
    "Zip": method("IEnumerable<?>", _zip),
}
declare(TypeInfo("IEnumerable", "System.Collections.Generic.IEnumerable", members=ENUMERABLE))
declare(
    TypeInfo(
        "IOrderedEnumerable",
        "System.Linq.IOrderedEnumerable",
        ("IEnumerable",),
        members={
            "ThenBy": method("IOrderedEnumerable<T>", lambda self, key: _ordered(self, key, more=True)),
            "ThenByDescending": method(
                "IOrderedEnumerable<T>", lambda self, key: _ordered(self, key, down=True, more=True)
            ),
        },
    )
)
declare(
    TypeInfo(
        "IGrouping",
        "System.Linq.IGrouping",
        ("IEnumerable",),
        members={"Key": prop("?", lambda self: self.key)},
    )
)
declare(
    TypeInfo(
        "Enumerable",
        "System.Linq.Enumerable",
        statics={
            "Range": function("IEnumerable<int>", _range),
            "Repeat": function(
                "IEnumerable<?>", lambda value, count: Sequence([value] * checked_size(count))
            ),
            "Empty": function("IEnumerable<M>", lambda types=(): Sequence(), generic=True),
        },
    )
)


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


def _index_of(values: Any, value: Any, *, last: bool = False) -> int:
    found = [index for index, one in enumerate(items(values)) if same(one, value)]
    return (found[-1 if last else 0]) if found else -1


def _find(values: Any, test: Call) -> Any:
    return next((one for one in items(values) if test(one) is True), _nothing(values))


def _find_index(values: Any, test: Call) -> int:
    return next((index for index, one in enumerate(items(values)) if test(one) is True), -1)


def _sort(values: Any, by: Any = None) -> None:
    compare: Any = by if callable(by) else order
    key = functools.cmp_to_key(compare)
    values[:] = sorted(values, key=key)


def _reverse(values: Any) -> None:
    values[:] = values[::-1]


def _each(values: Any, act: Call) -> None:
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
            "IndexOf": function("int", _index_of),
            "LastIndexOf": function("int", lambda values, value: _index_of(values, value, last=True)),
            "Exists": function("bool", lambda values, test: any(test(one) is True for one in items(values))),
            "Find": function("?", _find),
            "FindAll": function(
                "?", lambda values, test: Array(_where(values, test), getattr(values, "element", "object"))
            ),
            "FindIndex": function("int", _find_index),
            "ForEach": function("void", _each),
            "Sort": function("void", _sort),
            "Reverse": function("void", _reverse),
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


def _grow(self: list[Any], values: Iterable[Any]) -> None:
    self.extend(values)
    checked_size(len(self))


def _removed(self: list[Any], value: Any) -> bool:
    index = _index_of(self, value)
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
    "IndexOf": method("int", _index_of),
    "Find": method("T", _find),
    "FindIndex": method("int", _find_index),
    "FindAll": method("List<T>", lambda self, test: List(_where(self, test))),
    "Exists": method("bool", lambda self, test: any(test(one) is True for one in self)),
    "ForEach": method("void", _each),
    "Sort": method("void", _sort),
    "Reverse": method("void", _reverse),
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


def _set_add(self: Set, value: Any) -> bool:
    new = value not in self
    self[value] = None
    checked_size(len(self))
    return new


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
        make=function("HashSet<T>", lambda values=(), comparer=None: Set(dict.fromkeys(items(values)))),
    )
)


class Queue(List):
    """A Queue<T>."""


class Stack(List):
    """A Stack<T>; its top is the last element."""


CLASSES[:0] = [(Ordered, "IOrderedEnumerable"), (Queue, "Queue"), (Stack, "Stack")]


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
