"""Microsoft.Authorization: role definitions, role assignments and locks."""

from __future__ import annotations

import uuid
from typing import Any, Final

from emulator.arm.ids import fold, within
from emulator.arm.locks import LOCK
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.authorization import filters, permissions
from emulator.errors import AzureError, NotEmulated
from emulator.identity.access import ASSIGNMENT, DEFINITION, scope_of
from emulator.identity.constraints import assignable
from emulator.identity.role import Role
from emulator.identity.roles import ROLES
from emulator.identity.service import Identity

LEVELS: Final = ("CanNotDelete", "ReadOnly")


def install(arm: Arm, store: Store, identity: Identity) -> None:
    """Hooks for assignments, definitions and locks."""
    permissions.install(arm, identity)

    @arm.before_put(ASSIGNMENT)
    def assign(put: Put) -> None:
        properties = put.properties
        for key in ("roleDefinitionId", "principalId"):
            if not properties.get(key):
                raise AzureError(400, "BadRequestFormat", f"'{put.id}': properties.{key} is required.")
        definition = str(properties["roleDefinitionId"])
        _refuse_elsewhere(put, definition)
        if identity.access.role(definition) is None:
            raise AzureError(
                404,
                "RoleDefinitionDoesNotExist",
                f"The specified role definition with ID '{definition.rsplit('/', 1)[-1]}' does not exist.",
            )
        if properties.get("condition") and assignable(str(properties["condition"])) is None:
            raise NotEmulated(
                f"conditions of role assignments ({put.id}), but those that name the roles to be handed out: "
                "without one it would allow more"
            )
        if put.principal is not None and not identity.access.may_assign(
            put.principal, scope_of(put.id), definition
        ):
            raise AzureError(
                403,
                "AuthorizationFailed",
                f"The client '{put.principal.client_id}' with object id '{put.principal.object_id}' does "
                "not have authorization or an ABAC condition not fulfilled to perform action "
                f"'{ASSIGNMENT}/write' over scope '{scope_of(put.id)}' or the scope is invalid. If access "
                "was recently granted, please refresh your credentials.",
            )
        principal = identity.directory.find(str(properties["principalId"]))
        if principal is None:
            raise AzureError(
                400,
                "PrincipalNotFound",
                f"Principal {properties['principalId']} does not exist in the directory.",
            )
        kind = properties.setdefault("principalType", principal.kind)
        if kind != principal.kind:
            raise AzureError(
                400,
                "UnmatchedPrincipalType",
                f"The PrincipalId '{principal.object_id}' has type '{principal.kind}', which is different "
                "from "
                f"specified PrincipalType '{kind}'.",
            )
        _refuse_change(put)
        _refuse_duplicate(put)
        properties["scope"] = put.id[: put.id.lower().rindex("/providers/microsoft.authorization/")] or "/"
        del properties["provisioningState"]

    def _refuse_elsewhere(put: Put, definition: str) -> None:
        """A role of one's own is for its assignable scopes alone. The code is Azure's, the words are not."""
        name = definition.rsplit("/", 1)[-1].lower()
        own = next((one for one in store.by_type(DEFINITION) if one["name"].lower() == name), None)
        if own is not None and not _assignable(own, scope_of(put.id), below=False):
            raise AzureError(
                400,
                "RoleAssignmentScopeNotAssignableToRoleDefinition",
                f"The role '{own['properties']['roleName']}' cannot be assigned at '{scope_of(put.id)}': its "
                f"assignable scopes are {', '.join(own['properties']['assignableScopes'])}.",
            )

    def _refuse_change(put: Put) -> None:
        if put.old is None:
            return
        for key in ("roleDefinitionId", "principalId"):
            if fold(put.old["properties"][key]) != fold(put.properties[key]):
                raise AzureError(
                    400,
                    "RoleAssignmentUpdateNotPermitted",
                    "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
                )

    def _refuse_duplicate(put: Put) -> None:
        scope = scope_of(put.id)
        for other in store.by_type(ASSIGNMENT):
            if (
                fold(other["id"]) != fold(put.id)
                and scope_of(other["id"]) == scope
                and _same(other["properties"], put.properties)
            ):
                raise AzureError(
                    409,
                    "RoleAssignmentExists",
                    f"The role assignment already exists. The ID of the conflicting role assignment is "
                    f"{uuid.UUID(other['name']).hex}.",
                )

    @arm.on_list(ASSIGNMENT)
    def assignments(items: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
        """At a scope, those above and those below; ``$filter`` leaves out the ones below, or all but those
        of a principal (``assignedTo``: those of its groups too)."""
        scope, asked = scope_of(query[""]), filters.read(query.get("$filter", ""), filters.ASSIGNMENTS)
        inherited = [one for one in store.by_type(ASSIGNMENT) if within(scope, scope_of(one["id"]))]
        below = [] if "atscope" in asked else [one for one in items if one not in inherited]
        holders = [{value} for name, value in asked.items() if name == "principal"]
        if "assigned" in asked:
            principal = identity.directory.find(asked["assigned"])
            groups = principal.groups if principal else ()
            holders.append({asked["assigned"], *(group.lower() for group in groups)})
        return [
            one
            for one in [*inherited, *below]
            if all(str(one["properties"]["principalId"]).lower() in held for held in holders)
        ]

    @arm.before_put(DEFINITION)
    def define(put: Put) -> None:
        properties = put.properties
        name = str(put.resource["name"])
        if not _is_uuid(name) or name.lower() in ROLES:
            raise AzureError(
                400, "InvalidRoleDefinitionId", f"'{name}' must be a GUID that no built-in role has."
            )
        if not properties.get("roleName") or not properties.get("assignableScopes"):
            raise AzureError(
                400,
                "InvalidRoleDefinition",
                f"'{put.id}': properties.roleName and assignableScopes are required.",
            )
        if any(one.get("condition") for one in properties.get("permissions") or []):
            raise NotEmulated(f"conditions in role definitions ({put.id}): without one it would allow more")
        taken = {role.name.lower() for role in ROLES.values()} | {
            str(other["properties"]["roleName"]).lower()
            for other in store.by_type(DEFINITION)
            if other["name"].lower() != name.lower()
        }
        if str(properties["roleName"]).lower() in taken:
            raise AzureError(
                409,
                "RoleDefinitionWithSameNameExists",
                f"A role definition with the name '{properties['roleName']}' already exists.",
            )
        properties["type"] = "CustomRole"
        del properties["provisioningState"]

    @arm.before_delete(DEFINITION)
    def still_assigned(resource: dict[str, Any]) -> None:
        for other in store.by_type(ASSIGNMENT):
            if str(other["properties"]["roleDefinitionId"]).lower().endswith(resource["name"].lower()):
                raise AzureError(
                    400,
                    "RoleDefinitionHasAssignments",
                    f"There are existing role assignments referencing role (code: {other['id']}).",
                )

    @arm.virtual(DEFINITION)
    def built_in(resource_id: str) -> dict[str, Any] | None:
        name = resource_id.rsplit("/", 1)[-1].lower()
        return _definition(name, ROLES[name]) if name in ROLES else None

    @arm.on_list(DEFINITION)
    def definitions(items: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
        """The built-in roles, and those of one's own that can be assigned at the scope; ``$filter`` adds
        those for scopes below it, or picks by name or kind."""
        scope, asked = scope_of(query[""]), filters.read(query.get("$filter", ""), filters.DEFINITIONS)
        own = [one for one in store.by_type(DEFINITION) if _assignable(one, scope, below="below" in asked)]
        found = [*own, *(_definition(name, role) for name, role in ROLES.items())]
        return [
            one
            for one in found
            if asked.get("name", one["properties"]["roleName"].lower())
            == one["properties"]["roleName"].lower()
            and asked.get("type", one["properties"]["type"].lower()) == one["properties"]["type"].lower()
        ]

    @arm.before_put(LOCK)
    def lock(put: Put) -> None:
        if put.properties.get("level") not in LEVELS:
            raise AzureError(
                400,
                "LockLevelInvalid",
                f"'{put.id}': properties.level is '{put.properties.get('level')}'; it must be one of "
                f"{LEVELS}.",
            )


def _assignable(definition: dict[str, Any], scope: str, *, below: bool) -> bool:
    """Whether a role of one's own can be assigned at a scope, or (``below``) somewhere under it."""
    scopes = [str(one) for one in definition["properties"]["assignableScopes"]]
    return any(within(scope, one) or (below and within(one, scope)) for one in scopes)


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return str(one["principalId"]).lower() == str(other["principalId"]).lower() and _role_name(
        one
    ) == _role_name(other)


def _role_name(properties: dict[str, Any]) -> str:
    return str(properties["roleDefinitionId"]).rsplit("/", 1)[-1].lower()


def _is_uuid(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name.lower()
    except ValueError:
        return False


def _definition(name: str, role: Role) -> dict[str, Any]:
    return {
        "id": f"/providers/{DEFINITION}/{name}",
        "name": name,
        "type": DEFINITION,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": "",
            "assignableScopes": ["/"],
            "permissions": [permissions.of(role)],
        },
    }
