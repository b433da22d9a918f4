"""The azure-mgmt-* clients, azure-storage-blob and azure-keyvault-secrets against the real proxy."""

from __future__ import annotations

import json

import pytest

from .conftest import World

BEFORE = """
import json, sys
from azure.identity import DefaultAzureCredential
from azure.mgmt.containerinstance import ContainerInstanceManagementClient
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.keyvault.secrets import SecretClient
from azure.storage.blob import BlobServiceClient
from emulator.identity.directory import ENGINEERS, SUBSCRIPTIONS, TENANT_ID

SUB, L, G = next(iter(SUBSCRIPTIONS)), "westeurope", "clients"
credential = DefaultAzureCredential()
r, s, n, k, c, ci, ml = (client(credential, SUB) for client in (
    ResourceManagementClient, StorageManagementClient, NetworkManagementClient, KeyVaultManagementClient,
    ContainerRegistryManagementClient, ContainerInstanceManagementClient, MachineLearningServicesMgmtClient))
PATH = f"/subscriptions/{SUB}/resourceGroups/{G}/providers/"
seen = {}
V = {"api_version": "2024-01-01"}
"""

RESOURCES = """
exists = r.resource_groups.check_existence
seen["before"] = exists(G)
r.resource_groups.create_or_update(G, {"location": L, "tags": {"env": "test"}})
seen["after"] = exists(G)
seen["patched"] = r.resource_groups.update(G, {"tags": {"env": "test", "x": "y"}}).tags
tagged = "tagName eq 'env' and tagValue eq 'test'"
seen["by tag"] = [one.name for one in r.resource_groups.list(filter=tagged)]
space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
network = {"location": L, "tags": {"k": "v"}, "properties": space}
ids = [PATH + f"Microsoft.Network/virtualNetworks/net{number}" for number in range(3)]
for one in ids:
    r.resources.begin_create_or_update_by_id(one, network, **V).result()
seen["exists"] = [r.resources.check_existence_by_id(one, **V) for one in (ids[0], ids[0] + "x")]
seen["updated"] = r.resources.begin_update_by_id(ids[0], {"tags": {"a": "b"}}, **V).result().tags
listed = r.resources.list_by_resource_group(G, top=2)
seen["pages"] = [[one.name for one in page] for page in listed.by_page()]
kind = "resourceType eq 'Microsoft.Network/virtualNetworks'"
seen["by type"] = [one.name for one in r.resources.list(filter=kind)]
seen["tags"] = [one.tag_name for one in r.tags.list()]
r.resources.begin_delete_by_id(ids[2], **V).result()
seen["provider"] = r.providers.register("Microsoft.Network").registration_state
n.subnets.begin_create_or_update(G, "net0", "a", {"properties": {"addressPrefix": "10.0.0.0/24"}}).result()
seen["subnets"] = [one.name for one in n.subnets.list(G, "net0")]
seen["network tags"] = n.virtual_networks.update_tags(G, "net0", {"tags": {"t": "u"}}).tags
n.subnets.begin_delete(G, "net0", "a").result()
n.network_watchers.create_or_update(G, "watcher", {"location": L})
n.network_watchers.begin_delete(G, "watcher").result()  # takes 202 and 204, and follows the first
seen["watchers"] = [one.name for one in n.network_watchers.list_all()]
seen["networks"] = [one.name for one in n.virtual_networks.list_all()]
"""

