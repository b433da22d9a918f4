"""Sets of fields: of an object, between two objects, and as managedFields write them.

The rules are those of sigs.k8s.io/structured-merge-diff v6: `typed` (merging, comparing, removing) and
`fieldpath` (paths). A path is a tuple of elements as FieldsV1 has them: ``f:name``, ``k:{"name":"x"}``,
``v:"x"``. A set is a set of paths; a leaf is in it by its own path, an item of a list or map too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, cast

from emulator.kubernetes.schema import ANY, Field, child, is_atomic, struct

Json = dict[str, Any]
Path = tuple[str, ...]
Fields = frozenset[Path]
NONE: Final[Fields] = frozenset()
MISSING: Final = object()


class Duplicate(Exception):
    """Two items of a list that have the same key, where none may."""


@dataclass(slots=True)
class Comparison:
    """What is different between two objects."""

    added: set[Path] = field(default_factory=set[Path])
    removed: set[Path] = field(default_factory=set[Path])
    modified: set[Path] = field(default_factory=set[Path])


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def element(of: Field, item: Any) -> str:
    """The element of a path that leads to an item of a list."""
    if of.listing == "set":
        return f"v:{_compact(item)}"
    held = cast(Json, item) if isinstance(item, dict) else {}
    inner = struct(of.of.type).fields if of.of is not None and of.of.struct else {}
    keys: Json = {}
    for key in sorted(of.keys):
        default = inner[key].default if key in inner else None
        value = held.get(key, default)
        if value is not None:
            keys[key] = value
    return f"k:{_compact(keys)}"


def _items(of: Field, value: Any, *, unique: bool, path: Path = ()) -> dict[str, Any]:
    """The items of a list by their elements, in order. Of items that are there twice, the first."""
    found: dict[str, Any] = {}
    for item in cast(list[Any], value) if isinstance(value, list) else []:
        key = element(of, item)
        if key in found:
            if unique:
                raise Duplicate(f"{shown(path)}: duplicate entries for key {shown((key,))}")
            continue
        found[key] = item
    return found


def _of_item(of: Field) -> Field:
    return of.of or ANY


def of_object(of: Field, value: Any) -> Fields:
    """The fields that an object sets. Duplicate where a list has two items of the same key."""
    found: set[Path] = set()
    _collect(of, value, (), found)
    return frozenset(found)


def _collect(of: Field, value: Any, path: Path, found: set[Path]) -> None:
    if is_atomic(of):
        found.add(path)
    elif of.type == "list":
        for key, item in _items(of, value, unique=True, path=path).items():
            _collect(_of_item(of), item, (*path, key), found)
            found.add((*path, key))
    elif isinstance(value, dict):
        for key, one in cast(Json, value).items():
            inner = (*path, f"f:{key}")
            _collect(child(of, key) or ANY, one, inner, found)
            if one is None or one == {} or not of.struct:
                found.add(inner)


def compare(of: Field, old: Any, new: Any) -> Comparison:
    """What a change from one object to another adds, removes and modifies; ``MISSING`` for no object."""
    result = Comparison()
    _compare(of, old, new, (), result)
    return result


def _empty(value: Any) -> bool:
    return value is MISSING or value is None or value in ({}, [])


def _compare(of: Field, old: Any, new: Any, path: Path, result: Comparison) -> None:
    leaf = is_atomic(of) or (_empty(old) and _empty(new))
    if not leaf:
        if of.type == "list":
            left, right = _items(of, old, unique=False), _items(of, new, unique=False)
            inner = {key: _of_item(of) for key in (*left, *right)}
        else:
            left = {f"f:{key}": one for key, one in _members(old).items()}
            right = {f"f:{key}": one for key, one in _members(new).items()}
            inner = {key: child(of, key[2:]) or ANY for key in (*left, *right)}
        for key, one in inner.items():
            _compare(one, left.get(key, MISSING), right.get(key, MISSING), (*path, key), result)
    if old is MISSING:
        result.added.add(path)
    elif new is MISSING:
        result.removed.add(path)
    elif leaf and old != new:
        result.modified.add(path)


def _members(value: Any) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}


def merge(of: Field, live: Any, applied: Any) -> Any:
    """The live object with what was applied on it. Duplicate as in ``of_object``."""
    if applied is MISSING:
        return live
    if live is MISSING or is_atomic(of):
        return applied
    if of.type == "list":
        return _merge_lists(of, live, applied)
    if not isinstance(live, dict) or not isinstance(applied, dict):
        return applied
    made: Json = dict(cast(Json, live))
    for key, one in cast(Json, applied).items():
        made[key] = merge(child(of, key) or ANY, made.get(key, MISSING), one)
    return made


def _merge_lists(of: Field, live: Any, applied: Any) -> list[Any]:
    """Items of both in the order of what is applied; those of the live list alone keep their place."""
    right = _items(of, applied, unique=False)
    left_items: list[Any] = cast(list[Any], live) if isinstance(live, list) else []
    left_keys = [element(of, item) for item in left_items]
    left = _items(of, live, unique=False)
    right_keys = list(right)
    shared = [key for key in right_keys if key in left]
    upcoming = shared.pop(0) if shared else None
    done: set[str] = set()
    made: list[Any] = []

    def joined(key: str) -> Any:
        return merge(_of_item(of), left.get(key, MISSING), right[key])

    at = to = 0
    while at < len(left_keys) or to < len(right_keys):
        if at < len(left_keys) and to < len(right_keys):
            key = left_keys[at]
            if key == right_keys[to]:
                done.add(key)
                made.append(joined(key))
                at, to = at + 1, to + 1
                upcoming = shared.pop(0) if shared else None
                continue
            if key in right and upcoming is not None and upcoming != key:
                at += 1  # in both, but not the one whose turn it is
                continue
        if at < len(left_keys):
            key = left_keys[at]
            if key not in right:
                made.append(left_items[at])
                at += 1
                continue
            if key in done:
                at += 1
        if to < len(right_keys):
            key = right_keys[to]
            done.add(key)
            made.append(joined(key))
            to += 1
            if upcoming == key:
                upcoming = shared.pop(0) if shared else None
    return made


def without(of: Field, value: Any, fields: Iterable[Path]) -> Any:
    """An object without some of its fields; MISSING where nothing is left of it."""
    return _without(of, value, _tree(fields))


def _tree(fields: Iterable[Path]) -> Json:
    """Paths as nested dicts; ``.`` marks a path that is itself in the set."""
    made: Json = {}
    for path in fields:
        at = made
        for one in path:
            at = at.setdefault(one, {})
        at["."] = {}
    return made


def _without(of: Field, value: Any, tree: Json) -> Any:
    if is_atomic(of):
        # what was to go of a list or struct that is one leaf goes with it
        return MISSING if isinstance(value, list | dict) else value
    if of.type == "list":
        items: list[Any] = []
        for item in cast(list[Any], value) if isinstance(value, list) else []:
            inner = tree.get(element(of, item))
            if inner is None:
                items.append(item)
            elif "." not in inner:
                left = _without(_of_item(of), item, inner)
                items.append(None if left is MISSING else left)
        return items or MISSING
    made: Json = {}
    for key, one in _members(value).items():
        inner = tree.get(f"f:{key}")
        if inner is None:
            made[key] = one
        elif "." not in inner:
            left = _without(child(of, key) or ANY, one, inner)
            made[key] = None if left is MISSING else left
    return made or MISSING


def with_named(of: Field, fields: Iterable[Path]) -> Fields:
    """The set and, above each path, the named fields of structs that lead to it."""
    found = set(fields)
    for path in tuple(found):
        at = of
        for depth, one in enumerate(path[:-1], 1):
            named = at.struct
            at = _step(at, one)
            if named and one.startswith("f:"):
                found.add(path[:depth])
    return frozenset(found)


def _step(of: Field, one: str) -> Field:
    if one.startswith("f:"):
        return child(of, one[2:]) or ANY
    return _of_item(of)


# as managedFields write it


def encode(fields: Iterable[Path]) -> Json:
    """FieldsV1: nested, with ``.`` where a field that has others under it is in the set itself."""
    return _encoded(_tree(sorted(fields)))


def _encoded(tree: Json) -> Json:
    made = {key: _encoded(one) for key, one in tree.items() if key != "."}
    return {".": {}, **made} if "." in tree and made else made


def decode(value: Any) -> Fields:
    """The set that FieldsV1 writes."""
    found: set[Path] = set()
    _decode(_members(value), (), found)
    return frozenset(found)


def _decode(value: Json, path: Path, found: set[Path]) -> None:
    for key, one in value.items():
        if key == ".":
            found.add(path)
        elif not _members(one):
            found.add((*path, key))
        else:
            _decode(_members(one), (*path, key), found)


def shown(path: Path) -> str:
    """A path as messages show it: ``.spec.template.spec.containers[name="app"].image``."""
    text = ""
    for one in path:
        kind, _, rest = one.partition(":")
        if kind == "f":
            text += f".{rest}"
        elif kind == "k":
            pairs = cast(Json, json.loads(rest))
            text += "[" + ",".join(f"{key}={_compact(value)}" for key, value in pairs.items()) + "]"
        else:
            text += f"[={rest}]"
    return text
