"""Compute clusters: their settings are checked, and they scale from and to zero with the jobs that run."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from emulator.arm import vmsizes
from emulator.arm.service import Action, Arm, Put
from emulator.errors import AzureError, NotEmulated
from emulator.machinelearning.names import COMPUTE, Workspace
from emulator.network import privateendpoints
from emulator.places import Place

Json = dict[str, Any]
NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{1,30}[A-Za-z0-9])")
DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
SECONDS = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
DEFAULTS: Json = {
    "osType": "Linux",
    "vmPriority": "Dedicated",
    "remoteLoginPortPublicAccess": "NotSpecified",
    "enableNodePublicIp": True,
}


def duration_seconds(text: str) -> float:
    """Seconds of an ISO 8601 duration such as PT2M; ValueError when it is none."""
    match = DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is no ISO 8601 duration such as PT120S or PT2H")
    return sum(float(value) * SECONDS[unit] for unit, value in match.groupdict().items() if value)


def install(arm: Arm, busy_nodes: Callable[[str], int]) -> None:
    """Hook computes into the ARM store. ``busy_nodes``: how many jobs run on the compute of an id."""

    @arm.before_put(COMPUTE)
    def fill(put: Put) -> None:
        fill_compute(put)
        workspace = arm.get(Workspace.of(put.id).id)
        check_way_out(put, workspace)
        if put.old is None:
            check_way_in(arm, put, workspace)

    @arm.on_get(COMPUTE)
    def scale(resource: Json) -> Json:
        return with_nodes(resource, busy_nodes(resource["id"]))

    @arm.before_delete(COMPUTE)
    def refuse_busy(resource: Json) -> None:
        running = busy_nodes(resource["id"])
        if running and arm.deletion_root.lower() == resource["id"].lower():
            raise AzureError(
                409,
                "ComputeInUse",
                f"Compute {resource['name']!r} runs {running} job(s). Cancel them or wait, then delete it.",
            )

    @arm.action(COMPUTE, "listNodes")
    def list_nodes(action: Action) -> Json:
        running = busy_nodes(action.id)
        return {"nodes": [{"nodeId": f"node-{index}", "nodeState": "running"} for index in range(running)]}


def fill_compute(put: Put) -> None:
    """Check a compute and fill its defaults; 400 names the setting, what it was and what it may be."""
    properties, name = put.properties, put.resource["name"]
    kind = properties.get("computeType")
    if kind != "AmlCompute":
        raise NotEmulated(f"computes of type {kind} (compute {name!r}); use AmlCompute")

    def wrong(setting: str, was: Any, rule: str) -> AzureError:
        return AzureError(400, "ValidationError", f"Compute {name!r}: {setting} is {was!r}; {rule}.")

    if not NAME.fullmatch(name):
        raise wrong(
            "name",
            name,
            "it must be 3 to 32 letters, digits and hyphens, begin with a letter and not end with a hyphen",
        )
    cluster = properties.setdefault("properties", {})
    if put.old:
        for key, value in put.old["properties"].get("properties", {}).items():
            cluster.setdefault(key, value)
        _refuse_changes(put, wrong)
    if not cluster.get("vmSize"):
        raise wrong("vmSize", cluster.get("vmSize"), "name a size such as Standard_D4ds_v5")
    if not vmsizes.exists(str(cluster["vmSize"])):
        size = cluster["vmSize"]
        raise wrong(
            "vmSize", size, f"Azure has no VM size of that name{vmsizes.nearest(str(size))}".rstrip("?")
        )
    scale = cluster.setdefault("scaleSettings", {})
    least, most = scale.setdefault("minNodeCount", 0), scale.get("maxNodeCount")
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise wrong("scaleSettings.maxNodeCount", most, "it must be a whole number, 0 or more")
    if not isinstance(least, int) or isinstance(least, bool) or not 0 <= least <= most:
        raise wrong("scaleSettings.minNodeCount", least, f"it must be between 0 and maxNodeCount ({most})")
    idle = scale.setdefault("nodeIdleTimeBeforeScaleDown", "PT120S")
    try:
        duration_seconds(str(idle))
    except ValueError as error:
        raise wrong(
            "scaleSettings.nodeIdleTimeBeforeScaleDown", idle, "give an ISO 8601 duration such as PT120S"
        ) from error
    for key, value in DEFAULTS.items():
        cluster.setdefault(key, value)
    put.resource.setdefault("location", "")
    properties.setdefault("computeLocation", put.resource["location"])
    properties.setdefault("isAttachedCompute", False)
    properties.setdefault("disableLocalAuth", False)
    properties.setdefault("provisioningErrors", None)


def check_way_out(put: Put, workspace: Json) -> None:
    """Nodes without public addresses need a network: a subnet, or the workspace's managed one."""
    cluster = put.properties["properties"]
    managed = (workspace["properties"].get("managedNetwork") or {}).get("isolationMode") or "Disabled"
    if cluster["enableNodePublicIp"] is False and not cluster.get("subnet") and managed == "Disabled":
        raise AzureError(
            400,
            "ValidationError",
            f"Compute {put.resource['name']!r}: enableNodePublicIp is False; that needs a subnet, "
            "or a workspace with a managed network.",
        )


