"""How much of each quota is used: cores of machines, nodes and clusters, and counted resources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from emulator.arm.ids import fold, within
from emulator.arm.service import Arm
from emulator.quota.families import size

Json = dict[str, Any]
MACHINE: Final = "Microsoft.Compute/virtualMachines"
SCALE_SET: Final = "Microsoft.Compute/virtualMachineScaleSets"
POOL: Final = "Microsoft.ContainerService/managedClusters/agentPools"
CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
COMPUTE: Final = "Microsoft.MachineLearningServices/workspaces/computes"


class Usage:
    """Of one subscription in one region."""

    def __init__(self, arm: Arm, subscription: str, location: str) -> None:
        self._arm = arm
        self._scope = f"/subscriptions/{subscription}"
        self._location = location.lower()

    def cores(self, without: str = "") -> Counter[str]:
        """vCPUs by family of virtual machines and Kubernetes nodes. without: id of what is left out."""
        found: Counter[str] = Counter()
        for owner, name, count in self._machines():
            one = size(name)
            if one is not None and not within(owner, without or "-"):
                found[one.family] += one.vcpus * count
        return found

    def learning(self, *, low_priority: bool) -> Counter[str]:
        """vCPUs by family of the nodes that Azure ML's clusters have now."""
        found: Counter[str] = Counter()
        for held in self._arm.store.by_type(COMPUTE, self._scope):
            shown = self._arm.find(held["id"]) or held
            cluster: Json = shown["properties"].get("properties") or {}
            one = size(str(cluster.get("vmSize", "")))
            low = str(cluster.get("vmPriority", "")).lower() == "lowpriority"
            if one is not None and low == low_priority and self._here(held):
                found[one.family] += one.vcpus * int(cluster.get("currentNodeCount") or 0)
        return found

    def count(self, arm_type: str) -> int:
        """How many resources of a type there are."""
        return sum(1 for one in self._arm.store.by_type(arm_type, self._scope) if self._here(one))

    def _machines(self) -> Iterator[tuple[str, str, int]]:
        """(id of the owner, size, how many)."""
        store = self._arm.store
        for one in filter(self._here, store.by_type(MACHINE, self._scope)):
            yield one["id"], str((one["properties"].get("hardwareProfile") or {}).get("vmSize", "")), 1
        for one in filter(self._here, store.by_type(SCALE_SET, self._scope)):
            sku = one.get("sku") or {}
            yield one["id"], str(sku.get("name", "")), int(sku.get("capacity") or 0)
        clusters = {fold(one["id"]) for one in filter(self._here, store.by_type(CLUSTER, self._scope))}
        for one in store.by_type(POOL, self._scope):
            if fold(one["id"]).rsplit("/agentpools/", 1)[0] in clusters:
                properties = one["properties"]
                yield one["id"], str(properties.get("vmSize", "")), int(properties.get("count") or 0)

    def _here(self, resource: Json) -> bool:
        return str(resource.get("location", "")).lower() == self._location
