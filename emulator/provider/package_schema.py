"""The package schema of the catalogued types, for an engine that writes programs (`pulumi import`)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from emulator.arm.catalog import ROWS
from emulator.provider import schema_cache
from emulator.provider.schema import Properties, Resource, Type

Json = dict[str, Any]
_ASSET = {"$ref": "pulumi.json#/Asset"}
_ANY = {"$ref": "pulumi.json#/Any"}


@cache
def package_schema() -> str:
    """Pulumi package schema, as JSON."""
    resources: Json = {}
    types: Json = {}
    for token in (token for row in ROWS for token in row.tokens):
        try:
            schema = schema_cache.resource(f"azure-native:{token}")
        except schema_cache.UnknownResource:
            continue  # a row for a later SDK
        resources[schema.token] = _resource(schema)
        for name, properties in schema.types.items():
            types[_type_token(schema, name)] = {"type": "object", **_object(schema, properties)}
    package = {
        "name": "azure-native",
        "version": schema_cache.sdk_version(),
        "meta": {"moduleFormat": "(.*)"},
        "language": {"python": {"packageName": "pulumi_azure_native"}},
        "resources": resources,
        "types": types,
    }
    return json.dumps(package, separators=(",", ":"))


def _resource(schema: Resource) -> Json:
    inputs = _object(schema, schema.inputs)
    return {
        **_object(schema, schema.outputs),
        "inputProperties": inputs["properties"],
        "requiredInputs": inputs["required"],
    }


def _object(schema: Resource, properties: Properties) -> Json:
    return {
        "properties": {
            name: {**_type(schema, item.type), **({"const": item.constant} if item.constant else {})}
            for name, item in properties.items()
            if name not in ("id", "urn")
        },
        "required": [
            name for name, item in properties.items() if item.required and name not in ("id", "urn")
        ],
    }


def _type(schema: Resource, of: Type) -> Json:
    match of.kind:
        case "list" if of.item:
            return {"type": "array", "items": _type(schema, of.item)}
        case "map" if of.item:
            return {"type": "object", "additionalProperties": _type(schema, of.item)}
        case "object":
            return {"$ref": f"#/types/{_type_token(schema, of.name)}"}
        case "union":
            return {"oneOf": [_type(schema, option) for option in of.options]}
        case "enum":
            numeric = all(isinstance(value, int | float) for value in of.values)
            return {"type": "number" if numeric else "string"}
        case "asset":
            return _ASSET
        case "any":
            return _ANY
        case kind:
            return {"type": kind}


def _type_token(schema: Resource, name: str) -> str:
    module = schema.token.split(":")[1]
    return f"azure-native:{module}:{name.removesuffix('Args')}"
