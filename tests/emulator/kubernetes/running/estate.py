"""The bodies of what the tests of Kubernetes stand on."""

from __future__ import annotations

from typing import Any

from emulator.identity.directory import SUBSCRIPTIONS

Json = dict[str, Any]
SUBSCRIPTION = f"/subscriptions/{next(iter(SUBSCRIPTIONS))}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/estate"
_PROVIDERS = f"{GROUP}/providers"
REGISTRY = f"{_PROVIDERS}/Microsoft.ContainerRegistry/registries/imagesreg"
_IDENTITIES = f"{_PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities"
KUBELET, WORKLOAD = f"{_IDENTITIES}/kubelet", f"{_IDENTITIES}/scoring"
FEDERATED = f"{WORKLOAD}/federatedIdentityCredentials/cluster"
ASSIGNMENT = (
    f"{REGISTRY}/providers/Microsoft.Authorization/roleAssignments/5e1f2c52-7a0e-4b7e-9d55-0c2a41f0a009"
)
ACR_PULL = (
    f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d"
)
NETWORK = f"{_PROVIDERS}/Microsoft.Network/virtualNetworks/net"
SUBNET, GATEWAY = f"{NETWORK}/subnets/kubernetes", f"{NETWORK}/subnets/gateway"
CLUSTER = f"{_PROVIDERS}/Microsoft.ContainerService/managedClusters/aks"


def network_body() -> Json:
    subnets = [
        {"name": "kubernetes", "properties": {"addressPrefix": "10.20.1.0/24"}},
        {"name": "gateway", "properties": {"addressPrefix": "10.20.2.0/24"}},
    ]
    space = {"addressPrefixes": ["10.20.0.0/16"]}
    return {"location": "westeurope", "properties": {"addressSpace": space, "subnets": subnets}}


def cluster_body() -> Json:
    pools = [
        {
            "name": "system",
            "mode": "System",
            "count": 1,
            "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"],
        },
        {"name": "user", "mode": "User", "count": 2, "availabilityZones": ["1", "2", "3"]},
    ]
    for pool in pools:
        pool |= {"vmSize": "Standard_D4s_v5", "vnetSubnetID": SUBNET}
    return {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "dnsPrefix": "aks",
            "disableLocalAccounts": True,
            "aadProfile": {"managed": True, "enableAzureRBAC": True},
            "agentPoolProfiles": pools,
            "identityProfile": {"kubeletidentity": {"resourceId": KUBELET}},
            "networkProfile": {"podCidr": "10.60.0.0/16", "serviceCidr": "10.50.0.0/16"},
            "oidcIssuerProfile": {"enabled": True},
        },
    }


def container(image: str = "imagesreg.azurecr.io/service:v1", **more: Any) -> Json:
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1, "failureThreshold": 1}
    return {
        "name": "scoring",
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {"requests": {"cpu": "500m", "memory": "64Mi"}},
        "readinessProbe": probe,
        **more,
    }


def deployment(name: str = "rev-a", replicas: int = 2, pod: Json | None = None, **more: Any) -> Json:
    labels = {"app.kubernetes.io/instance": name}
    spec: Json = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": dict(labels)},
            "spec": {"terminationGracePeriodSeconds": 10, "containers": [container()], **(pod or {})},
        },
        **more,
    }
    meta = {"name": name, "namespace": "scoring"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


def service(name: str = "rev-a", **annotations: str) -> Json:
    notes = {"service.beta.kubernetes.io/azure-load-balancer-internal": "true", **annotations}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "scoring", "annotations": notes},
        "spec": {
            "type": "LoadBalancer",
            "selector": {"app.kubernetes.io/instance": name},
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
        },
    }
