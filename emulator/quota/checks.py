"""What goes beyond a quota is refused in the words of its service."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.quota.families import Size, size
from emulator.quota.limits import DEDICATED, LOW_PRIORITY, REGIONAL, Limits
from emulator.quota.usage import CLUSTER, COMPUTE, MACHINE, POOL, SCALE_SET, Usage

Json = dict[str, Any]
PUBLIC_ADDRESS: Final = "Microsoft.Network/publicIPAddresses"
MORE: Final = (
    "Talk to your Subscription Admin or refer to https://docs.microsoft.com/azure/machine-learning/"
    "how-to-manage-quotas#request-quota-increases to increase the family quota"
)


def install(arm: Arm, limits: Limits) -> None:
    """Check what uses cores and public addresses."""

    def usage(put: Put, location: str) -> Usage:
        return Usage(arm, put.id.split("/")[2], location)

    @arm.before_put(MACHINE)
    def machine(put: Put) -> None:
        machines(put, str((put.properties.get("hardwareProfile") or {}).get("vmSize", "")), 1)

    @arm.before_put(SCALE_SET)
    def scale_set(put: Put) -> None:
        sku: Json = put.resource.get("sku") or {}
        machines(put, str(sku.get("name", "")), int(sku.get("capacity") or 0))

    def machines(put: Put, name_of_size: str, count: int) -> None:
        """As in Azure/karpenter-provider-azure#192."""
        one = size(name_of_size)
        location = str(put.resource.get("location", ""))
        if one is None:
            return
        more, cores = one.vcpus * count, usage(put, location).cores(put.id)
        for name, used in ((one.family, cores[one.family]), (REGIONAL, cores.total())):
            limit = limits.of(name)
            if used + more > limit:
                what = "Total Regional" if name == REGIONAL else name
                raise AzureError(
                    409,
                    "OperationNotAllowed",
                    "Operation could not be completed as it results in exceeding approved "
                    f"{what} Cores quota. Additional details - Deployment Model: Resource Manager, Location: "
                    f"{location}, Current Limit: {limit}, Current Usage: {used}, Additional Required: "
                    f"{more}, (Minimum) New Limit Required: {used + more}.",
                )

    @arm.before_put(CLUSTER)
    def cluster(put: Put) -> None:
        location = str(put.resource.get("location", ""))
        cores = usage(put, location).cores(put.id)
        for pool in put.properties.get("agentPoolProfiles") or []:
            _nodes(limits, cores, pool, location)

    @arm.before_put(POOL)
    def pool(put: Put) -> None:
        parent = arm.store.get(put.id.rsplit("/", 2)[0]) or {}
        location = str(parent.get("location", ""))
        _nodes(limits, usage(put, location).cores(put.id), put.properties, location)

    @arm.before_put(COMPUTE)
    def compute(put: Put) -> None:
        """Azure takes a cluster that can grow beyond its quota, but not one whose first node has no room."""
        cluster: Json = put.properties.get("properties") or {}
        one = size(str(cluster.get("vmSize", "")))
        if one is None or put.old is not None:
            return
        low = str(cluster.get("vmPriority", "")).lower() == "lowpriority"
        nodes = max(1, int((cluster.get("scaleSettings") or {}).get("minNodeCount") or 0))
        total = LOW_PRIORITY if low else DEDICATED
        for name in (total,) if low else (one.family, total):
            limit = limits.of(name)
            if one.vcpus * nodes > limit:  # as in dotnet/machinelearning-modelbuilder#2140
                what = f"{one.shown.removesuffix(' vCPUs').replace('Family', 'family')}"
                raise AzureError(
                    400,
                    "BadRequest",
                    f"The specified subscription has a {'total' if name == total else what} vCPU quota of "
                    f"{limit} and cannot accomodate for at least {nodes} requested managed compute node"
                    f"{'s' if nodes > 1 else ''} which maps to {one.vcpus * nodes} vCPUs. {MORE}",
                )

    @arm.before_put(PUBLIC_ADDRESS)
    def address(put: Put) -> None:
        """As in openshift/openshift-azure#2252."""
        limit = limits.of("PublicIPAddresses")
        if put.old is not None or arm.store.count(PUBLIC_ADDRESS) < limit:
            return  # wherever they are, they are not so many
        here = usage(put, str(put.resource.get("location", "")))
        if here.count(PUBLIC_ADDRESS) >= limit:
            raise AzureError(
                400,
                "PublicIPCountLimitReached",
                f"Cannot create more than {limit} public IP addresses for this subscription in this region.",
            )


def _nodes(limits: Limits, cores: Any, pool: Json, location: str) -> None:
    """Room for the nodes of a pool, which count in `cores` then. As in 1ChristianAlex/motordesk#14."""
    one: Size | None = size(str(pool.get("vmSize", "")))
    if one is None:
        return
    asked = one.vcpus * int(pool.get("count") or 0)
    left = min(
        limits.of(one.family) - cores[one.family],
        limits.of(REGIONAL) - cores.total(),
    )
    if asked > left:
        raise AzureError(
            400,
            "ErrCode_InsufficientVCPUQuota",
            f"Insufficient vcpu quota requested {asked}, remaining {max(0, left)} for family {one.family} "
            f"for region {location}. Surge nodes would also consume vcpu quota.",
        )
    cores[one.family] += asked
