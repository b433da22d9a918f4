"""Virtual machines in scale sets: no door of their own, and nobody who signs in by a password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from infra.graph.model import Resource
from policies.model import MISSING, Row, Rule, equals, read, secure

SET: Final = "compute:VirtualMachineScaleSet"
_PROFILE: Final = "virtualMachineProfile"
_INTERFACES: Final = f"{_PROFILE}.networkProfile.networkInterfaceConfigurations"


def _interfaces(resource: Resource) -> list[dict[str, Any]]:
    found = read(resource.inputs, _INTERFACES)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _no_public_address(resource: Resource) -> Iterator[str]:
    for interface in _interfaces(resource):
        for one in interface.get("ipConfigurations") or []:
            if one.get("publicIPAddressConfiguration") is not None:
                yield f"{interface.get('name')} gives each machine a public address"


def _in_network(resource: Resource) -> Iterator[str]:
    interfaces = _interfaces(resource)
    if not interfaces:
        yield "it has no interface in a subnet"
    for interface in interfaces:
        for one in interface.get("ipConfigurations") or [{}]:
            if not (one.get("subnet") or {}).get("id"):
                yield f"{interface.get('name')} is in no subnet"


def _no_forwarding(resource: Resource) -> Iterator[str]:
    for interface in _interfaces(resource):
        if interface.get("enableIPForwarding") is not False:
            yield f"enableIPForwarding of {interface.get('name')} has to be False"


def _no_password(resource: Resource) -> Iterator[str]:
    if read(resource.inputs, f"{_PROFILE}.osProfile.adminPassword") not in (MISSING, None):
        yield "osProfile.adminPassword is set: it would stand in the state"


RULES: Final = (
    *secure(
        SET,
        Row(
            "machines-no-passwords",
            f"{_PROFILE}.osProfile.linuxConfiguration.disablePasswordAuthentication",
            equals(True),
            ("CKV_AZURE_49",),
            "a password can be guessed",
        ),
        Row(
            "machines-encrypted-hosts",
            f"{_PROFILE}.securityProfile.encryptionAtHost",
            equals(True),
            ("CKV_AZURE_97",),
            "temporary disks and caches are encrypted",
        ),
        Row(
            "machines-trusted-launch",
            f"{_PROFILE}.securityProfile.securityType",
            equals("TrustedLaunch", "ConfidentialVM"),
            (),
            "what starts before the system is checked",
        ),
        Row(
            "machines-secure-boot",
            f"{_PROFILE}.securityProfile.uefiSettings.secureBootEnabled",
            equals(True),
            (),
            "what starts before the system is signed",
        ),
        Row(
            "machines-tpm",
            f"{_PROFILE}.securityProfile.uefiSettings.vTpmEnabled",
            equals(True),
            (),
            "what was started is measured, where nobody on the machine can change it",
        ),
        Row(
            "machines-no-extensions",
            f"{_PROFILE}.osProfile.allowExtensionOperations",
            equals(False),
            ("CKV_AZURE_50",),
            "whoever may write the machine's resource would run anything on it, as root",
        ),
        Row(
            "machines-identity",
            "identity.type",
            equals("UserAssigned"),
            (),
            "it signs in without a secret, and its roles stand before it does",
        ),
    ),
    Rule(
        "machines-no-public-address",
        (SET,),
        "nothing outside begins a connection with it",
        ("CKV_AZURE_119",),
        _no_public_address,
    ),
    Rule("machines-in-network", (SET,), "the estate's security groups hold for it", (), _in_network),
    Rule(
        "machines-no-forwarding",
        (SET,),
        "it is no way past the security groups",
        ("CKV_AZURE_118",),
        _no_forwarding,
    ),
    Rule("machines-no-admin-password", (SET,), "no secret in the state", ("CKV_AZURE_178",), _no_password),
)
