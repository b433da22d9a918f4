"""graph.microsoft.com: as much of the directory as it takes to find a principal by id, name or application.

Read only. Anything else is refused by name.
"""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
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
    """Answers the reads of the directory."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def handle(self, request: Request) -> Response:
        """One request; every principal of the tenant may read."""
        self._identity.principal(request, AUDIENCE)
        segments = request.path.strip("/").split("/")[1:]
        match (request.method, segments):
            case ("POST", ["directoryObjects", "getByIds"]):
                body = request.json()
                return _list([one for one in map(self._find, body.get("ids", [])) if one])
            case ("GET", ["organization"]):
                raise NotEmulated(request.describe())
            case ("GET", [collection]) if collection in COLLECTIONS:
                return _list(self._search(request, COLLECTIONS[collection]))
            case ("GET", [collection, key]) if collection in {*COLLECTIONS, "directoryObjects"}:
                found, kind = self._find(key), COLLECTIONS.get(collection)
                if found is None or (kind and found["@odata.type"] != f"#microsoft.graph.{KINDS[kind]}"):
                    raise AzureError(
                        404, "Request_ResourceNotFound", f"Resource '{key}' does not exist in the directory."
                    )
                return Response.json(found)
            case _:
                raise NotEmulated(request.describe())

    def _find(self, object_id: str) -> Json | None:
        principal = self._identity.directory.find(object_id)
        return _shown(principal) if principal else None

    def _search(self, request: Request, kind: str) -> list[Json]:
        text = request.query.get("$filter", "")
        found = [one for one in self._identity.directory.everyone() if one.kind == kind]
        if text:
            clauses = [_FILTER.fullmatch(clause.strip()) for clause in re.split(r"\s+or\s+", text)]
            if not all(clauses):
                raise NotEmulated(f"{request.describe()} with $filter {text}")
            found = [one for one in found if any(clause and _fits(one, clause) for clause in clauses)]
        return [_shown(one) for one in found]


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
