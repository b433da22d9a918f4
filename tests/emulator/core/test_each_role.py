"""Each runtime role assignment of the estate, taken away alone: the path that needs it fails, and says why.

One row a grant of infra/roles.py, in its order: what the holder does with it, and what Azure's refusal names.
A path of a service whose data plane is not emulated is put as the question that the service would ask of
Microsoft Entra ID (`asks`); it is in the table by its action all the same.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from emulator.app import Emulator
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.directory import Principal
from emulator.images.references import parse
from infra.roles import FUNCTION as FUNCTION_IDENTITY
from infra.roles import (
    GATEWAY,
    GRANTS,
    LANDING_WRITER,
    OWN_ROLES,
    PRINCIPALS,
    Grant,
    role_definition_id,
    role_guid,
)
from tests.emulator.core import test_apimanagement as apim
from tests.emulator.core import test_kubernetes as kubernetes
from tests.emulator.core.conftest import GROUP, LOCATION, SUBSCRIPTION, Client
from tests.emulator.homes import started_once
from tests.emulator.network import private

STORAGE: Final = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stestate"
CONTAINERS: Final = "blobServices/default/containers"
CONTAINERS_OF_THE_LAKE: Final = ("landing", "tables", "predictions", "answers")
LAKE: Final = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/dlestate"
TRIGGERS: Final = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/fnestate"
FUNCTION: Final = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/fsestate"
VAULTS: Final = f"{GROUP}/providers/Microsoft.KeyVault/vaults"
REGISTRY: Final = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/crestate"
LOGS: Final = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
INSIGHTS: Final = f"{GROUP}/providers/Microsoft.Insights/components/appi"
WORKSPACE: Final = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw"
SCOPES: Final = {
    "storage": STORAGE,
    "storage-data": f"{STORAGE}/{CONTAINERS}/data",
    **{f"lake-{key}": f"{LAKE}/{CONTAINERS}/{key}" for key in CONTAINERS_OF_THE_LAKE},
    "key-vault": f"{VAULTS}/kv-estate",
    "learning-vault": f"{VAULTS}/ml-estate",
    "registry": REGISTRY,
    "application-insights": INSIGHTS,
    "log-analytics": LOGS,
    "workspace": WORKSPACE,
    "kubernetes-subnet": kubernetes.SUBNET,
    "kubernetes-zone": kubernetes.ZONE,
    "kubelet-identity": f"{kubernetes.IDENTITIES}/kubelet",
    "kubernetes": kubernetes.CLUSTER,
    "gateway": apim.SERVICE,
    "trigger-storage": TRIGGERS,
    "trigger-queue": f"{TRIGGERS}/queueServices/default/queues/events",
    "trigger-poison": f"{TRIGGERS}/queueServices/default/queues/events-poison",
    "trigger-state": f"{TRIGGERS}/{CONTAINERS}/state",
    "trigger-dead": f"{TRIGGERS}/{CONTAINERS}/dead-letters",
    "trigger-app": f"{GROUP}/providers/Microsoft.Web/sites/func-estate",
    "function-storage": FUNCTION,
    "function-models": f"{STORAGE}/{CONTAINERS}/models",
    "function-key": f"{VAULTS}/kv-estate/secrets/there",
    "function-vault": f"{VAULTS}/kv-function",
    "function-gated-models": f"{STORAGE}/{CONTAINERS}/models",
    "function-gated-app": f"{GROUP}/providers/Microsoft.Web/sites/func-score",
    "function-open-app": f"{GROUP}/providers/Microsoft.Web/sites/func-open",
    "release-key": f"{VAULTS}/kv-estate/keys/release-app",
    "runner-key": f"{VAULTS}/kv-estate/keys/runner-app",
}
Json = dict[str, Any]


def guid_of(role: str) -> str:
    return role_guid(role, "tenant", "mlops")


class World:
    """An estate in small, with every grant of the plan."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.owner = emulator, Client(emulator)
        self._own_roles()
        self._services()
        self._kubernetes()
        self.owner.ok("PUT", apim.SERVICE, apim.body())
        self.principals = {key: self._principal(key) for key in PRINCIPALS}
        self._workspace()
        self.assignments = {grant: self._assigned(grant) for grant in GRANTS if grant.scope != "kubernetes"}
        cluster = kubernetes.body()
        self.owner.ok("PUT", kubernetes.CLUSTER, cluster)
        self.assignments |= {grant: self._assigned(grant) for grant in GRANTS if grant.scope == "kubernetes"}

    def _own_roles(self) -> None:
        for name, role in OWN_ROLES.items():
            properties = {
                "roleName": name,
                "assignableScopes": [SUBSCRIPTION],
                "permissions": [{"actions": [], "dataActions": list(role.data_actions)}],
            }
            path = role_definition_id(SUBSCRIPTION.rpartition("/")[2], guid_of(name))
            self.owner.ok("PUT", path, {"properties": properties})

    def _services(self) -> None:
        put = self.owner.ok
        self.owner.group()
        put("PUT", STORAGE, private.account(publicNetworkAccess="Enabled"))
        put("PUT", LAKE, private.account(publicNetworkAccess="Enabled", isHnsEnabled=True))
        for container in CONTAINERS_OF_THE_LAKE:
            put("PUT", f"{LAKE}/{CONTAINERS}/{container}", {})
            self.emulator.blobs.write("dlestate", container, "there", b"data")
        put("PUT", f"{STORAGE}/{CONTAINERS}/data", {})
        self.emulator.blobs.write("stestate", "data", "there", b"data")
        put("PUT", TRIGGERS, private.account(publicNetworkAccess="Enabled"))
        for container in ("state", "dead-letters", "packages"):
            put("PUT", f"{TRIGGERS}/{CONTAINERS}/{container}", {})
            self.emulator.blobs.write("fnestate", container, "there", b"data")
        for queue in ("events", "events-poison"):
            put("PUT", f"{TRIGGERS}/queueServices/default/queues/{queue}", {})
        app = {"location": LOCATION, "kind": "functionapp,linux", "properties": {"httpsOnly": True}}
        for key in ("trigger-app", "function-gated-app", "function-open-app"):
            put("PUT", SCOPES[key], app)
        put("PUT", FUNCTION, private.account(publicNetworkAccess="Enabled"))
        for account, container in ((FUNCTION, "packages"), (STORAGE, "models")):
            put("PUT", f"{account}/{CONTAINERS}/{container}", {})
            self.emulator.blobs.write(account.rpartition("/")[2], container, "there", b"data")
        for key in ("key-vault", "learning-vault", "function-vault"):
            put("PUT", SCOPES[key], private.vault(publicNetworkAccess="Enabled"))
            put("PUT", f"{SCOPES[key]}/secrets/there", {"properties": {"value": "of a test"}})
        for key in ("release-key", "runner-key"):
            put("PUT", SCOPES[key], {"properties": {"kty": "RSA", "keySize": 2048}})
        put("PUT", REGISTRY, private.registry(publicNetworkAccess="Enabled"))
        digest = f"sha256:{'a' * 64}"
        folder = self.emulator.images.root / digest.removeprefix("sha256:")
        folder.mkdir(parents=True)
        (folder / "image.json").touch()  # an image without contents: it is looked for, and not run
        self.emulator.images.name(parse("crestate.azurecr.io/app:1"), digest)
        put("PUT", LOGS, {"location": LOCATION, "properties": {"sku": {"name": "PerGB2018"}}})
        properties = {"Application_Type": "web", "WorkspaceResourceId": LOGS, "DisableLocalAuth": True}
        made = put("PUT", INSIGHTS, {"location": LOCATION, "kind": "web", "properties": properties})
        self.key = made["properties"]["InstrumentationKey"]

    def _kubernetes(self) -> None:
        put = self.owner.ok
        put("PUT", kubernetes.NAT, {"location": LOCATION, "sku": {"name": "Standard"}})
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
        vnet = f"{kubernetes.NETWORK}/virtualNetworks/net"
        put("PUT", vnet, {"location": LOCATION, "properties": space})
        nodes = {"addressPrefix": "10.0.4.0/22", "natGateway": {"id": kubernetes.NAT}}
        put("PUT", kubernetes.SUBNET, {"properties": nodes})
        out = {"name": "delegation", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
        put("PUT", apim.SUBNET, {"properties": {"addressPrefix": "10.0.0.0/27", "delegations": [out]}})
        put("PUT", kubernetes.ZONE, {"location": "global"})

    def _principal(self, key: str) -> Principal:
        """An identity; one stands for a member of the engineers' group, for its roles are what is tried."""
        if key != GATEWAY:
            return self.owner.identity(key)
        found = self.owner.ok("GET", apim.SERVICE)["identity"]["principalId"]
        principal = self.emulator.identity.directory.find(found)
        assert principal is not None
        return principal

    def _workspace(self) -> None:
        own = self.principals["workspace"].resource_id
        body = {
            "location": LOCATION,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {own: {}}},
            "properties": {
                "storageAccount": STORAGE,
                "keyVault": SCOPES["learning-vault"],
                "applicationInsights": INSIGHTS,
                "containerRegistry": REGISTRY,
                "primaryUserAssignedIdentity": own,
                "systemDatastoresAuthMode": "Identity",
            },
        }
        self.owner.ok("PUT", WORKSPACE, body)

    def _assigned(self, grant: Grant) -> tuple[str, Json]:
        path = f"{SCOPES[grant.scope]}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        properties = {
            "principalId": self.principals[grant.principal].object_id,
            "roleDefinitionId": role_definition_id(SUBSCRIPTION.rpartition("/")[2], guid_of(grant.role)),
        }
        self.owner.ok("PUT", path, {"properties": properties})
        return path, {"properties": properties}

    def take(self, grant: Grant) -> None:
        self.owner.ok("DELETE", self.assignments[grant][0])

    def give(self, grant: Grant) -> None:
        self.owner.ok("PUT", *self.assignments[grant])

    def send(self, who: Principal, audience: str, request: Request) -> Response:
        token, _ = self.emulator.identity.tokens.issue(who, audience)
        request.headers["authorization"] = f"Bearer {token}"
        return self.emulator.answer(request)


