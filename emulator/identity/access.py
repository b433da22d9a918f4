"""Who may do what: role assignments in the store, their roles' actions, inherited down the scopes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from emulator.arm.ids import fold, within
from emulator.arm.store import Store
from emulator.identity.constraints import assignable
from emulator.identity.directory import SIGNED_IN
from emulator.identity.role import Role
from emulator.identity.roles import OWNER, ROLES
from emulator.principal import Principal

ASSIGNMENT: Final = "Microsoft.Authorization/roleAssignments"
DEFINITION: Final = "Microsoft.Authorization/roleDefinitions"
MARK: Final = "/providers/microsoft.authorization/"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a scope. assignable: the roles (GUIDs) that it may hand out; None: any."""

    scope: str
    role: Role
    assignable: frozenset[str] | None = None


class Access:
    """Evaluates; keeps an index of the assignments that is renewed when one of them changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.late_s = 0.0  # seconds until an assignment works; see `emulator.faults`
        self._next = 0.0  # when the next one that is late begins to work
        self._revision: tuple[int, int, float] | None = None
        self._grants: dict[str, list[Grant]] = {}

    def allowed(self, principal: Principal, action: str, scope_id: str, *, data: bool = False) -> bool:
        """Whether a role of the principal, or of a group it is in, allows the action at the scope."""
        return any(role.allows(action, data=data) for role in self.roles(principal, scope_id))

    def roles(self, principal: Principal, scope_id: str) -> Iterator[Role]:
        """The roles at a scope of the principal, and of the groups it is in; one may come twice."""
        grants = self._index()
        for holder in (principal.object_id, *principal.groups):
            for grant in grants.get(holder.lower(), ()):
                if within(scope_id, grant.scope):
                    yield grant.role

    def may_assign(self, principal: Principal, scope_id: str, definition_id: str) -> bool:
        """Whether the principal may assign that role at the scope, by the conditions of its own roles."""
        wanted, grants = definition_id.rstrip("/").rsplit("/", 1)[-1].lower(), self._index()
        return any(
            within(scope_id, grant.scope)
            and grant.role.allows(f"{ASSIGNMENT}/write")
            and (grant.assignable is None or wanted in grant.assignable)
            for holder in (principal.object_id, *principal.groups)
            for grant in grants.get(holder.lower(), ())
        )

    def role(self, definition_id: str) -> Role | None:
        """The role, built-in or custom, that an id or a GUID names."""
        name = definition_id.rstrip("/").rsplit("/", 1)[-1].lower()
        if name in ROLES:
            return ROLES[name]
        for definition in self._store.by_type(DEFINITION):
            if definition["name"].lower() == name:
                return custom_role(definition)
        return None

    def _index(self) -> dict[str, list[Grant]]:
        revision = self._store.revision(ASSIGNMENT), self._store.revision(DEFINITION), self.late_s
        if revision != self._revision or (self._next and time.time() >= self._next):
            now, waiting = time.time(), 0.0
            found: dict[str, list[Grant]] = defaultdict(list)
            found[SIGNED_IN.object_id].append(Grant("", ROLES[OWNER]))
            custom = {item["name"].lower(): custom_role(item) for item in self._store.by_type(DEFINITION)}
            for item in self._store.by_type(ASSIGNMENT):
                properties = item["properties"]
                works = _created(item) + self.late_s if self.late_s else 0.0
                if works > now:
                    waiting = min(waiting or works, works)
                    continue
                name = str(properties.get("roleDefinitionId", "")).rsplit("/", 1)[-1].lower()
                role = ROLES.get(name) or custom.get(name)
                if role:
                    found[str(properties.get("principalId", "")).lower()].append(
                        Grant(scope_of(item["id"]), role, assignable(str(properties.get("condition") or "")))
                    )
            self._grants, self._revision, self._next = dict(found), revision, waiting
        return self._grants


def _created(item: dict[str, Any]) -> float:
    return datetime.fromisoformat(item["systemData"]["createdAt"]).timestamp()


def scope_of(extension_id: str) -> str:
    """The scope of an id such as a role assignment's, in the form in which ids are compared."""
    folded = fold(extension_id)
    return folded[: folded.rindex(MARK)]


def custom_role(definition: dict[str, Any]) -> Role:
    """The role of a roleDefinitions resource."""
    properties = definition["properties"]
    permissions = properties.get("permissions") or []

    def gather(key: str) -> tuple[str, ...]:
        return tuple(action for permission in permissions for action in permission.get(key) or [])

    return Role(
        str(properties.get("roleName", definition["name"])),
        gather("actions"),
        gather("notActions"),
        gather("dataActions"),
        gather("notDataActions"),
    )
