"""What a preview can say about outputs: input values as they are, everything that Azure computes unknown."""

from __future__ import annotations

from typing import Any

from emulator.provider.schema import Properties, Resource, Type
from emulator.provider.values import UNKNOWN, Secret, secret, unwrap
from emulator.provider.variants import resolve

_VOLATILE = frozenset({"etag", "eTag", "systemData", "provisioningState"})


def of_create(schema: Resource, inputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs of a resource that does not exist yet."""
    return {
        name: _expect(schema, item.type, inputs[name]) if inputs.get(name) is not None else UNKNOWN
        for name, item in schema.outputs.items()
    }


def of_update(
    schema: Resource, outputs: dict[str, Any], old: dict[str, Any], new: dict[str, Any]
) -> dict[str, Any]:
    """The outputs after an update: known where nothing changes, unknown where Azure may compute anew.

    outputs, old: as they are in the state
    """
    return _updated(schema, schema.outputs, outputs, old, new, top=True)


def _expect(schema: Resource, of: Type, value: Any) -> Any:
    """The output for an input: nested outputs that are not among the inputs are unknown too."""
    if isinstance(value, Secret):
        return secret(_expect(schema, of, value.value))
    of = resolve(schema, of, value)
    match value:
        case dict() if of.kind == "object":
            return _expect_object(schema, schema.properties(of), value)
        case dict() if of.kind == "map" and of.item:
            return {name: _expect(schema, of.item, item) for name, item in value.items()}
        case list() if of.kind == "list" and of.item:
            return [_expect(schema, of.item, item) for item in value]
        case dict() | list() if of.kind != "any":
            return UNKNOWN  # another shape comes out than went in, such as userAssignedIdentities
        case _:
            return value


def _expect_object(schema: Resource, declared: Properties, value: dict[str, Any]) -> dict[str, Any]:
    computed = {name: UNKNOWN for name in declared if value.get(name) is None}
    given = {name: item for name, item in value.items() if item is not None}
    known = {
        name: _expect(schema, declared[name].type, item) if name in declared else item
        for name, item in given.items()
    }
    return {**computed, **known}


def _updated(
    schema: Resource, declared: Properties, outputs: dict[str, Any], old: Any, new: Any, *, top: bool
) -> dict[str, Any]:
    before = old if isinstance(old, dict) else {}
    siblings_change = not top and any(
        _is_scalar(new.get(name)) and unwrap(before.get(name)) != unwrap(new.get(name))
        for name in before.keys() | new.keys()
    )
    found: dict[str, Any] = {}
    for name, item in declared.items():
        if new.get(name) is not None:
            found[name] = _update(schema, item.type, outputs.get(name), before.get(name), new[name])
        elif name in before or siblings_change or (top and name in _VOLATILE):
            found[name] = UNKNOWN
        elif name in outputs:
            found[name] = outputs[name]
    return found


def _update(schema: Resource, of: Type, output: Any, old: Any, new: Any) -> Any:
    if output is not None and _equal(old, new):
        return secret(output) if isinstance(new, Secret) else output
    of = resolve(schema, of, unwrap(new))
    content, known = unwrap(new), unwrap(output)
    if of.kind == "object" and isinstance(content, dict) and isinstance(known, dict):
        merged = _updated(schema, schema.properties(of), known, unwrap(old), content, top=False)
        return secret(merged) if isinstance(new, Secret) else merged
    return _expect(schema, of, new)


def _equal(old: Any, new: Any) -> bool:
    old, new = unwrap(old), unwrap(new)
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_equal(old[name], new[name]) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(_equal(one, other) for one, other in zip(old, new, strict=True))
    return bool(old == new) and old is not UNKNOWN


def _is_scalar(value: Any) -> bool:
    return not isinstance(unwrap(value), dict | list)
