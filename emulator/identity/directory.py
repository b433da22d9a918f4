"""The tenant: who there is. Its service principal, its people and groups, the managed identities of ARM."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from emulator.identity.subscriptions import named_in_stack_files
from emulator.principal import Principal

if TYPE_CHECKING:
    from emulator.arm.store import Store

# The example directory. The same ids stand in the stack files.
TENANT_ID: Final = "9b3f2a60-1c4d-4e8a-8f57-2d6e0b1c7a01"
SUBSCRIPTIONS: Final[dict[str, str]] = named_in_stack_files()
ENGINEERS: Final = "6f1d3c52-7a0e-4b7e-9d55-0c2a41f0a001"
PROD_ENGINEERS: Final = "6f1d3c52-7a0e-4b7e-9d55-0c2a41f0a004"
APPROVERS: Final = "6f1d3c52-7a0e-4b7e-9d55-0c2a41f0a002"
DATA_PROTECTION: Final = "6f1d3c52-7a0e-4b7e-9d55-0c2a41f0a003"  # erases one person's rows

PRINCIPAL: Final = "principal"  # kind of the documents of managed identities, by object id


SIGNED_IN: Final = Principal(
    object_id="6f1d3c52-7a0e-4b7e-9d55-0c2a41f0b001",
    client_id="6f1d3c52-7a0e-4b7e-9d55-0c2a41f0c001",
    kind="ServicePrincipal",
    groups=(ENGINEERS, PROD_ENGINEERS),
    name="mlops-engineer",
)
# "Microsoft Azure CLI", the application by which people sign in on a command line; the same in every tenant.
COMMAND_LINE: Final = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
GROUPS: Final[dict[str, str]] = {
    ENGINEERS: "mlops-engineers",
    PROD_ENGINEERS: "mlops-prod-engineers",
    APPROVERS: "mlops-approvers",
    DATA_PROTECTION: "mlops-data-protection",
}


def _person(last: str, name: str, *groups: str) -> Principal:
    object_id = f"6f1d3c52-7a0e-4b7e-9d55-0c2a41f0{last}"
    return Principal(object_id, COMMAND_LINE, "User", groups, f"{name}@mlops.example")


USERS: Final = (
    _person("d001", "approver", APPROVERS),
    _person("d002", "second-approver", APPROVERS),
    _person("d003", "engineer", ENGINEERS, PROD_ENGINEERS),
    _person("d004", "approving-engineer", ENGINEERS, PROD_ENGINEERS, APPROVERS),
)


class Directory:
    """Looks principals up. Managed identities are documents in the store, written with their resources."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, object_id: str) -> Principal | None:
        """The principal with an object id."""
        key = object_id.lower()
        if key == SIGNED_IN.object_id:
            return SIGNED_IN
        if user := next((one for one in USERS if one.object_id == key), None):
            return user
        if key in GROUPS:
            return Principal(key, "", "Group", (), GROUPS[key])
        return _principal(key, self._store.document(PRINCIPAL, key))

    def by_client(self, client_id: str) -> Principal | None:
        """The service principal with an application (client) id."""
        if client_id.lower() == SIGNED_IN.client_id:
            return SIGNED_IN
        found = self._store.documents(PRINCIPAL)
        return next(
            (
                _principal(key, value)
                for key, value in found.items()
                if value["client_id"] == client_id.lower()
            ),
            None,
        )

    def everyone(self) -> list[Principal]:
        """All principals: the signed-in one, people, groups, managed identities."""
        managed = (_principal(key, value) for key, value in self._store.documents(PRINCIPAL).items())
        groups = (Principal(key, "", "Group", (), name) for key, name in GROUPS.items())
        return [SIGNED_IN, *USERS, *groups, *(one for one in managed if one)]

    def add_managed(self, resource_id: str, object_id: str, client_id: str) -> None:
        """Make the principal of a managed identity known."""
        key = object_id.lower()
        known = self._store.document(PRINCIPAL, key) or {}
        self._store.put_document(
            PRINCIPAL, key, {**known, "client_id": client_id.lower(), "resource_id": resource_id}
        )

    def members(self, group: str) -> list[Principal]:
        """Who is in a group."""
        return [one for one in self.everyone() if group.lower() in one.groups]

    def join(self, object_id: str, group: str, member: bool) -> None:
        """Put a managed identity into a group, or take it out. KeyError for anybody else."""
        key = object_id.lower()
        held = self._store.document(PRINCIPAL, key)
        if held is None:
            raise KeyError(object_id)
        others = [one for one in held.get("groups", []) if one != group.lower()]
        groups = [*others, group.lower()] if member else others
        self._store.put_document(PRINCIPAL, key, {**held, "groups": groups})

    def remove(self, object_id: str) -> None:
        """Forget the principal of a managed identity."""
        self._store.delete_document(PRINCIPAL, object_id.lower())


def client_of(object_id: str) -> str:
    """The client id of a system-assigned identity, which ARM does not show."""
    return str(uuid.uuid5(uuid.UUID(object_id), "client"))


def _principal(object_id: str, value: Any | None) -> Principal | None:
    if value is None:
        return None
    name = value["resource_id"].rsplit("/", 1)[-1]
    groups = tuple(value.get("groups", ()))
    return Principal(object_id, value["client_id"], "ServicePrincipal", groups, name, value["resource_id"])
