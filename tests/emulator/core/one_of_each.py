"""One resource of each emulated type: its path, and a body that is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.arm import catalog, catalog_types
from emulator.arm.catalog_types import ResourceType
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS
from emulator.provider.body import BodyMapper
from emulator.provider.schema import Properties, Resource, Type

GROUP = f"/subscriptions/{next(iter(SUBSCRIPTIONS))}/resourceGroups/group"
LOCATION = "westeurope"
NAME = "name1"
NAMES = {  # where Azure takes no such name
    "namespaceName": "namespace1",
    "privateZoneName": "name1.example",
    "zoneName": "name1.example",
    "roleAssignmentName": SIGNED_IN.object_id,
    "roleDefinitionId": SIGNED_IN.object_id,
    "recordType": "A",
    "subscriptionId": GROUP.split("/")[2],
}
UUID = "9b3f2a60-1c4d-4e8a-8f57-2d6e0b1c7a0f"
Json = dict[str, Any]


def paths() -> dict[str, str]:
    """Each emulated type, and the path of one of it in the group."""
    return {
        row.arm_type: path_of(row)
        for row in catalog.ROWS
        if row.plane == "arm" and row.path != catalog_types.GROUP
    }


def path_of(row: ResourceType) -> str:
    """The path of one of a type in the group."""
    path = re.sub(r"^.*/resourceGroups/\{resourceGroupName\}|^/\{\w+\}", GROUP, row.path)
    path = path.replace("workbooks/{resourceName}", f"workbooks/{UUID}")
    return re.sub(r"\{(\w+)\}", lambda match: NAMES.get(match[1], NAME), path)


def right_bodies() -> dict[str, Json]:
    """Bodies that are taken, of the types that have checks of their own."""
    text = Path(__file__).with_name("right_bodies.json").read_text()
    values = {"group": GROUP, "subscription": GROUP.split("/resourceGroups/")[0]}
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return json.loads(text)


def least_body(schema: Resource, row: ResourceType, more: Mapping[str, Any]) -> Json:
    """What the SDK has to be given at least, as Azure's body, with what ``more`` says beside it."""
    inputs = {
        name: _value(schema, item.type, item.constant, name)
        for name, item in schema.inputs.items()
        if item.required or name == "location"
    }
    body = BodyMapper(schema, row).to_arm(
        {**inputs, **({"location": LOCATION} if "location" in inputs else {})}
    )
    given = more.get("properties", {})
    return {**body, **more, "properties": {**body.get("properties", {}), **given}}


def _value(schema: Resource, of: Type, constant: str | None, name: str) -> Any:
    if constant is not None:
        return constant
    match of.kind:
        case "enum":
            return of.values[0]
        case "string":
            return f"/{name}" if name.lower().endswith("id") else "x"
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case "list":
            return [_value(schema, of.item, None, name)] if of.item else []
        case "object":
            return _object(schema, schema.properties(of))
        case "union":
            return _value(schema, of.options[0], None, name)
        case _:
            return {}


def _object(schema: Resource, declared: Properties) -> Json:
    return {
        name: _value(schema, item.type, item.constant, name)
        for name, item in declared.items()
        if item.required
    }
