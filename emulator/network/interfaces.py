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
from emulator.network.peerings import PEERING

INTERFACE: Final = "Microsoft.Network/networkInterfaces"
FIREWALL: Final = "Microsoft.Network/azureFirewalls"
# type -> the one name that Azure lets its subnet have
SUBNETS: Final = {
    FIREWALL: "AzureFirewallSubnet",
    "Microsoft.Network/bastionHosts": "AzureBastionSubnet",
    "Microsoft.Network/virtualNetworkGateways": "GatewaySubnet",
}
RESERVED: Final = 4  # the first addresses of a subnet are Azure's own
HOLDERS: Final = (INTERFACE, FIREWALL)
VENDOR: Final = (0x00, 0x0D, 0x3A)  # Microsoft's part of a hardware address


def install(arm: Arm) -> None:
    """Hooks of interfaces, firewalls, bastion hosts, gateways and peerings."""
    held = Held(arm)

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


class Held:
    """Which private addresses are held in each subnet: read once, then kept up to date."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._loaded = False
        self._by_subnet: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._by_owner: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for arm_type in HOLDERS:
            arm.after_put(arm_type)(lambda put: self._note(put.resource))
            arm.after_delete(arm_type)(lambda resource: self._drop(resource["id"]))

    def of(self, subnet_id: str) -> dict[str, str]:
        """Address -> folded id of the resource that holds it."""
        if not self._loaded:
            self._loaded = True
            for arm_type in HOLDERS:
                for resource in self._arm.store.by_type(arm_type):
                    self._note(resource)
        return self._by_subnet[fold(subnet_id)]

    def _note(self, resource: dict[str, Any]) -> None:
        owner = fold(resource["id"])
        self._drop(owner)
        for one in resource["properties"].get("ipConfigurations") or []:
            properties = one.get("properties") or {}
            subnet = fold((properties.get("subnet") or {}).get("id", ""))
            address = properties.get("privateIPAddress")
            if subnet and address:
                self._by_subnet[subnet][address] = owner
                self._by_owner[owner].append((subnet, address))

    def _drop(self, resource_id: str) -> None:
        for subnet, address in self._by_owner.pop(fold(resource_id), []):
            self._by_subnet[subnet].pop(address, None)


def _complete(put: Put, configurations: list[dict[str, Any]]) -> None:
    for one in configurations:
        if not one.get("name"):
            raise _refusal("InvalidRequestFormat", put, "an element of ipConfigurations has no name")
        one.setdefault("properties", {})["provisioningState"] = "Succeeded"
        one["id"] = f"{put.id}/ipConfigurations/{one['name']}"
        one["type"] = f"{put.resource['type']}/ipConfigurations"


def _place(arm: Arm, held: Held, put: Put, configurations: list[dict[str, Any]]) -> None:
    """Give each configuration its private address: the one asked for, the one it had, or a free one."""
    before = {
        one["name"]: one["properties"].get("privateIPAddress")
        for one in (put.old or {}).get("properties", {}).get("ipConfigurations") or []
    }
    for one in configurations:
        properties = one["properties"]
        subnet_id = (properties.get("subnet") or {}).get("id")
        if not subnet_id:
            continue
        subnet = arm.get(subnet_id)
        ranges = addresses.networks(addresses.prefixes_of(subnet), subnet["name"])
        static = properties.setdefault("privateIPAllocationMethod", "Dynamic") == "Static"
        asked = properties.get("privateIPAddress") if static else before.get(one["name"])
        taken = {address for address, owner in held.of(subnet_id).items() if owner != fold(put.id)}
        fits = bool(asked) and any(ipaddress.ip_address(asked) in range_ for range_ in ranges)
        if static and not fits:
            raise _refusal("PrivateIPAddressNotInSubnet", put, f"the address {asked} is not in {subnet_id}")
        if static and asked in taken:
            raise _refusal("PrivateIPAddressInUse", put, f"the address {asked} is in use in {subnet_id}")
        properties["privateIPAddress"] = asked if fits and asked not in taken else _free(put, ranges, taken)
        properties.setdefault("privateIPAddressVersion", "IPv4")
        taken.add(properties["privateIPAddress"])


def _free(put: Put, ranges: list[addresses.Network], taken: set[str]) -> str:
    for range_ in ranges:
        for index in range(RESERVED, range_.num_addresses - 1):
            if str(range_[index]) not in taken:
                return str(range_[index])
    raise _refusal("SubnetIsFull", put, "its subnet has no free address")


def _refusal(code: str, put: Put, reason: str) -> AzureError:
    return AzureError(400, code, f"{put.resource['name']}: {reason} ({put.id}).")