SERVICES = """
account = {"location": L, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
asked = {"name": "mgacct", "type": "Microsoft.Storage/storageAccounts"}
ask = lambda: s.storage_accounts.check_name_availability(asked)
seen["free"] = ask().name_available
s.storage_accounts.begin_create(G, "mgacct", account).result()
seen["taken"] = ask().reason
s.blob_containers.create(G, "mgacct", "data", {})
seen["containers"] = [one.name for one in s.blob_containers.list(G, "mgacct")]
vault = {"location": L, "properties": {"tenantId": TENANT_ID, "sku": {"family": "A", "name": "standard"},
    "enableRbacAuthorization": True}}
k.vaults.begin_create_or_update(G, "mgvault", vault).result()
seen["vaults"] = [[one.name for one in found] for found in (k.vaults.list(), k.vaults.list_by_subscription())]
for role in ("ba92f5b4-2d11-453d-a403-e96b0029c9fe", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"):
    r.resources.begin_create_or_update_by_id(
        PATH + f"Microsoft.Authorization/roleAssignments/{role}", {"properties": {"principalId": ENGINEERS,
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}"}},
        api_version="2022-04-01").result()
blobs = BlobServiceClient("https://mgacct.blob.core.windows.net", credential).get_container_client("data")
blobs.upload_blob("a", b"bytes")
seen["blob"] = blobs.download_blob("a").readall().decode()
secrets = SecretClient("https://mgvault.vault.azure.net", credential)
secrets.set_secret("one", "value")
seen["secret"] = secrets.get_secret("one").value
seen["registry"] = c.registries.begin_create(
    G, "mgregistry", {"location": L, "sku": {"name": "Basic"}, "properties": {}}).result().login_server
seen["registry tags"] = c.registries.begin_update(G, "mgregistry", {"tags": {"t": "u"}}).result().tags
seen["groups"] = [one.name for one in ci.container_groups.list()]
put = r.resources.begin_create_or_update_by_id
logs = put(PATH + "Microsoft.OperationalInsights/workspaces/logs", {"location": L}, **V).result()
application = {"Application_Type": "web", "WorkspaceResourceId": logs.id}
component = {"location": L, "kind": "web", "properties": application}
component = put(PATH + "Microsoft.Insights/components/app", component, **V).result()
workspace = {"location": L, "identity": {"type": "SystemAssigned"}, "properties": {
    "storageAccount": PATH + "Microsoft.Storage/storageAccounts/mgacct", "applicationInsights": component.id,
    "keyVault": PATH + "Microsoft.KeyVault/vaults/mgvault"}}
ml.workspaces.begin_create_or_update(G, "mgworkspace", workspace).result()
seen["workspaces"] = [one.name for one in ml.workspaces.list_by_subscription()]
k.vaults.delete(G, "mgvault")
seen["deleted"] = [one.name for one in k.vaults.list_deleted()]
k.vaults.begin_purge_deleted("mgvault", L).result()
r.resource_groups.begin_delete(G).result()
seen["gone"] = not r.resource_groups.check_existence(G)
"""

AFTER = "print(json.dumps(seen))"


@pytest.mark.e2e
def test_management_clients_work_through_the_proxy(world: World) -> None:
    seen = json.loads(world.python(BEFORE + RESOURCES + SERVICES + AFTER).splitlines()[-1])
    assert seen == {
        "before": False,
        "after": True,
        "patched": {"env": "test", "x": "y"},
        "by tag": ["clients"],
        "exists": [True, False],
        "updated": {"a": "b"},
        "pages": [["net0", "net1"], ["net2"]],
        "by type": ["net0", "net1", "net2"],
        "tags": ["a", "env", "k", "x"],
        "provider": "Registered",
        "subnets": ["a"],
        "network tags": {"t": "u"},
        "networks": ["net0", "net1"],
        "watchers": [],
        "free": True,
        "taken": "AlreadyExists",
        "containers": ["data"],
        "vaults": [["mgvault"], ["mgvault"]],
        "blob": "bytes",
        "secret": "value",
        "registry": "mgregistry.azurecr.io",
        "registry tags": {"t": "u"},
        "groups": [],
        "workspaces": ["mgworkspace"],
        "deleted": ["mgvault"],
        "gone": True,
    }
    status = json.loads(world.emulator("status", "--json"))
    assert status["refused_hosts"] == []
    assert status["refused_calls"] == []
