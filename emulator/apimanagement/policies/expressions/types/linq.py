"""The methods of LINQ on every collection. Their results are found at once, not when they are read."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

from collections.abc import Iterable
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
    Call,
    TypeInfo,
    declare,
    function,
    method,
    prop,
)
from emulator.apimanagement.policies.expressions.operators import binary
from emulator.apimanagement.policies.expressions.types.comparison import folded
from emulator.apimanagement.policies.expressions.types.dictionaries import add_to
from emulator.apimanagement.policies.expressions.types.ordering import key_of, order, ordered, same
from emulator.apimanagement.policies.expressions.values import (
    Array,
    Box,
    Byte,
    Dict,
    Grouping,
    List,
    Sequence,
    Thrown,
    argument_out_of_range,
    checked_size,
    items,
)


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
    return found[-1 if last else 0] if found else default_element(self)


def default_element(self: Any) -> Any:
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
            return default_element(self)
        raise _no_elements("elements" if test is None else "matching element")
    return found[0]


def _with_index(run: Call, one: Any, index: int) -> Any:
    return run(one, index) if getattr(run, "arity", 1) == 2 else run(one)


def where(self: Any, test: Call) -> Sequence:
    """As `Where`; the test may take the index too."""
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
    "OrderBy": method("IOrderedEnumerable<T>", ordered),
    "OrderByDescending": method(
        "IOrderedEnumerable<T>", lambda self, key, comparer=None: ordered(self, key, comparer, down=True)
    ),
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
    "Where": method("IEnumerable<T>", where),
    "Zip": method("IEnumerable<?>", _zip),
}
declare(TypeInfo("IEnumerable", "System.Collections.Generic.IEnumerable", members=ENUMERABLE))
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
