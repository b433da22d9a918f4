"""The datastore service of a workspace's region, as azureml-fsspec asks it: where a datastore leads.

The names of the answer are those of azureml-core's ``DataStoreDto``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from emulator.errors import not_found
from emulator.identity.directory import Principal
from emulator.machinelearning.datastores import by_identity, secrets_of
from emulator.machinelearning.names import DATASTORE, Workspace

if TYPE_CHECKING:
    from emulator.app import Emulator

Json = dict[str, Any]
CALL: Final = re.compile(r"datastores/(?P<name>[^/]+)", re.IGNORECASE)
READ: Final = f"{DATASTORE}/read"
SECRETS: Final = f"{DATASTORE}/listSecrets/action"


def answer(emulator: Emulator, principal: Principal, workspace: Workspace, name: str) -> Json:
    """One datastore. 404 for none; 403 when it holds a credential that the caller may not have."""
    path = workspace.child("datastores", name)
    datastore = emulator.store.get(path)
    if datastore is None:
        raise not_found(path)
    properties = datastore["properties"]
    identity = by_identity(datastore)
    secrets: Json = {}
    if not identity:
        emulator.identity.require(principal, SECRETS, path)
        secrets = secrets_of(emulator, datastore, {})
    section = {
        "accountName": properties["accountName"],
        "containerName": properties.get("containerName") or properties.get("fileShareName"),
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