def check_way_in(arm: Arm, put: Put, workspace: Json) -> None:
    """Nodes without public addresses, in a subnet of the user's, reach Azure ML by its endpoint there."""
    cluster = put.properties["properties"]
    private = cluster["enableNodePublicIp"] is False and cluster.get("subnet")
    if private and not any(map(privateendpoints.approved, privateendpoints.connections(arm, workspace))):
        raise AzureError(
            400, "BadRequest", "Provided EnableNodePublicIp 'False' requires workspace private endpoint"
        )


def _refuse_changes(put: Put, wrong: Callable[[str, Any, str], AzureError]) -> None:
    assert put.old is not None  # noqa: S101
    before, after = put.old["properties"]["properties"], put.properties["properties"]
    for key in ("vmSize", "vmPriority", "subnet"):
        if before.get(key) != after.get(key):
            raise wrong(
                key, after.get(key), f"it cannot be changed from {before.get(key)!r}; make a new compute"
            )


def with_nodes(resource: Json, running: int) -> Json:
    """The compute as it is now: with nodes for its running jobs, and never fewer than its minimum."""
    cluster = resource["properties"]["properties"]
    nodes = max(running, cluster["scaleSettings"]["minNodeCount"])
    cluster["allocationState"] = "Steady"
    cluster["currentNodeCount"] = cluster["targetNodeCount"] = nodes
    cluster["nodeStateCounts"] = {
        "idleNodeCount": nodes - running,
        "runningNodeCount": running,
        "preparingNodeCount": 0,
        "leavingNodeCount": 0,
        "preemptedNodeCount": 0,
        "unusableNodeCount": 0,
    }
    cluster["errors"] = None
    return resource


def identity(arm: Arm, compute: Json, name: str = "") -> Json | None:
    """The user-assigned identity of a compute that has the client, object or resource id ``name``; the first
    for "". None when there is none."""
    found = [arm.get(identity_id) for identity_id in identities(compute)]
    if not name:
        return found[0] if found else None
    for one in found:
        ids = (one["id"], one["properties"].get("clientId"), one["properties"].get("principalId"))
        if name.lower() in (str(text).lower() for text in ids):
            return one
    return None


def place(compute: Json) -> Place:
    """Where the nodes of a compute stand: in its subnet, or on machines of Azure's own."""
    subnet = (compute["properties"].get("properties") or {}).get("subnet") or {}
    return Place(str(subnet.get("id", "")))


def identities(compute: Json) -> list[str]:
    """Ids of the user-assigned identities of a compute."""
    return list((compute.get("identity") or {}).get("userAssignedIdentities") or {})
