"""Who may ask which logs, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.http import Request
from emulator.identity.service import Identity
from emulator.monitor.components import COMPONENT
from emulator.monitor.logs.answers import LogsError, insufficient
from emulator.monitor.scopes import Scopes
from emulator.monitor.workspaces import WORKSPACE
from emulator.principal import Principal

AUDIENCES: Final = (
    "https://api.loganalytics.io",
    "https://api.loganalytics.azure.com",
    "https://api.applicationinsights.io",
    "https://api.applicationinsights.azure.com",
)
QUERY: Final = "Microsoft.OperationalInsights/workspaces/query/read"
LOGS: Final = "Microsoft.Insights/logs/read"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked: customer ids of workspaces; the folded id of the one resource whose rows count, or "".

    classic: whether classic names of tables are known.
    """

    tenants: tuple[str, ...]
    resource: str = ""
    classic: bool = False


class Logs:
    """Finds what a path names, and lets the caller in or not."""

    def __init__(self, store: Store, identity: Identity, scopes: Scopes) -> None:
        self._store, self._identity, self._scopes = store, identity, scopes

    def principal(self, request: Request) -> Principal:
        """Who asks; 401 without a good token."""
        return self._identity.principal(request, AUDIENCES)

    def workspace(self, request: Request, principal: Principal, wanted: str) -> Target:
        """By customer id, name or ARM id."""
        found = self._workspace(wanted)
        if found is None:
            raise _missing()
        self._admit(request, found)
        if not self._identity.allowed(principal, QUERY, found["id"]):
            raise insufficient()
        return Target((str(found["properties"]["customerId"]),))

    def target(self, scope: str) -> Target:
        """What a rule of Azure's own looks at: nobody asks, and all that the scope names is seen."""
        found = self._store.get(scope)
        if found is None:
            raise _missing()
        if fold(found["type"]) == fold(WORKSPACE):
            return Target((str(found["properties"]["customerId"]),))
        tenants = tuple(str(one["properties"]["customerId"]) for one in self._store.by_type(WORKSPACE))
        return Target(tenants, fold(found["id"]), fold(found["type"]) == fold(COMPONENT))

    def application(self, request: Request, principal: Principal, app_id: str) -> Target:
        """A component by its AppId."""
        for one in self._store.by_type(COMPONENT):
            if str(one["properties"].get("AppId", "")).lower() == app_id.lower():
                return self.resource(request, principal, one["id"])
        raise _missing()

    def resource(self, request: Request, principal: Principal, resource_id: str) -> Target:
        """The rows of one resource, or of all in a group or subscription, in whatever workspace they are."""
        found = self._store.get(resource_id)
        if found is None:
            raise _missing()
        if fold(found["type"]) == fold(WORKSPACE):
            return self.workspace(request, principal, resource_id)
        component = fold(found["type"]) == fold(COMPONENT)
        workspaces = [
            one
            for one in self._store.by_type(WORKSPACE)
            if not component or fold(one["id"]) == fold(str(found["properties"].get("WorkspaceResourceId")))
        ]
        if component:
            self._admit(request, found)
        if not self._identity.allowed(principal, LOGS, resource_id):
            raise insufficient()
        # a workspace that does not give its rows by rights to their resources wants rights of its own
        readable = [
            one
            for one in workspaces
            if (one["properties"].get("features") or {}).get("enableLogAccessUsingOnlyResourcePermissions")
            or self._identity.allowed(principal, QUERY, one["id"])
        ]
        if component and not readable:
            raise insufficient()
        tenants = tuple(str(one["properties"]["customerId"]) for one in readable)
        return Target(tenants, fold(found["id"]), component)

    def _workspace(self, wanted: str) -> Json | None:
        if "/" in wanted:
            return self._store.get(f"/{wanted.strip('/')}")
        for one in self._store.by_type(WORKSPACE):
            if wanted.lower() in (str(one["properties"].get("customerId", "")).lower(), one["name"].lower()):
                return one
        return None

    def _admit(self, request: Request, resource: Json) -> None:
        why = self._scopes.closed(request.place, resource, "Query")
        if why:
            raise LogsError(
                403,
                "InsufficientAccessError",
                f"Access to {resource['id']} from public networks is not allowed: "
                f"publicNetworkAccessForQuery=Disabled, and {why}.",
            )


def _missing() -> LogsError:
    return LogsError(404, "PathNotFoundError", "The requested path does not exist")
