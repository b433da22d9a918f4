"""The SDK's functions that are a POST on a resource, and the ARM action behind each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Action:
    """token: of the resource that is acted on; name: the ARM action's."""

    token: str
    name: str


ACTIONS: Final[dict[str, Action]] = {
    "storage:listStorageAccountKeys": Action("storage:StorageAccount", "listKeys"),
    "storage:listStorageAccountSAS": Action("storage:StorageAccount", "listAccountSas"),
    "storage:listStorageAccountServiceSAS": Action("storage:StorageAccount", "listServiceSas"),
    "containerregistry:listRegistryCredentials": Action("containerregistry:Registry", "listCredentials"),
    "containerregistry:listRegistryBuildSourceUploadUrl": Action(
        "containerregistry:Registry", "listBuildSourceUploadUrl"
    ),
    "operationalinsights:getSharedKeys": Action("operationalinsights:Workspace", "sharedKeys"),
    "operationalinsights:getWorkspaceSharedKeys": Action("operationalinsights:Workspace", "sharedKeys"),
    "machinelearningservices:listWorkspaceKeys": Action("machinelearningservices:Workspace", "listKeys"),
    "machinelearningservices:listComputeKeys": Action("machinelearningservices:Compute", "listKeys"),
    "machinelearningservices:listComputeNodes": Action("machinelearningservices:Compute", "listNodes"),
    "machinelearningservices:listDatastoreSecrets": Action(
        "machinelearningservices:Datastore", "listSecrets"
    ),
    "machinelearningservices:listOnlineEndpointKeys": Action(
        "machinelearningservices:OnlineEndpoint", "listKeys"
    ),
    "machinelearningservices:listBatchEndpointKeys": Action(
        "machinelearningservices:BatchEndpoint", "listkeys"
    ),
    "cosmosdb:listDatabaseAccountKeys": Action("cosmosdb:DatabaseAccount", "listKeys"),
    "redis:listRedisKeys": Action("redis:Redis", "listKeys"),
    "containerservice:listManagedClusterUserCredentials": Action(
        "containerservice:ManagedCluster", "listClusterUserCredential"
    ),
    "containerservice:listManagedClusterAdminCredentials": Action(
        "containerservice:ManagedCluster", "listClusterAdminCredential"
    ),
    "apimanagement:listSubscriptionSecrets": Action("apimanagement:Subscription", "listSecrets"),
    "apimanagement:listNamedValue": Action("apimanagement:NamedValue", "listValue"),
}
