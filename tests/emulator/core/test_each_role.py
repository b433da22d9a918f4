"""Each runtime role assignment of the estate, taken away alone: the path that needs it fails, and says why.

One row a grant of infra/roles.py, in its order: what the holder does with it, and what Azure's refusal names.
A path of a service whose data plane is not emulated is put as the question that the service would ask of
Microsoft Entra ID (`asks`); it is in the table by its action all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from emulator.app import Emulator
from infra.roles import FUNCTION as FUNCTION_IDENTITY
from infra.roles import GRANTS, LANDING_WRITER, Grant
from tests.emulator.core import test_apimanagement as apim
from tests.emulator.core import test_kubernetes as kubernetes
from tests.emulator.core.conftest import LOCATION
from tests.emulator.core.granted_estate import (
    INSIGHTS,
    LOGS,
    REGISTRY,
    SCOPES,
    STORAGE,
    TRIGGERS,
    WORKSPACE,
    World,
)
from tests.emulator.core.role_paths import (
    Path,
    added,
    again,
    arm,
    asks,
    blob,
    cluster,
    named_value,
    pull,
    secret,
    telemetry,
)
from tests.emulator.homes import started_once


@dataclass(frozen=True, slots=True)
class Needs:
    """what: the path that fails without the grant. status and names: of the refusal."""

    principal: str
    role: str
    scope: str
    what: str
    call: Path
    names: tuple[str, ...]
    status: int = 403


BLOBS: Final = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
SHARES: Final = "Microsoft.Storage/storageAccounts/fileServices"
ML: Final = "Microsoft.MachineLearningServices/workspaces"
KV: Final = "Microsoft.KeyVault/vaults"
ACR: Final = "Microsoft.ContainerRegistry/registries"
AKS: Final = "Microsoft.ContainerService/managedClusters"
WRITER, READER = "Storage Blob Data Contributor", "Storage Blob Data Reader"
DATA_SCIENTIST: Final = "AzureML Data Scientist"
PURGED: Final = {
    "table": "AppEvents",
    "filters": [{"column": "Name", "operator": "==", "value": "nothing"}],
}
PULLED: Final = ("repository:app:pull",)
SCALE: Final = {"minNodeCount": 0, "maxNodeCount": 1}
COMPUTE: Final = {
    "location": LOCATION,
    "properties": {
        "computeType": "AmlCompute",
        "properties": {"vmSize": "Standard_D4ds_v5", "scaleSettings": SCALE},
    },
}
MODEL: Final = {"properties": {"modelUri": "https://stestate.blob.core.windows.net/data/there"}}
IMPORT: Final = {
    "source": {"resourceId": REGISTRY, "sourceImage": "app:1"},
    "targetTags": ["imported:1"],
    "mode": "Force",
}
BACKEND: Final = {"properties": {"protocol": "http", "url": "http://10.0.4.7"}}
QUEUE: Final = "Microsoft.Storage/storageAccounts/queueServices/queues"
QUEUE_NAME: Final = f"{TRIGGERS}/queueServices/default/queues"
REGISTRY_MANAGER: Final = "Container Registry Contributor and Data Access Configuration Administrator"
PUBLISHER: Final = "Monitoring Metrics Publisher"


def lake(principal: str, container: str, *, write: bool = False) -> Needs:
    verb, method = ("write", "PUT") if write else ("read", "GET")
    return Needs(
        principal,
        WRITER if write else READER,
        f"lake-{container}",
        f"{verb}s {container} of the data lake",
        blob(method, "dlestate", container),
        (f"{BLOBS}/{verb}", f"containers/{container}"),
    )


NEEDS: Final[tuple[Needs, ...]] = (
    Needs("workspace", "Azure AI Administrator", "workspace", "makes a compute cluster",
          arm("PUT", f"{WORKSPACE}/computes/own", COMPUTE), (f"{ML}/computes/write", WORKSPACE)),
    Needs("workspace", "Storage Account Contributor", "storage", "makes a file share",
          arm("PUT", f"{STORAGE}/fileServices/default/shares/code", {}), (f"{SHARES}/shares/write", STORAGE)),
    Needs("workspace", WRITER, "storage", "writes a snapshot of code",
          blob("PUT", "stestate", "data"), (f"{BLOBS}/write", "stestate")),
    Needs("workspace", "Storage File Data Privileged Contributor", "storage", "writes a mounted share",
          asks(f"{SHARES}/fileshares/files/write", STORAGE, data=True),
          (f"{SHARES}/fileshares/files/write", STORAGE)),
    Needs("workspace", "Key Vault Contributor", "learning-vault", "changes its vault",
          again(SCOPES["learning-vault"]), (f"{KV}/write", SCOPES["learning-vault"])),
    Needs("workspace", "Key Vault Administrator", "learning-vault", "keeps a connection's secret",
          secret("PUT", "ml-estate"), (f"{KV}/secrets/setSecret/action", "ml-estate")),
    Needs("workspace", REGISTRY_MANAGER, "registry", "sends the source of a build",
          arm("POST", f"{REGISTRY}/listBuildSourceUploadUrl"),
          (f"{ACR}/listBuildSourceUploadUrl/action", REGISTRY)),
    Needs("workspace", "AcrPush", "registry", "pushes the image of an environment",
          asks(f"{ACR}/push/write", REGISTRY, data=False), (f"{ACR}/push/write", REGISTRY)),
    Needs("workspace", "Application Insights Component Contributor", "application-insights",
          "reads where metrics go", arm("GET", INSIGHTS), ("Microsoft.Insights/components/read", INSIGHTS)),
    lake("workspace", "landing"),
    lake("workspace", "tables"),
    lake("workspace", "predictions"),
    lake("workspace", "answers"),
    Needs("training", WRITER, "storage", "writes outputs",
          blob("PUT", "stestate", "data"), (f"{BLOBS}/write", "stestate")),
    lake("training", "landing"),
    lake("training", "tables", write=True),
    lake("training", "predictions", write=True),
    lake("training", "answers", write=True),
    Needs("training", "AcrPull", "registry", "pulls its image", pull, PULLED, 401),
    Needs("training", DATA_SCIENTIST, "workspace", "registers a model",
          arm("PUT", f"{WORKSPACE}/models/trained/versions/1", MODEL),
          (f"{ML}/models/versions/write", WORKSPACE)),
    Needs("training", PUBLISHER, "application-insights", "sends the figures of a day",
          telemetry, ("Microsoft.Insights/Telemetry/Write", INSIGHTS)),
    Needs("scoring", "AcrPull", "registry", "pulls its image", pull, PULLED, 401),
    Needs("scoring", "Key Vault Secrets User", "key-vault", "reads the callers' key",
          secret("GET", "kv-estate"), (f"{KV}/secrets/getSecret/action", "kv-estate")),
    lake("scoring", "answers", write=True),
    Needs("scoring", PUBLISHER, "application-insights", "sends telemetry",
          telemetry, ("Microsoft.Insights/Telemetry/Write", INSIGHTS)),
    Needs("engineers", WRITER, "storage", "uploads code and data",
          blob("PUT", "stestate", "data"), (f"{BLOBS}/write", "stestate")),
    lake("engineers", "landing", write=True),
    lake("engineers", "tables", write=True),
    lake("engineers", "predictions"),
    Needs("engineers", "Key Vault Secrets Officer", "key-vault", "writes the callers' key",
          secret("PUT", "kv-estate"), (f"{KV}/secrets/setSecret/action", "kv-estate")),
    Needs("engineers", DATA_SCIENTIST, "workspace", "registers a model",
          arm("PUT", f"{WORKSPACE}/models/own/versions/1", MODEL),
          (f"{ML}/models/versions/write", WORKSPACE)),
    # Of the gateway and the cluster; what Azure makes for them fails where their identity lacks a right.
    Needs("gateway", "Key Vault Secrets User", "key-vault", "takes the scoring service's key",
          named_value, (f"{KV}/secrets/getSecret/action", "Key Vault Secrets User"), 400),
    Needs("gateway", PUBLISHER, "application-insights", "logs requests",
          telemetry, ("Microsoft.Insights/Telemetry/Write", INSIGHTS)),
    Needs("cluster", "Network Contributor", "kubernetes-subnet", "joins nodes to their subnet",
          cluster, ("Microsoft.Network/virtualNetworks/subnets/join/action", kubernetes.SUBNET)),
    Needs("cluster", "Private DNS Zone Contributor", "kubernetes-zone", "writes the API server's name",
          cluster, ("Microsoft.Network/privateDnsZones/read", kubernetes.ZONE), 400),
    Needs("cluster", "Managed Identity Operator", "kubelet-identity", "gives nodes their identity",
          cluster, ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",), 400),
    Needs("kubelet", "AcrPull", "registry", "pulls the scoring image", pull, PULLED, 401),
    Needs("engineers", "Azure Kubernetes Service Cluster User Role", "kubernetes", "asks where it is",
          arm("POST", f"{kubernetes.CLUSTER}/listClusterUserCredential"),
          (f"{AKS}/listClusterUserCredential/action", kubernetes.CLUSTER)),
    Needs("engineers", "Azure Kubernetes Service RBAC Reader", "kubernetes", "lists pods",
          asks(f"{AKS}/pods/read", kubernetes.CLUSTER, data=True), (f"{AKS}/pods/read", kubernetes.CLUSTER)),
    Needs("promoter", "Container Registry Data Importer and Data Reader", "registry", "imports an image",
          arm("POST", f"{REGISTRY}/importImage", IMPORT), (f"{ACR}/importImage/action", REGISTRY)),
    Needs("promoter", "Key Vault Secrets User", "key-vault", "reads the callers' key",
          secret("GET", "kv-estate"), (f"{KV}/secrets/getSecret/action", "kv-estate")),
    Needs("promoter", "Monitoring Reader", "application-insights", "reads what a canary is judged by",
          asks("Microsoft.Insights/logs/read", INSIGHTS, data=False),
          ("Microsoft.Insights/logs/read", INSIGHTS)),
    Needs("promoter", "Azure Kubernetes Service Cluster User Role", "kubernetes", "asks where it is",
          arm("POST", f"{kubernetes.CLUSTER}/listClusterUserCredential"),
          (f"{AKS}/listClusterUserCredential/action", kubernetes.CLUSTER)),
    Needs("promoter", "Azure Kubernetes Service RBAC Writer", "kubernetes", "applies a Deployment",
          asks(f"{AKS}/apps/deployments/write", kubernetes.CLUSTER, data=True),
          (f"{AKS}/apps/deployments/write", kubernetes.CLUSTER)),
    Needs("promoter", "API Management Service Contributor", "gateway", "makes a backend",
          arm("PUT", f"{apim.SERVICE}/backends/rev-1", BACKEND),
          ("Microsoft.ApiManagement/service/backends/write", apim.SERVICE)),
    Needs("pusher", LANDING_WRITER, "lake-landing", "adds rows of production",
          added("dlestate", "landing"), (f"{BLOBS}/write", "containers/landing")),
    Needs("retrain", "Storage Blob Data Owner", "trigger-storage", "reads its package",
          blob("GET", "fnestate", "packages"), (f"{BLOBS}/read", "fnestate")),
    Needs("retrain", "Storage Queue Data Contributor", "trigger-queue", "gives back what failed",
          asks(f"{QUEUE}/messages/write", f"{QUEUE_NAME}/events", data=True),
          (f"{QUEUE}/messages/write", "events")),
    Needs("retrain", "Storage Queue Data Contributor", "trigger-poison", "puts aside what failed",
          asks(f"{QUEUE}/messages/write", f"{QUEUE_NAME}/events-poison", data=True),
          (f"{QUEUE}/messages/write", "events-poison")),
    Needs("retrain", DATA_SCIENTIST, "workspace", "starts a run",
          asks(f"{ML}/batchEndpoints/jobs/write", WORKSPACE, data=False),
          (f"{ML}/batchEndpoints/jobs/write", WORKSPACE)),
    Needs("retrain", PUBLISHER, "application-insights", "sends telemetry",
          telemetry, ("Microsoft.Insights/Telemetry/Write", INSIGHTS)),
    Needs("retrain", "Key Vault Crypto User", "release-key", "signs as the GitHub App",
          asks(f"{KV}/keys/sign/action", SCOPES["release-key"], data=True),
          (f"{KV}/keys/sign/action", "release-app")),
    Needs("runners", "Key Vault Crypto User", "runner-key", "registers a runner as the GitHub App",
          asks(f"{KV}/keys/sign/action", SCOPES["runner-key"], data=True),
          (f"{KV}/keys/sign/action", "runner-app")),
    Needs("events", "Storage Queue Data Message Sender", "trigger-queue", "delivers an event",
          asks(f"{QUEUE}/messages/add/action", f"{QUEUE_NAME}/events", data=True),
          (f"{QUEUE}/messages/add/action", "events")),
    Needs("events", WRITER, "trigger-dead", "keeps what could not be delivered",
          blob("PUT", "fnestate", "dead-letters"), (f"{BLOBS}/write", "dead-letters")),
    Needs("engineers", WRITER, "trigger-state", "pauses triggers",
          blob("PUT", "fnestate", "state"), (f"{BLOBS}/write", "state")),
    Needs("engineers", "Website Contributor", "trigger-app", "publishes code",
          asks("Microsoft.Web/sites/publish/Action", SCOPES["trigger-app"], data=False),
          ("Microsoft.Web/sites/publish/Action", "func-estate")),
    Needs(FUNCTION_IDENTITY, "Storage Blob Data Owner", "function-storage", "reads its package",
          blob("GET", "fsestate", "packages"), (f"{BLOBS}/read", "fsestate")),
    Needs(FUNCTION_IDENTITY, READER, "function-models", "reads the model",
          blob("GET", "stestate", "models"), (f"{BLOBS}/read", "containers/models")),
    Needs(FUNCTION_IDENTITY, "Key Vault Secrets User", "function-key", "reads the callers' key",
          secret("GET", "kv-estate"), (f"{KV}/secrets/getSecret/action", "kv-estate")),
    Needs(FUNCTION_IDENTITY, "Key Vault Secrets User", "function-vault", "reads the key, not named yet",
          secret("GET", "kv-function"), (f"{KV}/secrets/getSecret/action", "kv-function")),
    Needs(FUNCTION_IDENTITY, PUBLISHER, "application-insights", "sends telemetry",
          telemetry, ("Microsoft.Insights/Telemetry/Write", INSIGHTS)),
    Needs("promoter", WRITER, "function-gated-models", "puts an approved model there",
          blob("PUT", "stestate", "models"), (f"{BLOBS}/write", "containers/models")),
    Needs("promoter", "Website Contributor", "function-gated-app", "publishes an approved release's code",
          asks("Microsoft.Web/sites/publish/Action", SCOPES["function-gated-app"], data=False),
          ("Microsoft.Web/sites/publish/Action", "func-score")),
    Needs("engineers", "Website Contributor", "function-open-app", "publishes code",
          asks("Microsoft.Web/sites/publish/Action", SCOPES["function-open-app"], data=False),
          ("Microsoft.Web/sites/publish/Action", "func-open")),
    Needs("erasers", WRITER, "lake-tables", "rewrites labels",
          blob("PUT", "dlestate", "tables"), (f"{BLOBS}/write", "tables")),
    Needs("erasers", WRITER, "lake-predictions", "rewrites answers",
          blob("PUT", "dlestate", "predictions"), (f"{BLOBS}/write", "predictions")),
    Needs("erasers", WRITER, "lake-answers", "takes parts",
          blob("PUT", "dlestate", "answers"), (f"{BLOBS}/write", "answers")),
    Needs("erasers", WRITER, "lake-landing", "rewrites landed files",
          blob("PUT", "dlestate", "landing"), (f"{BLOBS}/write", "landing")),
    Needs("erasers", READER, "storage-data", "reads training sets",
          blob("GET", "stestate", "data"), (f"{BLOBS}/read", "containers/data")),
    Needs("erasers", "Reader", "workspace", "lists models",
          arm("GET", f"{WORKSPACE}/models"), (f"{ML}/models/read", WORKSPACE)),
    Needs("erasers", "Data Purger", "log-analytics", "purges",
          arm("POST", f"{LOGS}/purge", PURGED),
          ("Microsoft.OperationalInsights/workspaces/purge/action", LOGS)),
)  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    emulator = Emulator(started_once(tmp_path_factory.mktemp("roles")))
    yield World(emulator)
    emulator.close()


def test_each_grant_names_the_path_that_fails_without_it() -> None:
    rows = [(row.principal, row.role, row.scope) for row in NEEDS]
    assert rows == [(grant.principal, grant.role, grant.scope) for grant in GRANTS]


@pytest.mark.parametrize(
    ("grant", "row"),
    [
        pytest.param(*both, id=f"{both[1].principal} {both[1].what}")
        for both in zip(GRANTS, NEEDS, strict=True)
    ],
)
def test_without_a_grant_its_path_is_refused(world: World, grant: Grant, row: Needs) -> None:
    """With all the others in place: so no two grants give one right."""
    who = world.principals[row.principal]
    allowed = row.call(world, who)
    assert allowed.status < 300, allowed.body
    world.take(grant)
    try:
        refused = row.call(world, who)
        text = f"{refused.body.decode()} {refused.headers}"
        assert refused.status == row.status, text
        assert [name for name in row.names if name.lower() not in text.lower()] == [], text
    finally:
        world.give(grant)
    assert row.call(world, who).status < 300
