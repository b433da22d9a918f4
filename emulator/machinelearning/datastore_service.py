"""The datastore service of a region. azureml-fsspec asks it where a datastore leads.

The names of the answer are those of azureml-core's ``DataStoreDto``.
"""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.errors import not_found
from emulator.identity.service import Identity
from emulator.machinelearning.datastores import by_identity, secrets_of
from emulator.machinelearning.names import DATASTORE, Workspace
from emulator.principal import Principal
from emulator.storage.service import Blobs

Json = dict[str, Any]
CALL: Final = re.compile(r"datastores/(?P<name>[^/]+)", re.IGNORECASE)
READ: Final = f"{DATASTORE}/read"
SECRETS: Final = f"{DATASTORE}/listSecrets/action"


class DatastoreService:
    """Shows datastores to those who may read them."""

    def __init__(self, arm: Arm, store: Store, identity: Identity, blobs: Blobs) -> None:
        self._arm = arm
        self._store = store
        self._identity = identity
        self._blobs = blobs

    def show(self, principal: Principal, workspace: Workspace, name: str) -> Json:
        """One datastore. 404 for none; 403 when it holds a credential that the caller may not have."""
        path = workspace.child("datastores", name)
        datastore = self._store.get(path)
        if datastore is None:
            raise not_found(path)
        properties = datastore["properties"]
        identity = by_identity(datastore)
        secrets: Json = {}
        if not identity:
            self._identity.require(principal, SECRETS, path)
            secrets = secrets_of(self._arm, self._store, self._blobs, datastore, {})
        section = {
            "accountName": properties["accountName"],
            "containerName": properties.get("containerName")
            or properties.get("fileShareName")
            or properties.get("filesystem"),
            "endpoint": properties["endpoint"],
            "protocol": properties["protocol"],
            "credential": secrets.get("key") or secrets.get("sasToken"),
            "credentialType": properties["credentials"]["credentialsType"],
            "isSas": secrets.get("secretsType") == "Sas",
            "accountKey": secrets.get("key"),
            "sasToken": secrets.get("sasToken"),
            "areWorkspaceManagedIdentitiesAllowed": properties["serviceDataAccessAuthIdentity"] != "None",
            "serviceDataAccessAuthIdentity": properties["serviceDataAccessAuthIdentity"],
            "subscriptionId": properties.get("subscriptionId") or workspace.subscription,
            "resourceGroup": properties.get("resourceGroup") or workspace.resource_group,
        }
        return {
            "name": datastore["name"],
            "dataStoreType": properties["datastoreType"],
            "hasBeenValidated": True,
            "isDefault": properties["isDefault"],
            "tags": properties.get("tags") or {},
            "azureStorageSection": section,
        }
