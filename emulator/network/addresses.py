"""Address ranges: of virtual networks and their subnets."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

from emulator.errors import AzureError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAXIMUM_PREFIX = 29  # the smallest subnet that Azure makes


def is_address(text: Any) -> bool:
    """Whether it is an address of IPv4 or IPv6."""
    try:
        ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return True


def networks(prefixes: Iterable[Any], owner: str) -> list[Network]:
    """The parsed prefixes; 400 naming the one that is none, or has bits outside its mask."""
    found: list[Network] = []
    for prefix in prefixes:
        try:
            one = ipaddress.ip_network(str(prefix), strict=False)
        except ValueError as error:
            raise AzureError(
                400,
                "InvalidAddressPrefixFormat",
                f"Address prefix {prefix} for resource '{owner}' is not formatted correctly. It should "
                "follow CIDR notation, for example 10.0.0.0/24.",
            ) from error
        if ipaddress.ip_interface(str(prefix)).ip != one.network_address:
            raise AzureError(
                400,
                "InvalidCIDRNotation",
                f"The address prefix {prefix} in resource '{owner}' has an invalid CIDR notation. For the "
                f"given prefix length, the address prefix should be {one}.",
            )
        found.append(one)
    return found


def prefixes_of(subnet: dict[str, Any]) -> list[Any]:
    """The prefixes of a subnet's body: ``addressPrefixes``, or the one ``addressPrefix``."""
    properties = subnet.get("properties") or {}
    one = properties.get("addressPrefix")
    return properties.get("addressPrefixes") or ([one] if one else [])


def inside(inner: Network, outer: Network) -> bool:
    """Whether one range lies within another of the same family."""
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


def first_overlap(ranges: Sequence[Network]) -> tuple[Network, Network] | None:
    """Two of the ranges that overlap, or None."""
    for index, one in enumerate(ranges):
        for other in ranges[index + 1 :]:
            if one.version == other.version and one.overlaps(other):
                return one, other
    return None


def check_space(name: str, space: Sequence[Network]) -> None:
    """400 unless a virtual network's ranges are there and apart."""
    if not space:
        raise AzureError(
            400, "InvalidRequestFormat", f"'{name}': properties.addressSpace.addressPrefixes is required."
        )
    overlap = first_overlap(space)
    if overlap:
        raise AzureError(
            400,
            "AddressSpaceContainsOverlappingPrefixes",
            f"Virtual network '{name}': address prefixes {overlap[0]} and {overlap[1]} overlap.",
        )


def check_subnet(
    vnet: str,
    name: str,
    ranges: Sequence[Network],
    space: Sequence[Network],
    others: dict[str, list[Network]],
) -> None:
    """400 unless a subnet's ranges lie in the network and apart from the other subnets (by name)."""
    if not ranges:
        raise AzureError(
            400, "InvalidRequestFormat", f"Subnet '{name}': properties.addressPrefix is required."
        )
    for one in ranges:
        if one.version == 4 and one.prefixlen > MAXIMUM_PREFIX:
            raise AzureError(
                400, "NetcfgInvalidSubnet", f"Subnet '{name}' ({one}) is smaller than /{MAXIMUM_PREFIX}."
            )
        if not any(inside(one, outer) for outer in space):
            raise AzureError(
                400,
                "NetcfgInvalidSubnet",
                f"Subnet '{name}' ({one}) is not valid in virtual network '{vnet}' "
                f"({', '.join(map(str, space))}).",
            )
        for other, held in others.items():
            if any(first_overlap([one, range_]) for range_ in held):
                raise AzureError(
                    400,
                    "NetcfgSubnetRangesOverlap",
                    f"Subnet '{name}' ({one}) is not valid because its IP address range overlaps with that "
                    "of an "
                    f"existing subnet '{other}' in virtual network '{vnet}'.",
                )
