"""APIs by a description: the operations of an OpenAPI document become those of the API.

Only documents in JSON that are sent with the request (`openapi+json`); every other format is refused by name.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, cast

from emulator import jsonbody
from emulator.apimanagement.backends import invalid
from emulator.apimanagement.services import SERVICE
from emulator.arm.service import Arm, Put
from emulator.errors import NotEmulated

API: Final = f"{SERVICE}/apis"
OPENAPI: Final = "openapi+json"
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
UNFIT: Final = re.compile(r"[^a-z0-9-]+")
LONGEST_NAME: Final = 80

Json = dict[str, Any]


def install(arm: Arm) -> None:
    """Register the hooks."""

    @arm.before_put(API)
    def read(put: Put) -> None:
        form = put.properties.get("format")
        if put.properties.get("value") is None and form is None:
            return
        if form != OPENAPI:
            raise NotEmulated(f"the import of an API in the format {form}; send {OPENAPI}")
        document = _document(str(put.properties.get("value") or ""))
        servers = document.get("servers") or []
        if not put.properties.get("serviceUrl") and servers and "://" in str(servers[0].get("url", "")):
            put.properties["serviceUrl"] = servers[0]["url"]
        put.body["properties"]["_operations"] = operations(document)

    @arm.with_put(API)
    def write(put: Put) -> None:
        given: list[Json] | None = (put.body.get("properties") or {}).pop("_operations", None)
        if given is None:
            return
        kept = {one["name"].lower() for one in given}
        for old in arm.store.children(f"{put.id}/operations"):
            if old["name"].lower() not in kept:
                arm.delete(old["id"])
        for one in given:
            arm.put(f"{put.id}/operations/{one['name']}", {"properties": one["properties"]})


def operations(document: Json) -> list[Json]:
    """The operations of an OpenAPI document: name and properties of each, in its order."""
    found: list[Json] = []
    for path, item in (document.get("paths") or {}).items():
        shared = item.get("parameters") or []
        for method, told in item.items():
            if method not in METHODS:
                continue
            name = _name(str(told.get("operationId") or f"{method}-{path}"))
            parameters = [one for one in (*shared, *(told.get("parameters") or [])) if "in" in one]
            properties: Json = {
                "displayName": str(told.get("summary") or told.get("operationId") or name)[:300],
                "method": method.upper(),
                "urlTemplate": path,
                "description": str(told.get("description") or "")[:1000],
                "templateParameters": [_parameter(one) for one in parameters if one["in"] == "path"],
                "request": {
                    "queryParameters": [_parameter(one) for one in parameters if one["in"] == "query"],
                    "headers": [_parameter(one) for one in parameters if one["in"] == "header"],
                    "representations": _representations(told.get("requestBody") or {}),
                },
                "responses": [
                    {
                        "statusCode": int(status),
                        "description": str(response.get("description") or ""),
                        "representations": _representations(response),
                    }
                    for status, response in (told.get("responses") or {}).items()
                    if str(status).isdecimal()
                ],
            }
            found.append({"name": name, "properties": properties})
    return found


def _document(text: str) -> Json:
    try:
        found = jsonbody.read(text.encode())
    except (json.JSONDecodeError, ValueError) as error:
        raise invalid("representation", f"Parsing error(s): {error}") from error
    if not isinstance(found, dict) or not str(cast(Json, found).get("openapi", "")).startswith("3."):
        raise invalid("representation", "Parsing error(s): the document is no OpenAPI 3 document.")
    document = cast(Json, found)
    paths = document.get("paths")
    if not isinstance(paths, dict) or not all(
        isinstance(item, dict) and str(path).startswith("/") for path, item in cast(Json, paths).items()
    ):
        raise invalid("representation", "Parsing error(s): paths must be an object of path items.")
    return document


def _name(text: str) -> str:
    return UNFIT.sub("-", text.lower()).strip("-")[:LONGEST_NAME] or "operation"


def _parameter(given: Json) -> Json:
    schema: Json = given.get("schema") or {}
    return {
        "name": str(given.get("name", "")),
        "type": str(schema.get("type") or "string"),
        "required": given.get("required") is True,
    }


def _representations(given: Json) -> list[Json]:
    """Content types, with their examples as texts."""
    found: list[Json] = []
    for kind, told in (given.get("content") or {}).items():
        examples = {name: _text(one.get("value")) for name, one in (told.get("examples") or {}).items()}
        if "example" in told:
            examples["default"] = _text(told["example"])
        one: Json = {"contentType": kind}
        if examples:
            one["examples"] = {name: {"value": text} for name, text in examples.items()}
        found.append(one)
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