Path = Callable[[World, Principal], Response]


def arm(method: str, path: str, body: Json | None = None) -> Path:
    return lambda world, who: Client(world.emulator, who)(method, path, body)


def again(path: str) -> Path:
    """Writes a resource as it is."""
    return lambda world, who: Client(world.emulator, who)("PUT", path, world.owner.ok("GET", path))


def blob(method: str, account: str, container: str, name: str = "there") -> Path:
    def call(world: World, who: Principal) -> Response:
        host, path = f"{account}.blob.core.windows.net", f"/{container}/{name}"
        headers = {"x-ms-version": "2025-01-05", "x-ms-blob-type": "BlockBlob"}
        body = b"data" if method == "PUT" else b""
        return world.send(
            who, "https://storage.azure.com", Request(method, host, path, path, {}, headers, body)
        )

    return call


def added(account: str, container: str) -> Path:
    """A new blob, each time."""
    return lambda world, who: blob("PUT", account, container, f"new-{uuid.uuid4()}")(world, who)


def secret(method: str, vault: str) -> Path:
    def call(world: World, who: Principal) -> Response:
        host, path = f"{vault}.vault.azure.net", "/secrets/there"
        body = b'{"value": "of a test"}' if method == "PUT" else b""
        request = Request(method, host, path, path, {"api-version": "7.4"}, {}, body)
        return world.send(who, "https://vault.azure.net", request)

    return call


