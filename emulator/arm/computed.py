"""What Azure computes of a resource and no request says: filled in when it is read, from tables.

A service says it in a file computed.py of its folder: COMPUTED has what clients can only read, DEFAULTS what
they may also set. Rows are paths in the body (`properties.hostName`, `properties.rules[].etag`) and values: a
constant, a text with `{fields}` of `Facts`, or a function of `Facts`. A hook that has set a value wins, and
None leaves it out, as Azure leaves out what a resource does not have. ABSENT names, in the words of the SDK,
what the SDK says is always there and Azure does not give back, with the reason; NOT_COMPUTED what Azure would
give back and the emulator cannot know: the provider warns of that when such a resource is made.
"""

from __future__ import annotations

import copy
import hashlib
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

from emulator.arm import catalog, conditions
from emulator.arm.ids import fold, parse_resource
from emulator.arm.store import Store

Json = dict[str, Any]
_EMULATOR: Final = Path(__file__).parents[1]
_FIELD: Final = re.compile(r"\{(\w+)\}")


class Facts:
    """A resource as a row's value sees it; ``place`` is the row's path, so that two of a kind differ."""

    def __init__(self, store: Store, resource: Json) -> None:
        self.store = store
        self.resource = resource
        self.place = ""

    @property
    def id(self) -> str:
        return self.resource["id"]

    @property
    def properties(self) -> Json:
        return self.resource["properties"]

    @cached_property
    def parent(self) -> Json:
        """The resource that it stands in; empty for one of a group."""
        return self.store.get(parse_resource(self.id).parent) or {}

    def users(self, arm_type: str) -> list[Json]:
        """The resources of a type whose bodies point at this one."""
        return self.store.users(self.id, arm_type)

    def children(self, collection: str) -> list[Json]:
        return self.store.children(f"{self.id}/{collection}")

    def text(self, field: str) -> str:
        """A field of a template: name, parent, id, scope, group, subscription, location, times, who, marks.

        creator, changer: object ids; mark, long: 8 and 32 hexadecimal digits that follow from the id;
        uuid: one that follows from the id and the place
        """
        system = self.resource.get("systemData") or {}
        match field:
            case "name" | "id" | "location":
                return str(self.resource.get(field) or "")
            case "parent":
                return str(self.parent.get("name") or "")
            case "group" | "subscription":
                parsed = parse_resource(self.id)
                return parsed.resource_group if field == "group" else parsed.subscription
            case "created" | "changed":
                return str(system.get("createdAt" if field == "created" else "lastModifiedAt", ""))
            case "creator" | "changer":
                return str(system.get("createdBy" if field == "creator" else "lastModifiedBy", ""))
            case "scope":
                return parse_resource(self.id).scope
            case "mark" | "long":
                digits = hashlib.sha256(fold(self.id).encode()).hexdigest()
                return digits[: 8 if field == "mark" else 32]
            case "uuid":
                return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{fold(self.id)}#{self.place}"))
            case "etag":
                return f"W/{conditions.etag(self.resource)}"
            case _:
                raise LookupError(f"{{{field}}} is no field of {Facts.text.__qualname__}")


Compute = Callable[[Facts], Any]
Value = Compute | str | int | float | list[Any] | dict[str, Any]
Rows = Mapping[str, Value]
Table = Mapping[str, Rows]
ETAG: Final = "{etag}"


def fill(store: Store, resource: Json) -> Json:
    """The resource with what Azure computes of it, where no hook has."""
    facts = Facts(store, resource)
    late: list[tuple[str, Value]] = []
    for place, value in _rows(resource["type"].lower()):
        if value == ETAG:
            late.append((place, value))  # they tell of all the rest
        else:
            _set(resource, place.split("."), value, facts)
    if late:
        etag = facts.text("etag")
        for place, _ in late:
            _set(resource, place.split("."), etag, facts)
    row = catalog.find(resource["type"])
    for list_name in row.inline if row else ():
        for child in resource["properties"].get(list_name) or ():
            fill(store, child)
    return resource


