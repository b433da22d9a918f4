"""Private addresses: of interfaces and firewalls; the subnets that gateways need; states of peerings."""

from __future__ import annotations

import hashlib
import ipaddress
from collections import defaultdict
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.network import addresses
from emulator.network.held import RESERVED, Held
from emulator.network.peerings import PEERING

INTERFACE: Final = "Microsoft.Network/networkInterfaces"
FIREWALL: Final = "Microsoft.Network/azureFirewalls"
# type -> the one name that Azure lets its subnet have
SUBNETS: Final = {
    FIREWALL: "AzureFirewallSubnet",
    "Microsoft.Network/bastionHosts": "AzureBastionSubnet",
    "Microsoft.Network/virtualNetworkGateways": "GatewaySubnet",
}
HOLDERS: Final = (INTERFACE, FIREWALL)
VENDOR: Final = (0x00, 0x0D, 0x3A)  # Microsoft's part of a hardware address


def install(arm: Arm) -> None:
    """Hooks of interfaces, firewalls, bastion hosts, gateways and peerings."""
    held = Held(arm, HOLDERS)

    @arm.before_put(PEERING)
    def defaults(put: Put) -> None:
        properties = put.properties
        properties.setdefault("allowVirtualNetworkAccess", True)
        for key in ("allowForwardedTraffic", "allowGatewayTransit", "useRemoteGateways"):
            properties.setdefault(key, False)
        remote = arm.store.get((properties.get("remoteVirtualNetwork") or {}).get("id", "")) or {}
        space = (remote.get("properties") or {}).get("addressSpace", {})
        properties["remoteAddressSpace"] = properties["remoteVirtualNetworkAddressSpace"] = space

    @arm.on_get(PEERING)
    def state(resource: dict[str, Any]) -> dict[str, Any]:
        """Connected once the other side leads back."""
        own = fold(resource["id"]).rsplit("/virtualnetworkpeerings/", 1)[0]
        remote = resource["properties"]["remoteVirtualNetwork"]["id"]
        back = any(
            fold(one["properties"]["remoteVirtualNetwork"]["id"]) == own
            for one in arm.store.children(f"{remote}/virtualNetworkPeerings")
        )
        gone = arm.store.get(remote) is None
        resource["properties"]["peeringState"] = (
            "Disconnected" if gone else "Connected" if back else "Initiated"
        )
        resource["properties"]["peeringSyncLevel"] = "FullyInSync" if back else "RemoteNotInSync"
        return resource

    @arm.before_put(INTERFACE)
    def interface(put: Put) -> None:
        configurations = put.properties.get("ipConfigurations") or []
        if not configurations:
            raise _refusal("InvalidRequestFormat", put, "properties.ipConfigurations is required")
        _complete(put, configurations)
        for index, one in enumerate(configurations):
            one["properties"].setdefault("primary", index == 0)
        _place(arm, held, put, configurations)
        put.properties.setdefault("enableIPForwarding", False)
        own = hashlib.sha256(fold(put.id).encode()).digest()[:3]
        put.properties["macAddress"] = "-".join(f"{byte:02X}" for byte in (*VENDOR, *own))

    for arm_type, subnet_name in SUBNETS.items():

        def in_own_subnet(put: Put, subnet_name: str = subnet_name) -> None:
            configurations = put.properties.get("ipConfigurations") or []
            _complete(put, configurations)
            for one in configurations:
                subnet = (one["properties"].get("subnet") or {}).get("id", "")
                if subnet and subnet.rsplit("/", 1)[-1] != subnet_name:
                    raise _refusal(
                        "InvalidSubnetName",
                        put,
                        f"its subnet must be named {subnet_name}, but it is {subnet}",
                    )
            if put.resource["type"] == FIREWALL:
                _place(arm, held, put, configurations)

        arm.before_put(arm_type)(in_own_subnet)


def _complete(put: Put, configurations: Any) -> None:
    if not isinstance(configurations, list):
        raise _refusal("InvalidRequestFormat", put, "properties.ipConfigurations is no list")
    for one in configurations:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not one["name"]:
            raise _refusal("InvalidRequestFormat", put, "an element of ipConfigurations has no name")
        properties: dict[str, Any] | Any = one.setdefault("properties", {})
        subnet: dict[str, Any] | Any = (
            (properties.get("subnet") or {}) if isinstance(properties, dict) else None
        )
        if not isinstance(subnet, dict) or not isinstance(subnet.get("id", ""), str):
            raise _refusal("InvalidRequestFormat", put, f"ipConfiguration {one['name']} is malformed")
        if not isinstance(properties.get("privateIPAddress") or "", str):
            raise _refusal("InvalidRequestFormat", put, f"privateIPAddress of {one['name']} is no text")
        properties["provisioningState"] = "Succeeded"
        one["id"] = f"{put.id}/ipConfigurations/{one['name']}"
        one["type"] = f"{put.resource['type']}/ipConfigurations"


def _place(arm: Arm, held: Held, put: Put, configurations: list[dict[str, Any]]) -> None:
    """Give each configuration its private address: the one asked for, the one it had, or a free one."""
    before = {
        one["name"]: one["properties"]
        for one in (put.old or {}).get("properties", {}).get("ipConfigurations") or []
    }
    own, given = fold(put.id), defaultdict[str, set[str]](set)
    for one in configurations:
        properties = one["properties"]
        subnet_id = (properties.get("subnet") or {}).get("id")
        if not subnet_id:
            continue
        # as it is stored: what Azure computes of a subnet names all that stands in it
        subnet, now = arm.store.get(subnet_id) or arm.get(subnet_id), given[fold(subnet_id)]
        ranges = addresses.networks(addresses.prefixes_of(subnet), subnet["name"])
        static = properties.setdefault("privateIPAllocationMethod", "Dynamic") == "Static"
        asked: str = (properties if static else before.get(one["name"], {})).get("privateIPAddress") or ""
        fits = _fits(asked, ranges)
        holders = held.of(subnet_id)
        taken = fits and (asked in now or holders.taken(asked, own))
        if static and not fits:
            raise _refusal("PrivateIPAddressNotInSubnet", put, f"the address {asked} is not in {subnet_id}")
        if static and (prefix := _reserved(asked, ranges)):
            raise _refusal(
                "PrivateIPAddressInReservedRange",
                put,
                f"the address {asked} falls within the reserved range of subnet prefix {prefix}",
            )
        if static and taken:
            raise _refusal("PrivateIPAddressInUse", put, f"the address {asked} is in use in {subnet_id}")
        address = asked if fits and not taken else holders.free(ranges, own, now)
        if address is None:
            raise _refusal("SubnetIsFull", put, "its subnet has no free address")
        properties["privateIPAddress"] = address
        properties.setdefault("privateIPAddressVersion", "IPv4")
        now.add(address)


def _fits(address: str, ranges: list[addresses.Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in one for one in ranges)


def _reserved(address: str, ranges: list[addresses.Network]) -> str:
    """The range among whose first or last addresses, Azure's own, one is; "" when it is free to use."""
    parsed = ipaddress.ip_address(address)
    for one in ranges:
        if parsed in one and not (RESERVED <= int(parsed) - int(one.network_address) < one.num_addresses - 1):
            return str(one)
    return ""


def _refusal(code: str, put: Put, reason: str) -> AzureError:
    return AzureError(400, code, f"{put.resource['name']}: {reason} ({put.id}).")
