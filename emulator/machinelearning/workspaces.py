"""Workspaces: what the service fills in, and the datastores every workspace is born with."""

from __future__ import annotations

import uuid
from typing import Any

from emulator.arm.ids import parse_resource
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.machinelearning.names import ARTIFACT_STORE, BLOB_STORE, WORKSPACE, Workspace
from emulator.network import privateendpoints

REQUIRED = ("storageAccount", "keyVault", "applicationInsights")
KEPT = ("workspaceId", "discoveryUrl", "mlFlowTrackingUri", *REQUIRED)
DEFAULTS: dict[str, Any] = {
    "publicNetworkAccess": "Enabled",
    "v1LegacyMode": False,
    "hbiWorkspace": False,
    "enableDataIsolation": False,
    "storageHnsEnabled": False,
    "systemDatastoresAuthMode": "AccessKey",
}
AUTH_MODES = ("AccessKey", "Identity", "UserDelegationSAS")
# name -> (datastore type, property that names the place, place; {id} is the workspace's id)
SYSTEM_DATASTORES = {
    BLOB_STORE: ("AzureBlob", "containerName", "azureml-blobstore-{id}"),
    ARTIFACT_STORE: ("AzureBlob", "containerName", "azureml"),
    "workspaceworkingdirectory": ("AzureFile", "fileShareName", "code-391ff5ac-6576-460f-ba4d-7e03433c68b6"),
    "workspacefilestore": ("AzureFile", "fileShareName", "azureml-filestore-{id}"),
}


def install(arm: Arm) -> None:
    """Hook workspaces into the ARM store."""

    @arm.before_put(WORKSPACE)
    def fill(put: Put) -> None:
        fill_workspace(arm, put)

    @arm.on_get(WORKSPACE)
    def show_endpoints(resource: dict[str, Any]) -> dict[str, Any]:
        found = privateendpoints.connections(arm, resource)
        resource["properties"]["privateEndpointConnections"] = found
        return resource

    @arm.with_put(WORKSPACE)
    def create_datastores(put: Put) -> None:
        if put.old is None:
            _create_system_datastores(arm, put.resource)


def fill_workspace(arm: Arm, put: Put) -> None:
    """Check the resources that a workspace stands on and fill the properties that Azure computes."""
    properties = put.properties
    old = put.old["properties"] if put.old else {}
    for key in REQUIRED:
        properties.setdefault(key, old.get(key))
        if not properties[key]:
            raise AzureError(
                400,
                "ValidationError",
                f"Workspace {put.resource['name']!r} needs {key}: the id of an existing resource.",
            )
        if arm.find(properties[key]) is None:
            raise AzureError(
                400,
                "ValidationError",
                f"Workspace {put.resource['name']!r}: {key} names {properties[key]}, which does not exist.",
            )
        if old and str(old[key]).lower() != str(properties[key]).lower():
            raise AzureError(
                400,
                "ValidationError",
                f"Workspace {put.resource['name']!r}: {key} is {properties[key]}; it cannot be changed "
                f"from {old[key]}.",
            )
    kind = str((put.resource.get("identity") or {}).get("type") or "")
    if kind.lower() == "userassigned" and not properties.get("primaryUserAssignedIdentity"):
        raise AzureError(
            400,
            "ValidationError",
            f"Workspace {put.resource['name']!r}: identity.type is {kind!r}; name one of its identities "
            "in primaryUserAssignedIdentity.",
        )
    for key, value in DEFAULTS.items():
        properties.setdefault(key, old.get(key, value))
    _check_namespace(arm, put)
    _check_auth_mode(arm, put)
    region = put.resource.get("location") or "eastus"
    put.resource["location"] = region
    put.resource.setdefault("sku", {"name": "Basic", "tier": "Basic"})
    put.resource.setdefault("kind", "Default")
    properties.setdefault("friendlyName", put.resource["name"])
    properties["workspaceId"] = old.get("workspaceId") or str(uuid.uuid4())
    host = f"{region}.api.azureml.ms"
    properties["discoveryUrl"] = f"https://{host}/discovery"
    properties["mlFlowTrackingUri"] = f"azureml://{host}/mlflow/v1.0{put.resource['id']}"


def _check_namespace(arm: Arm, put: Put) -> None:
    """microsoft/AzureTRE issue 1920 quotes the words."""
    account = arm.get(put.properties["storageAccount"])
    if account["properties"].get("isHnsEnabled"):
        raise AzureError(400, "BadRequest", "Cannot use storage with HNS enabled.")


def _check_auth_mode(arm: Arm, put: Put) -> None:
    mode = put.properties["systemDatastoresAuthMode"]
    name = put.resource["name"]
    if str(mode).lower() not in [known.lower() for known in AUTH_MODES]:
        raise AzureError(
            400,
            "ValidationError",
            f"Workspace {name!r}: systemDatastoresAuthMode is {mode!r}; "
            f"it must be one of {', '.join(AUTH_MODES)}.",
        )
    account = arm.get(put.properties["storageAccount"])
    if str(mode).lower() == "accesskey" and account["properties"].get("allowSharedKeyAccess") is False:
        raise AzureError(
            400,
            "ValidationError",
            f"Workspace {name!r}: systemDatastoresAuthMode is {mode!r}, but storage account "
            f"{account['name']!r} refuses shared keys (allowSharedKeyAccess is false). "
            "Set systemDatastoresAuthMode to 'Identity'.",
        )


def _create_system_datastores(arm: Arm, resource: dict[str, Any]) -> None:
    workspace = Workspace.of(resource["id"])
    properties = resource["properties"]
    account = parse_resource(properties["storageAccount"])
    by_identity = str(properties["systemDatastoresAuthMode"]).lower() == "identity"
    for name, (kind, key, pattern) in SYSTEM_DATASTORES.items():
        place = pattern.format(id=properties["workspaceId"])
        if kind == "AzureBlob":
            container = f"{account.text}/blobServices/default/containers/{place}"
            if arm.find(container) is None:
                arm.put(container, {"properties": {"publicAccess": "None"}})
        arm.put(
            workspace.child("datastores", name),
            {
                "properties": {
                    "datastoreType": kind,
                    "accountName": account.name,
                    key: place,
                    "subscriptionId": account.subscription,
                    "resourceGroup": account.resource_group,
                    "credentials": {"credentialsType": "None" if by_identity else "AccountKey"},
                    "isDefault": name == BLOB_STORE,
                }
            },
        )
