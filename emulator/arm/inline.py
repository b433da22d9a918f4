"""Children that ARM lets a client write inside the parent's body: kept once, as resources of their own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from emulator.arm import catalog
from emulator.arm.store import Store
from emulator.errors import AzureError

Json = dict[str, Any]
COMPUTED = {"id", "type", "etag", "systemData"}


def _lists(parent_type: str) -> list[tuple[str, str]]:
    """(property that holds the children, name of the child collection) of a type."""
    row = catalog.find(parent_type)
    return [(key, child.rsplit("/", 1)[-1]) for key, child in row.inline.items()] if row else []


Writes = Callable[[Store, str], Iterator[tuple[str, "Json | None"]]]


def take(parent_type: str, resource: Json) -> Writes:
    """Take the children out of ``resource``.

    Returns a function of the store and the parent's id that yields (child id, body), with None for a child
    that the new list no longer names. A list that the body leaves out stays as it is.
    """
    found: list[tuple[str, list[Json]]] = []
    properties = resource.get("properties")
    for key, collection in _lists(parent_type):
        children = properties.pop(key, None) if isinstance(properties, dict) else None
        if children is not None:
            found.append((collection, [_child(key, child) for child in children]))

    def writes(store: Store, parent_id: str) -> Iterator[tuple[str, Json | None]]:
        for collection, children in found:
            named = {child["name"].lower() for child in children}
            for present in store.children(f"{parent_id}/{collection}"):
                if present["name"].lower() not in named:
                    yield present["id"], None
            for child in children:
                yield f"{parent_id}/{collection}/{child['name']}", child

    return writes


def _child(key: str, child: Json) -> Json:
    if not child.get("name"):
        raise AzureError(400, "InvalidRequestFormat", f"An element of properties.{key} has no name.")
    if "/" in child["name"]:  # it would be a part of an id
        words = f"The name {child['name']!r} of an element of properties.{key} has a '/'."
        raise AzureError(400, "InvalidResourceName", words)
    return {field: copy.deepcopy(value) for field, value in child.items() if field not in COMPUTED}


def give_back(store: Store, parent_type: str, resource: Json) -> Json:
    """The parent as clients read it: with its children in their places."""
    for key, collection in _lists(parent_type):
        resource["properties"][key] = store.children(f"{resource['id']}/{collection}")
    return resource
