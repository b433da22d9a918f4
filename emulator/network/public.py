"""Public addresses: from the range set aside for documentation, so that none of them is anybody's."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.reserved import is_reserved
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError

TYPE: Final = "Microsoft.Network/publicIPAddresses"
LABEL: Final = "[a-z][a-z0-9-]{1,61}[a-z0-9]"
ADDRESS: Final = "properties.ipAddress"
FQDN: Final = "properties.dnsSettings.fqdn"
RANGE: Final = ipaddress.IPv4Network("198.18.0.0/15")  # RFC 2544


def install(arm: Arm) -> None:
    """Hooks of public addresses."""
    free = Free(arm)
    arm.store.index(TYPE, FQDN)

    @arm.before_put(TYPE)
    def address(put: Put) -> None:
        properties = put.properties
        sku = (put.resource.get("sku") or {}).get("name", "Standard")
        method = properties.setdefault("publicIPAllocationMethod", "Static" if sku != "Basic" else "Dynamic")
        if sku != "Basic" and method != "Static":
            raise AzureError(
                400,
                "PublicIPAndSkuNotCompatible",
                f"Public address '{put.resource['name']}': sku {sku} needs publicIPAllocationMethod "
                "Static, not "
                f"{method}.",
            )
        properties.setdefault("publicIPAddressVersion", "IPv4")
        properties.setdefault("idleTimeoutInMinutes", 4)
        held = (put.old or {}).get("properties", {}).get("ipAddress")
        properties["ipAddress"] = held or free.next()
        label = (properties.get("dnsSettings") or {}).get("domainNameLabel")
        if label:
            name = f"{label}.{put.resource.get('location', '')}.cloudapp.azure.com"
            _check_label(arm, put.id, label, name)
            properties["dnsSettings"]["fqdn"] = name


def _check_label(arm: Arm, own_id: str, label: str, name: str) -> None:
    if not re.fullmatch(LABEL, label):
        raise AzureError(
            400,
            "InvalidDomainNameLabel",
            f"The domain name label {label} is invalid. It must conform to the following regular expression: "
            f"^{LABEL}$.",
        )
    if is_reserved(label):
        raise AzureError(
            400,
            "DomainNameLabelReserved",
            f"The domain name label {label} is reserved or has a reserved word in it.",
        )
    for other in arm.store.holding(TYPE, FQDN, name):
        if fold(other["id"]) != fold(own_id):
            raise AzureError(
                400, "DnsRecordInUse", f"DNS record {name} is already used by another public IP."
            )


class Free:
    """Gives the lowest address that nobody holds."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._lowest = 1  # none below it is free
        arm.store.index(TYPE, ADDRESS)
        arm.with_delete(TYPE)(self._given_back)

    def next(self) -> str:
        """Call it under ARM's lock; the address is held once the resource that has it is stored."""
        for index in range(self._lowest, RANGE.num_addresses - 1):
            if not self._arm.store.holding(TYPE, ADDRESS, str(RANGE[index])):
                self._lowest = index
                return str(RANGE[index])
        raise AzureError(400, "PublicIPCountLimitReached", f"No address of {RANGE} is free.")

    def _given_back(self, resource: dict[str, Any]) -> None:
        address = ipaddress.IPv4Address(resource["properties"]["ipAddress"])
        self._lowest = min(self._lowest, int(address) - int(RANGE.network_address))
