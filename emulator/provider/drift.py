"""What a refresh makes of the inputs: those of the program, with what was changed behind its back."""

from __future__ import annotations

from typing import Any

from emulator.arm.catalog_types import ResourceType
from emulator.provider import traits_table
from emulator.provider.diff import same
from emulator.provider.schema import Properties, Resource, Type
from emulator.provider.values import Secret, plain, secret
from emulator.provider.variants import resolve

Json = dict[str, Any]
GENERATED = frozenset({"etag", "eTag", "provisioningState"})  # Azure's own, although the SDK takes them


def refreshed(schema: Resource, row: ResourceType, inputs: Json, before: Json, after: Json) -> Json:
    """The inputs with the difference between the outputs before and after applied to them.

    Only differences count: Azure gives back more than it was given, in its own spelling, and some values not
    at all (secrets). What the program leaves to Azure becomes an input once it has changed, as in `applyDiff`
    of Pulumi's provider (pulumi-azure-native, provider/pkg/provider/diff.go, read 2026-11). An object that is
    given back for the first time does not become one here, though it does there. inputs may be marked, before
    and after are plain. Inline children that the program does not manage are left out, they are resources of
    their own.
    """
    unmanaged = {*row.inline, *traits_table.of(row).computed} - inputs.keys()
    declared = {name: item for name, item in schema.inputs.items() if name not in unmanaged}
    own = {name: value for name, value in inputs.items() if name.startswith("__")}
    visible = {name: value for name, value in inputs.items() if name not in own}
    return {**_object(schema, declared, visible, before, after), **own}


def _object(schema: Resource, declared: Properties, inputs: Json, before: Json, after: Json) -> Json:
    found: Json = {}
    for name, value in inputs.items():
        if name in after:
            of = declared[name].type if name in declared else Type("any")
            found[name] = _value(schema, of, value, before.get(name), after[name], name)
        elif name not in before:
            found[name] = value  # never given back: a path parameter, a password
    for name, item in declared.items():
        if name in found or name in inputs or name in GENERATED or name not in after:
            continue
        named = item.type.kind == "map" and name in ("tags", "properties")
        if name not in before and isinstance(after[name], dict | list) and not named:
            continue  # It is given back for the first time.
        old, new = (project(schema, item.type, one.get(name)) for one in (before, after))
        if old != new:
            found[name] = new
    return found


def _value(schema: Resource, of: Type, value: Any, before: Any, after: Any, name: str) -> Any:
    if isinstance(value, Secret):
        return secret(_value(schema, of, value.value, before, after, name))
    if before == after:
        return value
    of = resolve(schema, of, value)
    if isinstance(value, dict) and isinstance(after, dict):
        old = before if isinstance(before, dict) else {}
        if of.kind == "object":
            return _object(schema, schema.properties(of), value, old, after)
        return _map(schema, of.item or Type("any"), value, old, after)
    if isinstance(value, list) and isinstance(after, dict):  # userAssignedIdentities
        unchanged = {str(item).lower() for item in plain(value)} == {key.lower() for key in after}
        return value if unchanged else list(after)
    if isinstance(value, list) and isinstance(after, list):
        return _list(schema, of.item or Type("any"), value, before, after)
    return value if same(plain(value), after, name) else project(schema, of, after)


def _map(schema: Resource, item: Type, value: Json, before: Json, after: Json) -> Json:
    return {
        key: _value(schema, item, value[key], before.get(key), new, key)
        if key in value
        else project(schema, item, new)
        for key, new in after.items()
        if key in value or before.get(key) != new
    }


def _list(schema: Resource, item: Type, value: list[Any], before: Any, after: list[Any]) -> list[Any]:
    if len(value) != len(after):
        return [project(schema, item, new) for new in after]
    old = before if isinstance(before, list) and len(before) == len(after) else [None] * len(after)
    return [_value(schema, item, one, was, new, "") for one, was, new in zip(value, old, after, strict=True)]


def project(schema: Resource, of: Type, value: Any) -> Any:
    """An output without what cannot be an input."""
    of = resolve(schema, of, value)
    if of.item is not None and isinstance(value, list):
        return [project(schema, of.item, item) for item in value]
    if of.item is not None and isinstance(value, dict):
        return (
            list(value) if of.kind == "list" else {k: project(schema, of.item, v) for k, v in value.items()}
        )
    if of.kind == "object" and isinstance(value, dict):
        declared = schema.properties(of)
        return {
            name: project(schema, declared[name].type, item)
            for name, item in value.items()
            if name in declared and name not in GENERATED
        }
    return value