def pull(world: World, who: Principal) -> Response:
    host, path = "crestate.azurecr.io", "/v2/app/manifests/1"
    return world.send(who, f"https://{host}", Request("HEAD", host, path, path, {}, {}))


def telemetry(world: World, who: Principal) -> Response:
    host, path = "westeurope-0.in.applicationinsights.azure.com", "/v2.1/track"
    item = {
        "name": "x",
        "time": "2030-01-31T12:00:00Z",
        "iKey": world.key,
        "tags": {},
        "data": {"baseType": "MessageData", "baseData": {"message": "hello"}},
    }
    request = Request("POST", host, path, path, {}, {}, json.dumps([item]).encode())
    return world.send(who, "https://monitor.azure.com/", request)


def asks(action: str, scope: str, *, data: bool) -> Path:
    """What a service without a data plane here would ask before it acts."""

    def call(world: World, who: Principal) -> Response:
        try:
            world.emulator.identity.require(who, action, scope, data=data)
        except AzureError as error:
            return Response.json(error.body(), error.status)
        return Response(200)

    return call


def cluster(world: World, who: Principal) -> Response:
    """Azure makes a cluster with the rights of the cluster's identity, whoever asks for it."""
    another = f"{kubernetes.CLUSTER}-another"
    world.owner("DELETE", another)
    return world.owner("PUT", another, kubernetes.body())


def named_value(world: World, who: Principal) -> Response:
    identifier = "https://kv-estate.vault.azure.net/secrets/there"
    value = {"displayName": "key", "secret": True, "keyVault": {"secretIdentifier": identifier}}
    return world.owner("PUT", f"{apim.SERVICE}/namedValues/key", {"properties": value})


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
