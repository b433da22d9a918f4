"""Internal load balancers: the address that a Service gets out of a subnet, and where it leads."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.containerinstance.groups import GROUP
from emulator.identity.service import Identity
from emulator.network import addresses
from emulator.network.held import RESERVED
from emulator.network.interfaces import FIREWALL, INTERFACE

Json = dict[str, Any]
PREFIX: Final = "service.beta.kubernetes.io/azure-load-balancer"
INTERNAL: Final = f"{PREFIX}-internal"
SUBNET: Final = f"{PREFIX}-internal-subnet"
FIXED: Final = f"{PREFIX}-ipv4"
JOIN: Final = "Microsoft.Network/virtualNetworks/subnets/join/action"
START: Final = "Error syncing load balancer: failed to ensure load balancer: "


class Unbalanced(Exception):
    """Why a Service gets no load balancer, in the words of Azure's cloud provider."""


def subnet_of(cluster: Json) -> str:
    """The id of the subnet in which the cluster's nodes stand, "" for one of AKS's own network."""
    for mode in ("User", "System"):
        for pool in cluster["properties"].get("agentPoolProfiles") or []:
            if pool.get("mode", "User") == mode and pool.get("vnetSubnetID"):
                return str(pool["vnetSubnetID"])
    return ""


def address(store: Store, identity: Identity, cluster: Json, service: Json, held: Iterable[str]) -> str:
    """The address of a Service's load balancer: the one asked for, or the lowest that is free.

    held: the addresses that nodes and other Services have. Unbalanced where there can be none.
    """
    notes = service["metadata"].get("annotations") or {}
    if str(notes.get(INTERNAL, "")).lower() != "true":
        raise Unbalanced(
            f"{START}not emulated: a load balancer with a public address; the annotation {INTERNAL} makes it "
            "an internal one"
        )
    own = subnet_of(cluster)
    if not own:
        raise Unbalanced(
            f"{START}not emulated: a cluster whose nodes stand in no subnet of a virtual network"
        )
    chosen = f"{own.rsplit('/', 1)[0]}/{notes[SUBNET]}" if notes.get(SUBNET) else own
    subnet = store.get(chosen)
    if subnet is None:
        raise Unbalanced(f"{START}failed to get subnet: {own.split('/')[8]}/{chosen.rsplit('/', 1)[-1]}")
    _require_right(identity, cluster, chosen)
    taken = {*held, *taken_in(store, chosen)}
    ranges = addresses.networks(addresses.prefixes_of(subnet), subnet["name"])
    asked = str(notes.get(FIXED) or service["spec"].get("loadBalancerIP") or "")
    if asked:
        return _asked(asked, ranges, taken, chosen)
    found = free(ranges, taken)
    if not found:
        raise Unbalanced(
            f"{START}SubnetIsFull: Subnet {chosen} does not have enough capacity for 1 IP addresses"
        )
    return found


def free(ranges: Iterable[addresses.Network], taken: set[str]) -> str:
    """The lowest free address, "" for none; the first four and the last are Azure's."""
    for one in ranges:
        for index in range(RESERVED, one.num_addresses - 1):
            if str(one[index]) not in taken:
                return str(one[index])
    return ""


def _asked(asked: str, ranges: list[addresses.Network], taken: set[str], subnet: str) -> str:
    if not addresses.is_address(asked) or not any(ipaddress.ip_address(asked) in one for one in ranges):
        raise Unbalanced(
            f"{START}PrivateIPAddressNotInSubnet: Private static IP address {asked} does not belong to the "
            f"range of subnet prefix {', '.join(map(str, ranges))} ({subnet})"
        )
    if asked in taken:
        raise Unbalanced(
            f"{START}PrivateIPAddressIsAllocated: IP configuration has a private IP address {asked} which is "
            f"already allocated ({subnet})"
        )
    return asked


def _require_right(identity: Identity, cluster: Json, subnet: str) -> None:
    """The cluster's own identity has to be let into the subnet."""
    chosen: Json = (cluster.get("identity") or {}).get("userAssignedIdentities") or {}
    for one in chosen.values():
        who = identity.directory.find(str(one.get("principalId", "")))
        if who is not None and not identity.allowed(who, JOIN, subnet):
            raise Unbalanced(
                f"{START}AuthorizationFailed: The client '{who.client_id}' with object id '{who.object_id}' "
                f"does not have authorization to perform action '{JOIN}' over scope '{subnet}' or the scope "
                "is invalid. If access was recently granted, please refresh your credentials."
            )


def taken_in(store: Store, subnet: str) -> set[str]:
    """The addresses that interfaces, firewalls and container groups hold in a subnet."""
    found: set[str] = set()
    for kind in (INTERFACE, FIREWALL):
        for resource in store.by_type(kind):
            for one in resource["properties"].get("ipConfigurations") or []:
                properties = one.get("properties") or {}
                if fold((properties.get("subnet") or {}).get("id", "")) == fold(subnet):
                    found.add(str(properties.get("privateIPAddress")))
    for group in store.by_type(GROUP):
        found.add(str((group["properties"].get("ipAddress") or {}).get("ip")))
    return found
