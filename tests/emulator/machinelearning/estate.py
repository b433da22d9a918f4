"""A small estate for the tests: what a workspace stands on, a workspace, a cluster with an identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Write = Callable[[str, Json], Json]

SUBSCRIPTION = "0a7c1e5d-0000-4000-8000-00000000000a"
GROUP_NAME = "rg-ml"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP_NAME}"
ACCOUNT_NAME = "stmltests"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT_NAME}"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-ml-tests"
LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-ml-tests"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/appi-ml-tests"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-training"
WORKSPACE_NAME = "mlw-tests"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE_NAME}"
COMPUTE = f"{WORKSPACE}/computes/cpu"
ENVIRONMENT = f"{WORKSPACE}/environments/plain/versions/1"
TENANT = "9b3f2a60-1c4d-4e8a-8f57-2d6e0b1c7a01"
ENGINEERS = "6f1d3c52-7a0e-4b7e-9d55-0c2a41f0a001"  # the group of the signed-in principal
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"  # Storage Blob Data Contributor
JOBS_GRANT = "5f0e7a52-0000-4000-8000-000000000002"  # the role assignment of the cluster's identity
REGION = "westeurope"


def account_body(*, shared_keys: bool = False) -> Json:
    return {
        "location": REGION,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"allowSharedKeyAccess": shared_keys, "minimumTlsVersion": "TLS1_2"},
    }


def workspace_body(mode: str = "Identity", **properties: Any) -> Json:
    return {
        "location": REGION,
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "storageAccount": ACCOUNT,
            "keyVault": VAULT,
            "applicationInsights": INSIGHTS,
            "systemDatastoresAuthMode": mode,
            **properties,
        },
    }


def compute_body(**scale: Any) -> Json:
    return {
        "location": REGION,
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
        "properties": {
            "computeType": "AmlCompute",
            "properties": {
                "vmSize": "Standard_DS3_v2",
                "scaleSettings": {
                    "minNodeCount": 0,
                    "maxNodeCount": 4,
                    "nodeIdleTimeBeforeScaleDown": "PT120S",
                    **scale,
                },
            },
        },
    }


def grant(
    write: Write, name: str, principal: str, kind: str, scope: str = ACCOUNT, role: str = CONTRIBUTOR
) -> None:
    """Give a role; by default: read and write the blobs of the account."""
    definition = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {"principalId": principal, "principalType": kind, "roleDefinitionId": definition}
    write(f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": properties})


def build(write: Write, *, shared_keys: bool = False) -> Json:
    """Create all of it; the workspace."""
    write(GROUP, {"location": REGION})
    write(ACCOUNT, account_body(shared_keys=shared_keys))
    vault = {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    write(VAULT, {"location": REGION, "properties": vault})
    write(LOGS, {"location": REGION, "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}})
    insights = {"Application_Type": "web", "WorkspaceResourceId": LOGS, "IngestionMode": "LogAnalytics"}
    write(INSIGHTS, {"location": REGION, "kind": "web", "properties": insights})
    identity = write(IDENTITY, {"location": REGION})
    grant(write, "5f0e7a52-0000-4000-8000-000000000001", ENGINEERS, "Group")
    grant(write, JOBS_GRANT, identity["properties"]["principalId"], "ServicePrincipal")
    workspace = write(WORKSPACE, workspace_body("AccessKey" if shared_keys else "Identity"))
    write(COMPUTE, compute_body())
    write(ENVIRONMENT, {"properties": {"image": "python:3.11", "condaFile": "dependencies: [python]\n"}})
    return workspace
