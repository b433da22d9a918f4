"""Checks whether a job may reach its data and its image, as its compute's identity or as its submitter."""

from __future__ import annotations

from typing import Any

from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.identity.service import Identity
from emulator.machinelearning.computes import identity, place
from emulator.machinelearning.datastores import by_identity
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.references import Location
from emulator.network.reach import Reach
from emulator.principal import Principal

Json = dict[str, Any]
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
PULL = "Microsoft.ContainerRegistry/registries/pull/read"
ACCOUNT = "Microsoft.Storage/storageAccounts"
HINTS = {
    f"{BLOBS}/read": "Storage Blob Data Reader",
    f"{BLOBS}/write": "Storage Blob Data Contributor",
    PULL: "AcrPull",
}


class Access:
    """Checks before bytes move. A datastore that keeps a credential is reached with that."""

    def __init__(self, arm: Arm, store: Store, identity: Identity, reach: Reach) -> None:
        self._arm = arm
        self._reach = reach
        self._store = store
        self._identity = identity

    def principal(self, compute: Json, name: str = "") -> Principal | None:
        """The identity of a compute (as ``computes.identity`` finds it), None when it has none."""
        assigned = identity(self._arm, compute, name)
        if assigned is not None:
            return self._identity.directory.find(assigned["properties"]["principalId"])
        object_id = (compute.get("identity") or {}).get("principalId")
        return self._identity.directory.find(object_id) if object_id and not name else None

    def require_data(
        self, who: Principal | None, compute: Json, workspace: Workspace, where: Location, action: str
    ) -> None:
        """403 when ``who`` may not ``read`` or ``write`` there; 404 when the storage account is gone."""
        account = self.require_account(compute, where)
        if where.datastore:
            datastore = self._arm.get(workspace.child("datastores", where.datastore))
            if not by_identity(datastore):
                return
        scope = f"{account['id']}/blobServices/default/containers/{where.container}"
        self._require(who, compute, f"{BLOBS}/{action}", scope, data=True)

    def require_account(self, compute: Json, where: Location) -> Json:
        """The storage account of a place, which the compute's nodes reach; 404 when it is gone, 403 when they
        do not."""
        account = next((item for item in self._store.by_type(ACCOUNT) if item["name"] == where.account), None)
        if account is None:
            raise AzureError(
                404, "UserError", f"Storage account {where.account!r} does not exist ({where.url})."
            )
        self.require_way(compute, account["id"], "blob")
        return account

    def require_way(self, compute: Json, service_id: str, group: str) -> None:
        """403 when the networks keep the compute's nodes from a group of a service; the words say what is
        missing."""
        denied = self._reach.denied(place(compute), service_id, group)
        if denied is not None:
            service = service_id.split("/providers/", 1)[-1]
            raise AzureError(
                403,
                "UserError",
                f"Compute {compute['name']!r} does not reach {service} ({group}): {denied.why}.",
            )

    def require_pull(self, who: Principal | None, compute: Json, registry: Json) -> None:
        """403 when the job's image may not be pulled."""
        self.require_way(compute, registry["id"], "registry")
        self._require(who, compute, PULL, registry["id"], data=False)

    def _require(self, who: Principal | None, compute: Json, action: str, scope: str, *, data: bool) -> None:
        if who is None:
            raise AzureError(
                403,
                "UserError",
                f"Compute {compute['name']!r} has no managed identity, and {scope} is reached by identity. "
                f"Give the compute a user-assigned identity that holds the role {HINTS[action]!r} there.",
            )
        try:
            self._identity.require(who, action, scope, data=data)
        except AzureError as error:
            raise AzureError(
                403,
                "UserError",
                f"Identity {who.name!r} (of compute {compute['name']!r}) may not do {action} on {scope}: "
                f"give it the role {HINTS[action]!r} there.",
            ) from error
