"""Microsoft.Compute: what a virtual machine makes and holds. No machine runs."""

from __future__ import annotations

import uuid
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.compute import scalesets
from emulator.errors import AzureError

MACHINE: Final = "Microsoft.Compute/virtualMachines"
DISK: Final = "Microsoft.Compute/disks"
INTERFACE: Final = "Microsoft.Network/networkInterfaces"
HIDDEN: Final = ("adminPassword", "customData")  # of osProfile: never given back


def install(arm: Arm, store: Store) -> None:
    """Hooks of virtual machines, scale sets and disks."""
    scalesets.install(arm)

    @arm.before_put(MACHINE)
    def machine(put: Put) -> None:
        name, properties = put.resource["name"], put.properties
        references = (properties.get("networkProfile") or {}).get("networkInterfaces") or []
        configurations = (properties.get("networkProfile") or {}).get("networkInterfaceConfigurations")
        if not references and not configurations:
            raise _refusal("InvalidParameter", name, "networkProfile.networkInterfaces is required")
        if not (properties.get("hardwareProfile") or {}).get("vmSize"):
            raise _refusal("InvalidParameter", name, "hardwareProfile.vmSize is required")
        for reference in references:
            if not reference.get("id"):
                raise _refusal("InvalidParameter", name, "an item of networkInterfaces has no id")
            holder = _holder(store.users(reference["id"]), put.id, reference["id"])
            if holder:
                raise _refusal(
                    "NetworkInterfaceInUse", name, f"the interface {reference['id']} belongs to {holder}"
                )
            interface = arm.get(reference["id"])
            if interface.get("location") != put.resource.get("location"):
                raise _refusal(
                    "InvalidResourceReference",
                    name,
                    f"the interface {reference['id']} is in {interface.get('location')}, "
                    f"the machine in {put.resource.get('location')}",
                )
        old = (put.old or {}).get("properties", {})
        properties["vmId"] = old.get("vmId", str(uuid.uuid5(uuid.NAMESPACE_URL, fold(put.id))))
        profile = properties.get("osProfile")
        if isinstance(profile, dict):
            for key in HIDDEN:
                profile.pop(key, None)
            profile.setdefault("secrets", [])
            profile.setdefault("allowExtensionOperations", True)
        _os_disk(put)

    @arm.with_put(MACHINE)
    def disk_of_machine(put: Put) -> None:
        disk = put.properties.get("storageProfile", {}).get("osDisk", {})
        disk_id = (disk.get("managedDisk") or {}).get("id")
        if disk_id and store.get(disk_id) is None:
            arm.put(
                disk_id,
                {
                    "location": put.resource["location"],
                    "sku": {"name": disk["managedDisk"].get("storageAccountType", "Standard_LRS")},
                    "managedBy": put.id,
                    "properties": {
                        "creationData": {"createOption": "FromImage"},
                        "diskSizeGB": disk.get("diskSizeGB", 30),
                        "osType": disk.get("osType", "Linux"),
                    },
                },
            )

    @arm.with_delete(MACHINE)
    def disk_goes_too(resource: dict[str, Any]) -> None:
        disk = resource["properties"].get("storageProfile", {}).get("osDisk", {})
        disk_id = (disk.get("managedDisk") or {}).get("id")
        if disk_id and disk.get("deleteOption") == "Delete":
            arm.delete(disk_id)

    @arm.before_put(DISK)
    def disk(put: Put) -> None:
        properties = put.properties
        option = (properties.get("creationData") or {}).get("createOption")
        size, held = properties.get("diskSizeGB"), (put.old or {}).get("properties", {}).get("diskSizeGB")
        if option == "Empty" and not size:
            raise _refusal("InvalidParameter", put.resource["name"], "diskSizeGB is required")
        if size and held and size < held:
            raise _refusal(
                "OperationNotAllowed", put.resource["name"], f"a disk of {held} GB cannot shrink to {size} GB"
            )
        put.resource.setdefault("sku", {"name": "Standard_LRS"})
        properties["diskState"] = "Attached" if put.resource.get("managedBy") else "Unattached"
        properties.setdefault("uniqueId", str(uuid.uuid5(uuid.NAMESPACE_URL, fold(put.id))))

    @arm.before_delete(INTERFACE)
    def interface_in_use(resource: dict[str, Any]) -> None:
        holder = _holder(store.users(resource["id"]), "", resource["id"])
        root = arm.deletion_root
        if holder and not (root and fold(holder).startswith(f"{fold(root)}/")):
            raise AzureError(
                400,
                "NicInUse",
                f"Network Interface {resource['id']} is used by existing resource {holder}. In order to "
                "delete the network interface, it must be dissociated from the resource.",
            )


def _os_disk(put: Put) -> None:
    storage = put.properties.setdefault("storageProfile", {})
    disk = storage.setdefault("osDisk", {})
    name = disk.setdefault("name", f"{put.resource['name']}_OsDisk_1")
    windows = (put.properties.get("osProfile") or {}).get("windowsConfiguration")
    disk.setdefault("osType", "Windows" if windows else "Linux")
    disk.setdefault("caching", "ReadWrite")
    disk.setdefault("deleteOption", "Detach")
    managed = disk.setdefault("managedDisk", {})
    managed.setdefault("storageAccountType", "Standard_LRS")
    group = put.id.split("/providers/", 1)[0]
    managed.setdefault("id", f"{group}/providers/{DISK}/{name}")


def _holder(users: list[dict[str, Any]], own: str, interface: str) -> str:
    """The machine, other than `own`, that has the interface; empty for none."""
    for machine in users:
        if machine["type"].lower() != MACHINE.lower():
            continue
        used = (machine["properties"].get("networkProfile") or {}).get("networkInterfaces") or []
        if fold(machine["id"]) != fold(own) and any(fold(one["id"]) == fold(interface) for one in used):
            return str(machine["id"])
    return ""


def _refusal(code: str, name: str, reason: str) -> AzureError:
    return AzureError(400, code, f"{name}: {reason}.")
