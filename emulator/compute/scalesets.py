"""Scale sets of virtual machines: what Azure refuses of them, and what it never gives back. No machine runs.

The words are those of reports: Azure/aks-engine#1663 (custom data), Azure/azure-xplat-cli#2506 (nobody could
sign in), MicrosoftDocs/azure-docs#27848 (a key), #68028 (hosts that encrypt).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.network import addresses

SCALE_SET: Final = "Microsoft.Compute/virtualMachineScaleSets"
HIDDEN: Final = ("adminPassword", "customData")  # of osProfile: never given back
LONGEST: Final = 87_380  # characters of custom data in base64
RESERVED: Final = 5  # addresses of a subnet
KEYS: Final = ("ssh-rsa ", "ssh-ed25519 ")

Json = dict[str, Any]


def install(arm: Arm) -> None:
    """Hooks of scale sets."""

    @arm.before_put(SCALE_SET)
    def scale_set(put: Put) -> None:
        profile: Json = put.properties.get("virtualMachineProfile") or {}
        uniform = str(put.properties.get("orchestrationMode", "Uniform")).lower() == "uniform"
        if uniform and not put.properties.get("upgradePolicy"):
            raise _wrong("Required parameter 'upgradePolicy' is missing (null).")
        system: Json = profile.get("osProfile") or {}
        _sign_in(system)
        _custom_data(system)
        _addresses(arm, put, profile)
        for key in HIDDEN:
            system.pop(key, None)


def _sign_in(system: Json) -> None:
    linux: Json = system.get("linuxConfiguration") or {}
    if not system or system.get("windowsConfiguration"):
        return
    keys: list[Json] = (linux.get("ssh") or {}).get("publicKeys") or []
    by_password = bool(system.get("adminPassword")) and not linux.get("disablePasswordAuthentication")
    if not keys and not by_password:
        raise _wrong(
            "Authentication using either SSH or by user name and password must be enabled in Linux profile."
        )
    for one in keys:
        if not str(one.get("keyData", "")).startswith(KEYS):
            raise _wrong("The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid.")


def _custom_data(system: Json) -> None:
    text = system.get("customData")
    if text is None:
        return
    try:
        base64.b64decode(str(text), validate=True)
        right = len(str(text)) <= LONGEST
    except binascii.Error:
        right = False
    if not right:
        raise _wrong(
            "Custom data in OSProfile must be in Base64 encoding and with a maximum length of "
            f"{LONGEST} characters."
        )


def _addresses(arm: Arm, put: Put, profile: Json) -> None:
    """Each machine has an address of its subnet."""
    asked = int((put.resource.get("sku") or {}).get("capacity") or 0)
    for subnet_id in _subnets(profile):
        subnet = arm.store.get(subnet_id) or arm.get(subnet_id)
        ranges = addresses.networks(addresses.prefixes_of(subnet), subnet["name"])
        room = sum(one.num_addresses - RESERVED for one in ranges)
        others = (one for one in arm.store.users(subnet_id) if fold(one["id"]) != fold(put.id))
        taken = sum(_held(one, subnet_id) for one in others)
        if asked > room - taken:
            raise AzureError(
                400,
                "SubnetIsFull",
                f"Subnet {subnet['name']} with address prefix {', '.join(map(str, ranges))} does not have "
                f"enough capacity for {asked} IP addresses.",
            )


def _held(resource: Json, subnet_id: str) -> int:
    """How many addresses of a subnet an interface or a scale set holds."""
    properties: Json = resource["properties"]
    if resource["type"].lower() == SCALE_SET.lower():
        own = _subnets(properties.get("virtualMachineProfile") or {}).count(fold(subnet_id))
        return own * int((resource.get("sku") or {}).get("capacity") or 0)
    configurations: list[Json] = properties.get("ipConfigurations") or []
    return sum(fold(str(_subnet(one))) == fold(subnet_id) for one in configurations)


def _subnets(profile: Json) -> list[str]:
    """The subnets (folded ids) of a machine's configurations, one for each address of it."""
    interfaces: list[Json] = (profile.get("networkProfile") or {}).get("networkInterfaceConfigurations") or []
    configurations = [
        one
        for interface in interfaces
        for one in (interface.get("properties") or {}).get("ipConfigurations") or []
    ]
    return [fold(subnet) for one in configurations if (subnet := _subnet(one))]


def _subnet(configuration: Json) -> str:
    return str(((configuration.get("properties") or {}).get("subnet") or {}).get("id", ""))


def _wrong(words: str) -> AzureError:
    return AzureError(400, "InvalidParameter", words)
