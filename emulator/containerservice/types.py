"""The types of Microsoft.ContainerService: Kubernetes clusters and what stands in them.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row

CLUSTER: Final = "Microsoft.ContainerService/managedClusters/{resourceName}"
NAME: Final = NameRule(
    1, 63, r"[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?", "letters, digits, hyphens and underscores"
)

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(CLUSTER, "containerservice:ManagedCluster", name=NAME),
    Row(f"{CLUSTER}/agentPools/{{agentPoolName}}", "containerservice:AgentPool",
        name=NameRule(1, 12, r"[a-z][a-z0-9]*", "lower-case letters and digits, a letter first")),
    Row(f"{CLUSTER}/managedNamespaces/{{managedNamespaceName}}", "containerservice:ManagedNamespace",
        name=NameRule(1, 63, r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?", "lower-case letters, digits and hyphens")),
    Row(f"{CLUSTER}/maintenanceConfigurations/{{configName}}", "containerservice:MaintenanceConfiguration"),
    Row(f"{CLUSTER}/trustedAccessRoleBindings/{{trustedAccessRoleBindingName}}",
        "containerservice:TrustedAccessRoleBinding"),
)
# fmt: on
