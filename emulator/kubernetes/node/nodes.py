"""The nodes of a cluster, as its agent pools say: objects, for nothing but pods runs on them."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from emulator.arm.ids import fold

Json = dict[str, Any]
# letters before the number of a size -> GiB of memory for each vCPU ("Sizes for virtual machines in Azure",
# read 2026-11)
MEMORY: Final = {
    "A": 2,
    "B": 4,
    "D": 4,
    "DC": 4,
    "DS": 3.5,
    "E": 8,
    "EC": 8,
    "F": 2,
    "FX": 21,
    "L": 8,
    "M": 28,
}
# "Node resource reservations" of AKS: vCPUs -> millicores that Azure keeps for itself (read 2026-11)
RESERVED: Final = ((1, 60), (2, 100), (4, 140), (8, 180), (16, 260), (32, 420), (64, 740))
PODS: Final = 110
EVICTION_MI: Final = 100
READY: Final = ("KubeletReady", "kubelet is posting ready status")


def size(name: str) -> tuple[int, float]:
    """(vCPUs, GiB) of a size of machines such as Standard_D4s_v5."""
    match = re.match(r"(?:Standard_|Basic_)?([A-Z]+)(\d+)(?:-\d+)?([a-z]*)", name)
    if match is None:
        return 2, 8.0
    letters, cores, more = match[1], int(match[2]), match[3]
    each = MEMORY.get(letters, MEMORY.get(letters[0], 4))
    if letters == "D" and "l" in more:
        each = 2
    return cores, cores * float(each)


def name_of(cluster_id: str, pool: str, index: int) -> str:
    """As a scale set of AKS names its machines."""
    number = int(hashlib.sha256(fold(f"{cluster_id}/{pool}").encode()).hexdigest(), 16) % 10**8
    return f"aks-{pool}-{number:08d}-vmss{_base36(index):0>6}"


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while True:
        number, last = divmod(number, 36)
        text = digits[last] + text
        if not number:
            return text


def count(pool: Json) -> int:
    """How many nodes a pool has now: with the autoscaler, at least as few as it may."""
    held = int(pool.get("count") or 0)
    if pool.get("enableAutoScaling"):
        return max(held, int(pool.get("minCount") or 0))
    return held


def node(cluster: Json, pool: Json, index: int, address: str) -> Json:
    """One node. pool: properties and name of the agent pool."""
    cores, gib = size(str(pool.get("vmSize") or ""))
    name, location = name_of(cluster["id"], pool["name"], index), str(cluster.get("location", ""))
    zones: list[str] = [str(one) for one in pool.get("availabilityZones") or []]
    zone = f"{location}-{zones[index % len(zones)]}" if zones else "0"
    most = int(pool.get("maxPods") or PODS)
    kept = next((m for c, m in reversed(RESERVED) if cores >= c), 60)
    mib = int(gib * 1024)
    reserved_mib = min(int((20 * most + 50) * 1000**2 / 2**20), mib // 4) + EVICTION_MI
    group = str(cluster["properties"].get("nodeResourceGroup", ""))
    capacity = {"cpu": str(cores), "memory": f"{mib * 1024}Ki", "pods": str(most)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "agentpool": pool["name"],
                "kubernetes.azure.com/agentpool": pool["name"],
                "kubernetes.azure.com/cluster": group,
                "kubernetes.azure.com/mode": str(pool.get("mode") or "User").lower(),
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": str(pool.get("vmSize") or ""),
                "topology.kubernetes.io/region": location,
                "topology.kubernetes.io/zone": zone,
                **(pool.get("nodeLabels") or {}),
            },
        },
        "spec": {
            "providerID": f"azure:///subscriptions/{cluster['id'].split('/')[2]}/resourceGroups/{group.lower()}"
            f"/providers/Microsoft.Compute/virtualMachineScaleSets/{name[:-6]}/virtualMachines/{index}",
            **(
                {"taints": taints}
                if (taints := [_taint(one) for one in pool.get("nodeTaints") or []])
                else {}
            ),
        },
        "status": {
            "capacity": capacity,
            "allocatable": {
                **capacity,
                "cpu": f"{cores * 1000 - kept}m",
                "memory": f"{(mib - reserved_mib) * 1024}Ki",
            },
            "addresses": [
                {"type": "InternalIP", "address": address},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [
                {"type": "Ready", "status": "True", "reason": READY[0], "message": READY[1]},
            ],
            "nodeInfo": {
                "kubeletVersion": f"v{cluster['properties'].get('currentKubernetesVersion', '')}",
                "operatingSystem": "linux",
                "architecture": "amd64",
                "containerRuntimeVersion": "emulator://1",
            },
        },
    }


def _taint(text: str) -> Json:
    key, _, effect = text.rpartition(":")
    name, _, value = key.partition("=")
    return {"key": name, **({"value": value} if value else {}), "effect": effect}
