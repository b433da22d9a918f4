"""An estate in small, with every grant of the plan: what the tests of roles take from and give back."""

from __future__ import annotations

import uuid
from typing import Any, Final

from emulator.app import Emulator
from emulator.http import Request, Response
from emulator.identity.directory import Principal
from emulator.images.references import parse
from infra.roles import GATEWAY, GRANTS, OWN_ROLES, PRINCIPALS, Grant, role_definition_id, role_guid
from tests.emulator.core import test_apimanagement as apim
from tests.emulator.core import test_kubernetes as kubernetes
from tests.emulator.core.conftest import GROUP, LOCATION, SUBSCRIPTION, Client
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
    """The GUID of a role, a built-in one or the estate's own."""
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
