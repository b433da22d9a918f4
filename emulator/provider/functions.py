"""The SDK's functions: who is signed in, reading a resource, and the POST actions that the catalog names.

What is refused is refused before Azure is asked, so in the preview as well. Of a function whose arguments a
preview does not know yet the engine asks nobody; it is refused once they are known.
"""

from __future__ import annotations

from typing import Any

from emulator.arm import catalog
from emulator.provider import resource_ids
from emulator.provider.actions import ACTIONS, Action
from emulator.provider.arm_client import MANAGEMENT, ArmClient
from emulator.provider.lifecycle import Kind, Lifecycle, Refused
from emulator.provider.refused_functions import REFUSED
from emulator.provider.values import plain, secret

Values = dict[str, Any]


def invoke(lifecycle: Lifecycle, client: ArmClient, token: str, arguments: Values) -> Values:
    """The result of a function. Refused, by name, for one that is not emulated."""
    given = plain(arguments)
    if token == "azure-native:authorization:getClientConfig":  # noqa: S105  a function's name
        claims = client.claims()
        return {
            "clientId": claims.get("appid", claims.get("azp", "")),
            "objectId": claims.get("oid", ""),
            "subscriptionId": client.subscription,
            "tenantId": claims.get("tid", ""),
        }
    if token == "azure-native:authorization:getClientToken":  # noqa: S105  a function's name
        return {"token": secret(client.token(given.get("endpoint") or MANAGEMENT))}
    action = ACTIONS.get(catalog.short_token(token))
    if action is not None:
        return _act(lifecycle, client, action, given)
    _, module, name = token.split(":")
    if name.startswith("get") and catalog.find_token(f"{module}:{name[3:]}"):
        return _get(lifecycle.kind(f"azure-native:{module}:{name[3:]}"), client, given)
    advice = REFUSED.get(f"{module}:{name}")
    if advice is not None:
        raise Refused(f"{token} is not emulated: {advice}")
    raise Refused(
        f"{token} is not emulated: it is neither the reading of a catalogued resource nor an action "
        "named in emulator/provider/actions.py; to emulate the action, add it there"
    )


def _get(kind: Kind, client: ArmClient, arguments: Values) -> Values:
    resource_id = _id(kind, client, arguments)
    rest = {
        name: str(value)
        for name, value in arguments.items()
        if value is not None and not kind.mapper.is_parameter(name)
    }
    body = client.get(resource_id, kind.api_version, rest)
    if body is None:
        raise Refused(f"ResourceNotFound (404): {resource_id} does not exist")
    return {**kind.marked(kind.mapper.outputs(body)), "id": body.get("id", resource_id)}


def _act(lifecycle: Lifecycle, client: ArmClient, action: Action, arguments: Values) -> Values:
    kind = lifecycle.kind(f"azure-native:{action.token}")
    given = {name: value for name, value in arguments.items() if not kind.mapper.is_parameter(name)}
    answer = client.post(
        _id(kind, client, arguments), action.path(given), kind.api_version, action.body(given)
    )
    return action.result(answer)


def _id(kind: Kind, client: ArmClient, arguments: Values) -> str:
    try:
        return resource_ids.build(kind.row, client.subscription, arguments)
    except resource_ids.IdError as error:
        raise Refused(str(error)) from error
