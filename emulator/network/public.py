"""Public addresses: from the range set aside for documentation, so that none of them is anybody's."""

from __future__ import annotations

import ipaddress
from typing import Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError

TYPE: Final = "Microsoft.Network/publicIPAddresses"
RANGE: Final = ipaddress.IPv4Network("198.18.0.0/15")  # RFC 2544


def install(arm: Arm) -> None:
    """Hooks of public addresses."""

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
        properties["ipAddress"] = held or _free(arm)
        label = (properties.get("dnsSettings") or {}).get("domainNameLabel")
        if label:
            location = put.resource.get("location", "")
            properties["dnsSettings"]["fqdn"] = f"{label}.{location}.cloudapp.azure.com"


def _free(arm: Arm) -> str:
    taken = {one["properties"].get("ipAddress") for one in arm.store.by_type(TYPE)}
    return next(str(one) for one in RANGE.hosts() if str(one) not in taken)
