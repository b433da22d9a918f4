"""The types of Microsoft.Compute: machines, disks and images.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row

COMPUTE: Final = "Microsoft.Compute"
MACHINE: Final = NameRule(
    1, 64, r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9_])?", "letters, digits, _ . -, a letter or digit first"
)
DISK: Final = NameRule(1, 80, r"[\w.-]+", "letters, digits, _ . -")

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(f"{COMPUTE}/virtualMachines/{{vmName}}", "compute:VirtualMachine", name=MACHINE),
    Row(f"{COMPUTE}/virtualMachines/{{vmName}}/extensions/{{vmExtensionName}}",
        "compute:VirtualMachineExtension"),
    Row(f"{COMPUTE}/virtualMachineScaleSets/{{vmScaleSetName}}", "compute:VirtualMachineScaleSet",
        name=MACHINE),
    Row(f"{COMPUTE}/disks/{{diskName}}", "compute:Disk", name=DISK),
    Row(f"{COMPUTE}/snapshots/{{snapshotName}}", "compute:Snapshot", name=DISK),
    Row(f"{COMPUTE}/images/{{imageName}}", "compute:Image", name=DISK),
    Row(f"{COMPUTE}/availabilitySets/{{availabilitySetName}}", "compute:AvailabilitySet", name=DISK),
    Row(f"{COMPUTE}/sshPublicKeys/{{sshPublicKeyName}}", "compute:SshPublicKey", name=DISK),
    Row(f"{COMPUTE}/proximityPlacementGroups/{{proximityPlacementGroupName}}",
        "compute:ProximityPlacementGroup", name=DISK),
)
# fmt: on
