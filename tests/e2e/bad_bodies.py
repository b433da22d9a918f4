"""Bodies of resources that are right but for what a row of wrong inputs changes.

Placeholders in braces are those of `tests.e2e.bad_world`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """what is wrong; a PUT of body at path; its answer. Details follow after ` | `."""

    what: str
    path: str
    body: Json
    status: int
    code: str
    message: str


REGION = "westeurope"
NEW = "00000000-0000-4000-8000-000000000009"
GROUP = "{group}"
WORKSPACE = "{workspace}"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"
VAULTS = f"{GROUP}/providers/Microsoft.KeyVault/vaults"
GROUPS = f"{GROUP}/providers/Microsoft.ContainerInstance/containerGroups"
REGISTRIES = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries"
CLUSTERS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters"
GRANTS = "{account}/providers/Microsoft.Authorization/roleAssignments"
ROLES = "{subscription}/providers/Microsoft.Authorization/roleDefinitions"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


def account(**changes: Any) -> Json:
    return {"location": REGION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, **changes}


def vault(**properties: Any) -> Json:
    sku = {"family": "A", "name": "standard"}
    return {"location": REGION, "properties": {"tenantId": "{tenant}", "sku": sku, **properties}}


def network(space: list[str], *subnets: tuple[str, ...]) -> Json:
    """subnets: name, prefix and, for those that are delegated, the service."""
    given: list[Json] = []
    for name, prefix, *services in subnets:
        delegations = [{"name": "d", "properties": {"serviceName": one}} for one in services]
        given.append({"name": name, "properties": {"addressPrefix": prefix, "delegations": delegations}})
    return {"location": REGION, "properties": {"addressSpace": {"addressPrefixes": space}, "subnets": given}}


def rule(**properties: Any) -> Json:
    right = {
        "protocol": "Tcp",
        "access": "Allow",
        "direction": "Inbound",
        "priority": 100,
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "443",
    }
    rules = [{"name": "r", "properties": {**right, **properties}}]
    return {"location": REGION, "properties": {"securityRules": rules}}


def address(label: str) -> Json:
    properties = {"publicIPAllocationMethod": "Static", "dnsSettings": {"domainNameLabel": label}}
    return {"location": REGION, "sku": {"name": "Standard"}, "properties": properties}


def grant(role: str = CONTRIBUTOR, who: str = "{engineers}", kind: str = "Group") -> Json:
    return {"properties": {"roleDefinitionId": f"{ROLES}/{role}", "principalId": who, "principalType": kind}}


def compute(**cluster: Any) -> Json:
    right = {"vmSize": "Standard_DS3_v2", "scaleSettings": {"maxNodeCount": 1}}
    return {
        "location": REGION,
        "properties": {"computeType": "AmlCompute", "properties": {**right, **cluster}},
    }


def cluster(pool: Json | None = None, **profile: Any) -> Json:
    main = {"name": "main", "mode": "System", "count": 1, "vmSize": "Standard_D4s_v5", **(pool or {})}
    properties = {"dnsPrefix": "k", "agentPoolProfiles": [main], "networkProfile": profile}
    return {"location": REGION, "properties": properties}


def containers(cpu: float = 1, mem: float = 1, label: str = "") -> Json:
    one = {
        "image": "x.azurecr.io/y:1",
        "ports": [{"port": 80}],
        "resources": {"requests": {"cpu": cpu, "memoryInGB": mem}},
    }
    properties: Json = {"osType": "Linux", "containers": [{"name": "c", "properties": one}]}
    if label:
        properties["ipAddress"] = {"type": "Public", "dnsNameLabel": label, "ports": [{"port": 80}]}
    return {"location": REGION, "properties": properties}
