"""Patches: JSON patches (RFC 6902), merge patches (RFC 7386), and Kubernetes' strategic merge patches."""

from __future__ import annotations

import json
from typing import Any, Final, cast

from emulator.kubernetes.errors import ApiError, bad_request
from emulator.kubernetes.metadata import copy
from emulator.kubernetes.schema import ANY, Field, child

Json = dict[str, Any]
DIRECTIVE: Final = "$patch"
DELETE_PRIMITIVES: Final = "$deleteFromPrimitiveList/"
ORDER: Final = "$setElementOrder/"
RETAIN: Final = "$retainKeys"


def rejected() -> ApiError:
    """422: a JSON patch that can be read and does not fit the object."""
    return ApiError(
        422, "the server rejected our request due to an error in our request", "Invalid", details={}
    )


# RFC 6902


def json_patch(value: Json, operations: Any) -> Json:
    """The object after the operations; 400 for what is no JSON patch, 422 for one that does not fit."""
    if not isinstance(operations, list):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        )
    made: Any = copy(value)
    for one in cast(list[Any], operations):
        if not isinstance(one, dict):
            raise bad_request("error decoding patch: an operation is no object")
        made = _operate(made, cast(Json, one))
    if not isinstance(made, dict):
        raise rejected()
    return cast(Json, made)


def _operate(value: Any, one: Json) -> Any:
    path = _pointer(one.get("path"))
    match one.get("op"):
        case "add":
            return _put(value, path, copy({"": one.get("value")})[""], insert=True)
        case "replace":
            _find(value, path)
            return _put(value, path, copy({"": one.get("value")})[""], insert=False)
        case "remove":
            return _take(value, path)
        case "test":
            if _find(value, path) != one.get("value"):
                raise rejected()
            return value
        case "copy":
            return _put(value, path, copy({"": _find(value, _pointer(one.get("from")))})[""], insert=True)
        case "move":
            start = _pointer(one.get("from"))
            moved = _find(value, start)
            return _put(_take(value, start), path, moved, insert=True)
        case _:
            raise rejected()


def _pointer(text: Any) -> list[str]:
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise rejected()
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _index(items: list[Any], part: str, most: int) -> int:
    if not part.isascii() or not part.isdigit() or len(part) > 9 or int(part) > most:
        raise rejected()
    return int(part)


def _find(value: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(value, dict) and part in value:
            value = cast(Json, value)[part]
        elif isinstance(value, list):
            items = cast(list[Any], value)
            value = items[_index(items, part, len(items) - 1)]
        else:
            raise rejected()
    return value


def _put(value: Any, path: list[str], new: Any, *, insert: bool) -> Any:
    if not path:
        return new
    parent, last = _find(value, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[last] = new
    elif isinstance(parent, list):
        items = cast(list[Any], parent)
        if insert:
            items.insert(len(items) if last == "-" else _index(items, last, len(items)), new)
        else:
            items[_index(items, last, len(items) - 1)] = new
    else:
        raise rejected()
    return value


def _take(value: Any, path: list[str]) -> Any:
    _find(value, path)
    if not path:
        raise rejected()
    parent, last = _find(value, path[:-1]), path[-1]
    if isinstance(parent, dict):
        del parent[last]
    else:
        items = cast(list[Any], parent)
        del items[_index(items, last, len(items) - 1)]
    return value


# RFC 7386


def merge_patch(value: Json, patch: Json) -> Json:
    """The object after a merge patch: null takes a member away, lists are replaced."""
    made = copy(value)
    for key, one in patch.items():
        if one is None:
            made.pop(key, None)
        elif isinstance(one, dict):
            held = made.get(key)
            made[key] = merge_patch(cast(Json, held) if isinstance(held, dict) else {}, cast(Json, one))
        else:
            made[key] = one
    return made


# strategic


def strategic_patch(of: Field, value: Json, patch: Json) -> Json:
    """The object after a strategic merge patch: lists with a merge key are merged item by item.

    400 for a directive that is none, or an item without its merge key.
    """
    return _members(of, copy(value), patch)


def _members(of: Field, value: Json, patch: Json) -> Json:
    directive = patch.get(DIRECTIVE)
    if directive == "replace":
        return {key: one for key, one in patch.items() if key != DIRECTIVE}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise bad_request(f"unrecognized type: {directive}")
    if (kept := patch.get(RETAIN)) is not None:
        value = {key: one for key, one in value.items() if key in kept}
    for key, one in patch.items():
        if key in (DIRECTIVE, RETAIN):
            continue
        if key.startswith(DELETE_PRIMITIVES):
            name = key.removeprefix(DELETE_PRIMITIVES)
            value[name] = [item for item in value.get(name) or [] if item not in one]
        elif key.startswith(ORDER):
            continue
        elif one is None:
            value.pop(key, None)
        else:
            value[key] = _value(child(of, key) or ANY, value.get(key), one)
    for key, order in patch.items():
        if key.startswith(ORDER):
            name = key.removeprefix(ORDER)
            field = child(of, name) or ANY
            if isinstance(value.get(name), list):
                value[name] = _ordered(field, value[name], cast(list[Any], order))
    return value


def _value(of: Field, value: Any, patch: Any) -> Any:
    if isinstance(patch, dict):
        held = cast(Json, value) if isinstance(value, dict) else {}
        return _members(of, held, cast(Json, patch))
    if isinstance(patch, list) and "merge" in of.strategy.split(","):
        held_items: list[Any] = cast(list[Any], value) if isinstance(value, list) else []
        return _items(of, held_items, cast(list[Any], patch))
    return patch


def _items(of: Field, value: list[Any], patch: list[Any]) -> list[Any]:
    if not of.merge:  # plain values
        return [*value, *(one for one in patch if one not in value)]
    if any(isinstance(one, dict) and cast(Json, one).get(DIRECTIVE) == "replace" for one in patch):
        return [one for one in patch if cast(Json, one).get(DIRECTIVE) != "replace"]
    made = list(value)
    for one in patch:
        if not isinstance(one, dict) or of.merge not in one:
            raise bad_request(f"map: {json.dumps(one)} does not contain declared merge key: {of.merge}")
        item = cast(Json, one)
        at = next((at for at, held in enumerate(made) if held.get(of.merge) == item[of.merge]), None)
        if item.get(DIRECTIVE) == "delete":
            made = [held for held in made if held.get(of.merge) != item[of.merge]]
        elif at is None:
            made.append(_members(of.of or ANY, {}, item))
        else:
            made[at] = _members(of.of or ANY, made[at], item)
    return made


def _ordered(of: Field, items: list[Any], order: list[Any]) -> list[Any]:
    """In the order that the patch names; what it does not name stays before what it came before."""

    def key(item: Any) -> Any:
        return cast(Json, item).get(of.merge) if of.merge and isinstance(item, dict) else item

    wanted = [key(one) for one in order]
    named = sorted((one for one in items if key(one) in wanted), key=lambda one: wanted.index(key(one)))
    made: list[Any] = []
    for one in items:
        if key(one) in wanted:
            if named:
                made.append(named.pop(0))
        else:
            made.append(one)
    return made
