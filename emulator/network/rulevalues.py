"""The values that a security rule may have."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from emulator.arm import firewalls
from emulator.errors import AzureError

CHOICES: Final = {
    "protocol": ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
    "access": ("Allow", "Deny"),
    "direction": ("Inbound", "Outbound"),
}
PORTS: Final = range(65536)
# Names of regions that no service tag has: the tag says `centralfrance`. Read 2026-11: bicep-registry-modules
# issues 7100 and 5313, azure-rest-api-specs issue 21590.
REGIONS_SPELT_OTHERWISE: Final = {
    "brazilsoutheast",
    "francecentral",
    "francesouth",
    "germanynorth",
    "germanywestcentral",
    "norwayeast",
    "norwaywest",
    "switzerlandnorth",
    "switzerlandwest",
}


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
            if text and not _is_prefix(str(text)):
                raise AzureError(
                    400,
                    "SecurityRuleInvalidAddressPrefix",
                    f"Security rule '{name}' has invalid Address prefix. Value provided: {text}.",
                )
        listed = properties.get(f"{key}es") or []
        twice = firewalls.overlapping(one for text in listed if (one := firewalls.parse(text)))
        if twice:
            raise AzureError(
                400,
                "OverlappingSubnetsNotPermittedInSecurityRule",
                f"Security rule parameter {key[0].upper()}{key[1:]} for rule '{name}' cannot specify "
                f"overlapping subnets: {twice[0]} and {twice[1]}.",
            )


def _is_port_range(text: str) -> bool:
    ends = text.split("-")
    if text == "*":
        return True
    if len(ends) > 2 or not all(end.isdecimal() and int(end) in PORTS for end in ends):
        return False
    return int(ends[0]) <= int(ends[-1])


def _is_prefix(text: str) -> bool:
    """A range, or a tag; the region of a tag is spelt in the way of tags, which is not always Azure's."""
    if text[0].isdigit():
        return _is_range(text)
    region = text.partition(".")[2].lower()
    return region not in REGIONS_SPELT_OTHERWISE


def _is_range(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
