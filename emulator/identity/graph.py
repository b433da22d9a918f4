"""graph.microsoft.com: as much of the directory as it takes to find a principal by id, name or application.

The one thing to change are the groups of managed identities. Anything else is refused by name.
"""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.identity.directory import GROUPS, SIGNED_IN
from emulator.identity.service import Identity
from emulator.principal import Principal

HOST: Final = "graph.microsoft.com"
AUDIENCE: Final = "https://graph.microsoft.com"
KINDS: Final = {"ServicePrincipal": "servicePrincipal", "Group": "group", "User": "user"}
COLLECTIONS: Final = {"servicePrincipals": "ServicePrincipal", "groups": "Group", "users": "User"}
_FILTER: Final = re.compile(
    r"(?:servicePrincipalNames/any\(\w+:\s*\w+ eq '(?P<spn>[^']*)'\)"
    r"|(?P<field>appId|displayName|id|userPrincipalName|mail) eq '(?P<value>[^']*)'"
    r"|startswith\(displayName,\s*'(?P<start>[^']*)'\))",
    re.IGNORECASE,
)

Json = dict[str, Any]


class Graph:
    """Answers the reads of the directory, and puts managed identities into groups."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def handle(self, request: Request) -> Response:
        """One request; every principal of the tenant may read, the signed-in one alone owns the groups."""
        caller = self._identity.principal(request, AUDIENCE)
        segments = request.path.strip("/").split("/")[1:]
        match (request.method, segments):
            case ("POST", ["directoryObjects", "getByIds"]):
                body = request.json()
                return _list([one for one in map(self._find, body.get("ids", [])) if one])
            case ("GET", ["organization"]):
                raise NotEmulated(request.describe())
            case ("GET", ["groups", group, "members"]):
                return _list([_shown(one) for one in self._identity.directory.members(_group(group))])
            case ("POST", ["groups", group, "members", "$ref"]):
                told = str(request.json().get("@odata.id", ""))
                return self._join(request, caller, group, told.rpartition("/")[2], member=True)
            case ("DELETE", ["groups", group, "members", one, "$ref"]):
                return self._join(request, caller, group, one, member=False)
            case ("GET", [collection]) if collection in COLLECTIONS:
                return _list(self._search(request, COLLECTIONS[collection]))
            case ("GET", [collection, key]) if collection in {*COLLECTIONS, "directoryObjects"}:
                found, kind = self._find(key), COLLECTIONS.get(collection)
                if found is None or (kind and found["@odata.type"] != f"#microsoft.graph.{KINDS[kind]}"):
                    raise _nobody(key)
                return Response.json(found)
            case _:
                raise NotEmulated(request.describe())

    def _find(self, object_id: str) -> Json | None:
        principal = self._identity.directory.find(object_id)
        return _shown(principal) if principal else None

    def _join(
        self, request: Request, caller: Principal, group: str, object_id: str, *, member: bool
    ) -> Response:
        directory, group = self._identity.directory, _group(group)
        if caller.object_id != SIGNED_IN.object_id:
            words = "Insufficient privileges to complete the operation."
            raise AzureError(403, "Authorization_RequestDenied", words)
        found = directory.find(object_id)
        if found is None or (not member and group not in found.groups):
            raise _nobody(object_id)
        if not found.resource_id:
            raise NotEmulated(f"{request.describe()} for {found.name}, who is no managed identity")
        if member and group in found.groups:
            words = (
                "One or more added object references already exist for the following modified properties: "
                "'members'."
            )
            raise AzureError(400, "Request_BadRequest", words)
        directory.join(object_id, group, member)
        return Response(204)

    def _search(self, request: Request, kind: str) -> list[Json]:
        text = request.query.get("$filter", "")
        found = [one for one in self._identity.directory.everyone() if one.kind == kind]
        if text:
            clauses = [_FILTER.fullmatch(clause.strip()) for clause in re.split(r"\s+or\s+", text)]
            if not all(clauses):
                raise NotEmulated(f"{request.describe()} with $filter {text}")
            found = [one for one in found if any(clause and _fits(one, clause) for clause in clauses)]
        return [_shown(one) for one in found]


def _nobody(key: str) -> AzureError:
    return AzureError(404, "Request_ResourceNotFound", f"Resource '{key}' does not exist in the directory.")


def _group(key: str) -> str:
    if key.lower() not in GROUPS:
        raise _nobody(key)
    return key.lower()


def _fits(principal: Principal, clause: re.Match[str]) -> bool:
    if clause["spn"] is not None:
        return clause["spn"].lower() == principal.client_id
    if clause["start"] is not None:
        return principal.name.lower().startswith(clause["start"].lower())
    held = {"appid": principal.client_id, "displayname": principal.name, "id": principal.object_id}
    if principal.kind == "User":
        held |= {"userprincipalname": principal.name, "displayname": principal.name.partition("@")[0]}
    return held.get(clause["field"].lower(), "").lower() == clause["value"].lower()


def _shown(principal: Principal) -> Json:
    shown: Json = {
        "@odata.type": f"#microsoft.graph.{KINDS[principal.kind]}",
        "id": principal.object_id,
        "displayName": principal.name,
    }
    if principal.kind == "User":
        shown["displayName"] = principal.name.partition("@")[0]
        return shown | {"userPrincipalName": principal.name, "accountEnabled": True}
    if principal.kind != "ServicePrincipal":
        return shown
    return shown | {
        "appId": principal.client_id,
        "accountEnabled": True,
        "servicePrincipalNames": [principal.client_id],
        "servicePrincipalType": "ManagedIdentity" if principal.resource_id else "Application",
        "alternativeNames": [principal.resource_id] if principal.resource_id else [],
    }


def _list(values: list[Json]) -> Response:
    return Response.json({"value": values})
