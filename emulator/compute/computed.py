"""What Microsoft.Compute computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.computed import ETAG, Facts, Table, users

COMPUTE: Final = "Microsoft.Compute"
MACHINE: Final = f"{COMPUTE}/virtualMachines"
INSTANCE: Final = "only with $expand=instanceView"
ATTACHED: Final = "only of one that is attached"


def _bytes(facts: Facts) -> int | None:
    size = facts.properties.get("diskSizeGB")
    return size << 30 if isinstance(size, int) else None


def _source(facts: Facts) -> str | None:
    """The unique id of the disk or snapshot that one was made from."""
    source = (facts.properties.get("creationData") or {}).get("sourceResourceId")
    held = facts.store.get(str(source)) if source else None
    return (held or {}).get("properties", {}).get("uniqueId")


def _extensions(facts: Facts) -> list[Any] | None:
    return facts.children("extensions") or None


def _tier(facts: Facts) -> str:
    return str(facts.resource["sku"].get("name", "")).partition("_")[0]


DATED: Final = {"properties.timeCreated": "{created}"}
COMPUTED: Final[Table] = {
    MACHINE: {"etag": ETAG, **DATED, "resources": _extensions},
    f"{COMPUTE}/virtualMachineScaleSets": {
        "etag": ETAG,
        **DATED,
        "properties.uniqueId": "{uuid}",
        "properties.virtualMachineProfile.timeCreated": "{created}",
    },
    f"{COMPUTE}/disks": {
        **DATED,
        "properties.diskSizeBytes": _bytes,
        "properties.creationData.sourceUniqueId": _source,
        "sku.tier": _tier,
    },
    f"{COMPUTE}/snapshots": {
        **DATED,
        "properties.uniqueId": "{uuid}",
        "properties.diskState": "Unattached",
        "properties.diskSizeBytes": _bytes,
        "properties.creationData.sourceUniqueId": _source,
        "properties.incrementalSnapshotFamilyId": lambda facts: (
            facts.text("uuid") if facts.properties.get("incremental") else None
        ),
    },
    f"{COMPUTE}/proximityPlacementGroups": {
        "properties.availabilitySets": users(f"{COMPUTE}/availabilitySets"),
        "properties.virtualMachineScaleSets": users(f"{COMPUTE}/virtualMachineScaleSets"),
        "properties.virtualMachines": users(MACHINE),
    },
}
ABSENT: Final = {
    MACHINE: {
        "instanceView": INSTANCE,
        "managedBy": "only of a machine of a scale set",
        "storageProfile.imageReference.exactVersion": "no image is fetched",
    },
    f"{COMPUTE}/disks": {
        "burstingEnabledTime": "only with bursting on demand",
        "lastOwnershipUpdateTime": "only once it was attached or detached",
        "managedBy": ATTACHED,
        "managedByExtended": "only of a shared disk",
        "propertyUpdatesInProgress": "only while its size or tier is changed",
        "shareInfo": "only of a shared disk",
    },
    f"{COMPUTE}/snapshots": {"managedBy": ATTACHED},
    f"{COMPUTE}/availabilitySets": {
        "statuses": INSTANCE,
        "virtualMachineScaleSetMigrationInfo": "only while it becomes a scale set",
    },
}
