"""Which private addresses are held in each subnet: read once, then kept up to date with the store."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm
from emulator.network.addresses import Network

RESERVED: Final = 4  # the first addresses of a subnet are Azure's own


@dataclass(slots=True)
class Subnet:
    """owners: address -> folded id of what holds it; lowest: place in a range below which none is free."""

    owners: dict[str, str] = field(default_factory=dict[str, str])
    lowest: dict[Network, int] = field(default_factory=dict[Network, int])

    def taken(self, address: str, own: str) -> bool:
        """Whether another than ``own`` (folded id) holds it."""
        return self.owners.get(address, own) != own

    def free(self, ranges: list[Network], own: str, given: Container[str]) -> str | None:
        """The lowest address that is neither held by another nor given just now; None when there is none."""
        for one in ranges:
            first = None
            for index in range(self.lowest.get(one, RESERVED), one.num_addresses - 1):
                address = str(one[index])
                if self.taken(address, own):
                    continue
                first = index if first is None else first
                if address not in given:
                    self.lowest[one] = first
                    return address
        return None

    def give_back(self, address: str) -> None:
        """It is free again."""
        self.owners.pop(address, None)
        number = ipaddress.ip_address(address)
        for one, lowest in self.lowest.items():
            if number in one:
                self.lowest[one] = min(lowest, int(number) - int(one.network_address))


class Held:
    """Of all subnets; to be asked under ARM's lock. What was rolled back is read anew."""

    def __init__(self, arm: Arm, types: tuple[str, ...]) -> None:
        self._arm = arm
        self._types = types
        self._known = -1  # changes of the store that are in it
        self._subnets: defaultdict[str, Subnet] = defaultdict(Subnet)
        self._by_owner: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for arm_type in types:
            arm.with_put(arm_type)(lambda put: self._put(put.resource))
            arm.with_delete(arm_type)(lambda resource: self._deleted(resource["id"]))

    def of(self, subnet_id: str) -> Subnet:
        """The addresses of one subnet."""
        changes = sum(map(self._arm.store.revision, self._types))
        if changes != self._known:
            self._subnets.clear()
            self._by_owner.clear()
            for arm_type in self._types:
                for resource in self._arm.store.by_type(arm_type):
                    self._note(resource)
            self._known = changes
        return self._subnets[fold(subnet_id)]

    def _put(self, resource: dict[str, Any]) -> None:
        self._known += 1
        self._drop(fold(resource["id"]))
        self._note(resource)

    def _deleted(self, resource_id: str) -> None:
        self._known += 1
        self._drop(fold(resource_id))

    def _note(self, resource: dict[str, Any]) -> None:
        owner = fold(resource["id"])
        for one in resource["properties"].get("ipConfigurations") or []:
            properties = one.get("properties") or {}
            subnet = fold((properties.get("subnet") or {}).get("id", ""))
            address = properties.get("privateIPAddress")
            if subnet and address:
                self._subnets[subnet].owners[address] = owner
                self._by_owner[owner].append((subnet, address))

    def _drop(self, owner: str) -> None:
        for subnet, address in self._by_owner.pop(owner, []):
            self._subnets[subnet].give_back(address)
