"""The values that a security rule may have."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from emulator.errors import AzureError

CHOICES: Final = {
    "protocol": ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
    "access": ("Allow", "Deny"),
    "direction": ("Inbound", "Outbound"),
}
PORTS: Final = range(65536)


def check_values(name: str, properties: dict[str, Any]) -> None:
    """400 for a protocol, port range or address prefix that a rule cannot have."""
    for key, allowed in CHOICES.items():
        if str(properties[key]).lower() not in map(str.lower, allowed):
            raise AzureError(
                400,
                f"SecurityRuleInvalid{key.capitalize()}",
                f"Security rule '{name}': {key} is '{properties[key]}'; it must be one of "
                f"{', '.join(allowed)}.",
            )
    for key in ("sourcePortRange", "destinationPortRange"):
        for text in [properties.get(key), *(properties.get(f"{key}s") or [])]:
            if text and not _is_port_range(str(text)):
                raise AzureError(
                    400,
                    "SecurityRuleInvalidPortRange",
                    f"Security rule '{name}' has invalid Port range. Value provided: {text}. Value should be "
                    "an integer OR integer range with '-' delimiter. Valid range 0-65535.",
                )
    for key in ("sourceAddressPrefix", "destinationAddressPrefix"):
        for text in [properties.get(key), *(properties.get(f"{key}es") or [])]:
            if text and str(text)[0].isdigit() and not _is_range(str(text)):
                raise AzureError(
                    400,
                    "SecurityRuleInvalidAddressPrefix",
                    f"Security rule '{name}' has invalid Address prefix. Value provided: {text}.",
                )


def _is_port_range(text: str) -> bool:
    ends = text.split("-")
    if text == "*":
        return True
    if len(ends) > 2 or not all(end.isdecimal() and int(end) in PORTS for end in ends):
        return False
    return int(ends[0]) <= int(ends[-1])


def _is_range(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
