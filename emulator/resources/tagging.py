"""``…/providers/Microsoft.Resources/tags/default``: the tags of a group or resource, on their own."""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.arm.ids import SUBSCRIPTION, parse
from emulator.arm.service import Arm
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.principal import Principal

PATH: Final = r"(?P<scope>/.+)/providers/Microsoft\.Resources/tags/default"

Tags = dict[str, str]


def install(arm: Arm, identity: Identity) -> None:
    """Read, replace, change and remove."""

    def allowed(principal: Principal, match: re.Match[str], verb: str) -> str:
        scope = match["scope"]
        parsed = parse(scope)
        if parsed is None or parsed.is_collection:
            raise AzureError(400, "InvalidResourceId", f"'{scope}' is not the id of a resource.")
        if parsed.type == SUBSCRIPTION and verb != "read":
            raise NotEmulated("tags of a subscription")
        identity.require(principal, f"Microsoft.Resources/tags/{verb}", scope)
        return scope

    def answer(scope: str) -> Response:
        resource = arm.get(scope)
        return Response.json(
            {
                "id": f"{resource['id']}/providers/Microsoft.Resources/tags/default",
                "name": "default",
                "type": "Microsoft.Resources/tags",
                "properties": {"tags": resource.get("tags") or {}},
            }
        )

    @arm.special("GET", PATH)
    def read(request: Request, match: re.Match[str], principal: Principal) -> Response:
        return answer(allowed(principal, match, "read"))

    @arm.special("PUT", PATH)
    def replace(request: Request, match: re.Match[str], principal: Principal) -> Response:
        scope = allowed(principal, match, "write")
        arm.put(scope, {"tags": _given(request)}, merge=True, principal=principal)
        return answer(scope)

    @arm.special("PATCH", PATH)
    def change(request: Request, match: re.Match[str], principal: Principal) -> Response:
        scope = allowed(principal, match, "write")
        given, held = _given(request), dict(arm.get(scope).get("tags") or {})
        arm.put(scope, {"tags": _changed(held, given, request.json())}, merge=True, principal=principal)
        return answer(scope)

    @arm.special("DELETE", PATH)
    def remove(request: Request, match: re.Match[str], principal: Principal) -> Response:
        scope = allowed(principal, match, "delete")
        arm.put(scope, {"tags": {}}, merge=True, principal=principal)
        return Response(200)


def _given(request: Request) -> Tags:
    body: Any = request.json()
    properties = body.get("properties") if isinstance(body, dict) else None
    tags = properties.get("tags") if isinstance(properties, dict) else None
    if not isinstance(tags, dict):
        raise AzureError(400, "InvalidRequestContent", "The request content has no object 'properties.tags'.")
    return tags


def _changed(held: Tags, given: Tags, body: dict[str, Any]) -> Tags:
    match str(body.get("operation")).lower():
        case "merge":
            return {**held, **given}
        case "replace":
            return given
        case "delete":
            return {name: value for name, value in held.items() if given.get(name) != value}
        case other:
            raise AzureError(
                400,
                "InvalidRequestContent",
                f"The operation of the tags is '{other}'; it must be Merge, Replace or Delete.",
            )
