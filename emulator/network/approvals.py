"""`…/privateEndpointConnections`: a service's connections, which its owner approves, rejects or cuts."""

from __future__ import annotations

import copy
import re
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm
from emulator.errors import AzureError, not_found
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.network import privatelink
from emulator.network.privateendpoints import connections, connections_of
from emulator.principal import Principal

Json = dict[str, Any]
LIST: Final = (
    r"(?P<service>/subscriptions/.+/providers/(?P<type>Microsoft\.\w+/\w+)/[^/]+)/privateEndpointConnections"
)
ONE: Final = rf"{LIST}/(?P<name>[^/]+)"
STATES: Final = ("Approved", "Rejected", "Pending")
SHOWN: Final = "privateEndpointConnections"
WORKSPACE: Final = "microsoft.machinelearningservices/workspaces"  # shows its own


def install(arm: Arm, identity: Identity) -> None:
    """The list that each service shows, and the changes of one connection."""
    for arm_type in privatelink.GROUPS:
        if arm_type != WORKSPACE:

            @arm.on_get(arm_type)
            def show(resource: Json) -> Json:
                resource["properties"][SHOWN] = connections(arm, resource)
                return resource

    def found(match: re.Match[str], principal: Principal, verb: str) -> Json:
        identity.require(principal, f"{match['type']}/{SHOWN}/{verb}", match["service"])
        held = connections(arm, arm.get(match["service"]))
        for one in held:
            if one["name"].lower() == match["name"].lower():
                return one
        raise not_found(f"{match['service']}/{SHOWN}/{match['name']}")

    @arm.special("GET", LIST)
    def listed(request: Request, match: re.Match[str], principal: Principal) -> Response:
        identity.require(principal, f"{match['type']}/{SHOWN}/read", match["service"])
        return Response.json({"value": connections(arm, arm.get(match["service"]))})

    @arm.special("GET", ONE)
    def read(request: Request, match: re.Match[str], principal: Principal) -> Response:
        return Response.json(found(match, principal, "read"))

    @arm.special("PUT", ONE)
    def decide(request: Request, match: re.Match[str], principal: Principal) -> Response:
        one = found(match, principal, "write")
        given: Any = (request.object().get("properties") or {}).get("privateLinkServiceConnectionState") or {}
        status = str(given.get("status", ""))
        if status not in STATES:
            raise AzureError(
                400,
                "InvalidRequestContent",
                f"privateLinkServiceConnectionState.status is '{status}'; it is one of {', '.join(STATES)}.",
            )
        said = {"description": str(given.get("description", "")), "actionsRequired": "None"}
        _change(arm, one, match["service"], {"status": status, **said})
        return Response.json(found(match, principal, "read"))

    @arm.special("DELETE", ONE)
    def cut(request: Request, match: re.Match[str], principal: Principal) -> Response:
        one = found(match, principal, "delete")
        words = {"status": "Disconnected", "description": "Removed by the service", "actionsRequired": "None"}
        _change(arm, one, match["service"], words)
        return Response(200)


def _change(arm: Arm, connection: Json, service: str, state: Json) -> None:
    """Write the state where it stands: in the endpoint."""
    endpoint = arm.store.get(connection["properties"]["privateEndpoint"]["id"]) or {}
    changed = copy.deepcopy(endpoint)
    for one in connections_of(changed):
        if fold(str(one["properties"].get("privateLinkServiceId", ""))) == fold(service):
            one["properties"]["privateLinkServiceConnectionState"] = state
    arm.store.put(changed["id"], changed)
