"""Microsoft.ContainerService: what a cluster says of itself and its node pools."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.containerservice import credentials, prerequisites, validation
from emulator.errors import AzureError
from emulator.home import Home
from emulator.identity.directory import TENANT_ID
from emulator.identity.service import Identity

CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
POOL: Final = f"{CLUSTER}/agentPools"
VERSION: Final = "1.33.5"


def install(home: Home, arm: Arm, store: Store, identity: Identity) -> None:
    """Hooks of clusters and node pools. A pool is one thing, in the cluster's body and as its child."""
    validation.install(arm)
    credentials.install(home, arm, store)
    prerequisites.install(arm, identity)

    @arm.before_put(CLUSTER)
    def cluster(put: Put) -> None:
        name, properties = put.resource["name"], put.properties
        pools: list[dict[str, Any]] = properties.get("agentPoolProfiles") or []
        prefix = properties.get("dnsPrefix") or properties.get("fqdnSubdomain")
        if not prefix:
            raise _refusal(name, "dnsPrefix is required")
        group, location = put.id.split("/")[4], put.resource.get("location", "")
        mark = hashlib.sha256(fold(put.id).encode()).hexdigest()[:8]
        properties.setdefault("kubernetesVersion", VERSION)
        properties["currentKubernetesVersion"] = properties["kubernetesVersion"]
        properties.setdefault("nodeResourceGroup", f"MC_{group}_{name}_{location}")
        private = (properties.get("apiServerAccessProfile") or {}).get("enablePrivateCluster")
        place = "privatelink" if private else "hcp"
        properties["privateFQDN" if private else "fqdn"] = f"{prefix}-{mark}.{place}.{location}.azmk8s.io"
        properties["powerState"] = {"code": "Running"}
        properties.setdefault("enableRBAC", True)
        if (issuer := properties.get("oidcIssuerProfile") or {}).get("enabled"):
            held = ((put.old or {}).get("properties", {}).get("oidcIssuerProfile") or {}).get("issuerURL")
            issuer["issuerURL"] = held or _issuer(location)
        for pool in pools:
            _complete(pool, properties["kubernetesVersion"])

    @arm.with_put(CLUSTER)
    def pools_of(put: Put) -> None:
        before = {
            pool["name"] for pool in (put.old or {}).get("properties", {}).get("agentPoolProfiles") or []
        }
        for pool in put.properties.get("agentPoolProfiles") or []:
            before.discard(pool["name"])
            content = {key: value for key, value in pool.items() if key != "name"}
            arm.put(f"{put.id}/agentPools/{pool['name']}", {"properties": content})
        for name in before:
            arm.delete(f"{put.id}/agentPools/{name}")

    @arm.on_get(CLUSTER)
    def as_the_pools_are(resource: dict[str, Any]) -> dict[str, Any]:
        for pool in resource["properties"].get("agentPoolProfiles") or []:
            child = store.get(f"{resource['id']}/agentPools/{pool['name']}")
            pool.update((child or {}).get("properties", {}))
        return resource

    @arm.before_put(POOL)
    def pool(put: Put) -> None:
        held = store.get(put.id.rsplit("/agentPools/", 1)[0]) or {}
        _complete(put.properties, held.get("properties", {}).get("kubernetesVersion", VERSION))


def _issuer(location: str) -> str:
    """Where the keys are with which a cluster signs the tokens of its service accounts."""
    return f"https://{location}.oic.prod-aks.azure.com/{TENANT_ID}/{uuid.uuid4()}/"


def _complete(pool: dict[str, Any], version: str) -> None:
    pool.setdefault("count", 1)
    pool.setdefault("mode", "User")
    pool.setdefault("osType", "Linux")
    pool.setdefault("type", "VirtualMachineScaleSets")
    pool.setdefault("orchestratorVersion", version)
    pool["currentOrchestratorVersion"] = pool["orchestratorVersion"]
    pool["powerState"] = {"code": "Running"}
    pool["provisioningState"] = "Succeeded"


def _refusal(name: str, reason: str) -> AzureError:
    return AzureError(400, "InvalidParameter", f"{name}: {reason}.")