def strip(kind: str, resource: Json) -> None:
    """Take out what clients read and send back: it would hide what becomes of it."""
    for place in _read_only(kind.lower()):
        _take(resource, place.split("."))


def of_folders(name: str) -> Iterator[tuple[str, Any]]:
    """Folder and table ``name`` of each service that has one."""
    for folder in _folders():
        table = getattr(import_module(f"emulator.{folder}.computed"), name, None)
        if table is not None:
            yield folder, table


@cache
def _folders() -> tuple[str, ...]:
    files = sorted(_EMULATOR.glob("*/computed.py"))
    return tuple(file.parent.name for file in files if file.parent.name != "arm")


@cache
def tables(name: str) -> dict[str, Rows]:
    """One table of all services, by type in lower case; `microsoft.network/*` stands for all types of it."""
    found: dict[str, dict[str, Value]] = {}
    for _, table in of_folders(name):
        for arm_type, rows in cast(Table, table).items():
            found.setdefault(arm_type.lower(), {}).update(rows)
    return cast("dict[str, Rows]", found)


def rows_of(name: str, kind: str) -> Rows:
    """The rows of a type (lower case) in a table, those of its namespace before them."""
    table = tables(name)
    row = catalog.find(kind)
    names = (f"{kind.partition('/')[0]}/*", row.arm_type.lower() if row else kind)
    return {place: value for key in names for place, value in table.get(key, {}).items()}


@cache
def _rows(kind: str) -> tuple[tuple[str, Value], ...]:
    return tuple({**rows_of("DEFAULTS", kind), **rows_of("COMPUTED", kind)}.items())


@cache
def _read_only(kind: str) -> tuple[str, ...]:
    return tuple(rows_of("COMPUTED", kind))


def _inner(holder: Json, step: str) -> Iterator[Json]:
    """The objects under a step of a path: one, or the items of a list."""
    held = holder.get(step.removesuffix("[]"))
    for one in held if isinstance(held, list) else [held]:
        if isinstance(one, dict):
            yield cast(Json, one)


def _set(holder: Json, steps: list[str], value: Value, facts: Facts) -> None:
    step, rest = steps[0], steps[1:]
    if rest:
        for one in _inner(holder, step):
            _set(one, rest, value, facts)
    elif holder.get(step) is None:
        facts.place = step
        found = _evaluated(value, facts)
        if found is not None:
            holder[step] = found


def _evaluated(value: Value, facts: Facts) -> Any:
    if isinstance(value, str):
        return _FIELD.sub(lambda match: facts.text(match[1]), value)
    if callable(value):
        return value(facts)
    if isinstance(value, dict):
        return {name: _evaluated(item, facts) for name, item in value.items()}
    return copy.deepcopy(value)


def _take(holder: Json, steps: list[str]) -> None:
    step, rest = steps[0], steps[1:]
    if rest:
        for one in _inner(holder, step):
            _take(one, rest)
    else:
        holder.pop(step, None)


# Values that several services have.


def ids(resources: list[Json]) -> list[Json]:
    """References to resources."""
    return [{"id": one["id"]} for one in resources]


def users(arm_type: str) -> Compute:
    """References to those of a type that point at the resource; left out where there is none."""
    return lambda facts: ids(facts.users(arm_type)) or None


def listed_users(arm_type: str) -> Compute:
    """The same, an empty list where there is none."""
    return lambda facts: ids(facts.users(arm_type))


def children(collection: str) -> Compute:
    """References to the resources of a collection under it."""
    return lambda facts: ids(facts.children(collection))


def count(*collections: str, more: int = 0) -> Compute:
    """How many resources stand in the collections, and ``more`` that Azure makes itself."""
    return lambda facts: more + sum(len(facts.children(one)) for one in collections)


def of_parent(key: str) -> Compute:
    """What its parent has at the top of its body, such as the location."""
    return lambda facts: facts.parent.get(key)
