"""Built-in roles of clusters and container groups. The GUIDs are Azure's own, the same in every tenant."""

from __future__ import annotations

from typing import Final

from emulator.identity.role import COMMON, Role

AKS: Final = "Microsoft.ContainerService/managedClusters"
CLUSTER_USER: Final = (f"{AKS}/listClusterUserCredential/action", f"{AKS}/read")
# What the role RBAC Reader shows of a cluster: neither secrets nor roles.
READABLE: Final = (
    "apps/controllerrevisions",
    "apps/daemonsets",
    "apps/deployments",
    "apps/replicasets",
    "apps/statefulsets",
    "autoscaling/horizontalpodautoscalers",
    "batch/cronjobs",
    "batch/jobs",
    "configmaps",
    "discovery.k8s.io/endpointslices",
    "endpoints",
    "events",
    "events.k8s.io/events",
    "limitranges",
    "metrics.k8s.io/nodes",
    "metrics.k8s.io/pods",
    "namespaces",
    "networking.k8s.io/ingresses",
    "networking.k8s.io/networkpolicies",
    "persistentvolumeclaims",
    "pods",
    "policy/poddisruptionbudgets",
    "replicationcontrollers",
    "resourcequotas",
    "serviceaccounts",
    "services",
)
# What the role RBAC Writer changes of one: no quotas, no limits, no roles.
WRITABLE: Final = (
    "apps/daemonsets",
    "apps/deployments",
    "apps/replicasets",
    "apps/statefulsets",
    "autoscaling/horizontalpodautoscalers",
    "batch/cronjobs",
    "batch/jobs",
    "configmaps",
    "coordination.k8s.io/leases",
    "endpoints",
    "events",
    "networking.k8s.io/ingresses",
    "networking.k8s.io/networkpolicies",
    "persistentvolumeclaims",
    "pods",
    "policy/poddisruptionbudgets",
    "replicationcontrollers",
    "secrets",
    "serviceaccounts",
    "services",
)
CLUSTER_ROLES: Final[dict[str, Role]] = {
    "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8": Role(
        "Azure Kubernetes Service Cluster Admin Role",
        (f"{AKS}/listClusterAdminCredential/action", f"{AKS}/read"),
    ),
    "4abbcc35-e782-43d8-92c5-2d3f1bd2253f": Role("Azure Kubernetes Service Cluster User Role", CLUSTER_USER),
    "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b": Role(
        "Azure Kubernetes Service RBAC Cluster Admin", CLUSTER_USER, data_actions=(f"{AKS}/*",)
    ),
    "7f6c6a51-bcf8-42ba-9220-52d62157d7db": Role(
        "Azure Kubernetes Service RBAC Reader",
        ("Microsoft.Resources/subscriptions/resourceGroups/read",),
        data_actions=tuple(f"{AKS}/{kind}/read" for kind in READABLE),
    ),
    "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb": Role(
        "Azure Kubernetes Service RBAC Writer",
        ("Microsoft.Resources/subscriptions/resourceGroups/read",),
        data_actions=(
            *(f"{AKS}/{kind}/*" for kind in WRITABLE),
            *(f"{AKS}/{kind}/read" for kind in READABLE if kind not in WRITABLE),
        ),
    ),
    "3498e952-d568-435e-9b2c-8d77e338d7f7": Role(
        "Azure Kubernetes Service RBAC Admin",
        (
            f"{AKS}/listClusterUserCredential/action",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
        data_actions=(f"{AKS}/*",),
        not_data_actions=tuple(
            f"{AKS}/{kind}/{action}"
            for kind in ("resourcequotas", "namespaces")
            for action in ("write", "delete")
        ),
    ),
    "85cb6faf-e071-4c9b-8136-154b5a04f717": Role(
        "Kubernetes Extension Contributor",
        ("Microsoft.KubernetesConfiguration/extensions/*", *COMMON),
    ),
    "5d977122-f97e-4b4d-a52f-6b43003ddb4d": Role(
        "Azure Container Instances Contributor Role",
        ("Microsoft.ContainerInstance/containerGroups/*", *COMMON),
    ),
}
