"""The limits: a table with what a subscription gets at first, and what was set for this emulator instead.

The numbers are those of a subscription in use under an enterprise agreement, not of a new one, which has 0
for accelerators and asks for them: "Azure subscription and service limits, quotas, and constraints" and
"Manage and increase quotas and limits for resources with Azure Machine Learning" (learn.microsoft.com, read
2026-11).
"""

from __future__ import annotations

from typing import Final

from emulator.arm.store import Store
from emulator.quota.families import families

KIND: Final = "quota-limit"  # documents: name (lower case) -> number
REGIONAL: Final = "cores"
LOW_PRIORITY: Final = "TotalLowPriorityCores"
DEDICATED: Final = "TotalDedicatedCores"

# name -> number in each region
LIMITS: Final[dict[str, int]] = {
    REGIONAL: 350,
    DEDICATED: 350,
    LOW_PRIORITY: 100,
    "virtualMachines": 25000,
    "VirtualNetworks": 1000,
    "PublicIPAddresses": 1000,
    "StandardSkuPublicIpAddresses": 1000,
    "NetworkSecurityGroups": 5000,
    "NetworkInterfaces": 65536,
    "NatGateways": 1000,
    "RouteTables": 200,
    "LoadBalancers": 1000,
    "StorageAccounts": 250,
}
FAMILY: Final = 100  # vCPUs of each family
ACCELERATED: Final = 48
# which namespace shows it -> name -> type that is counted
COUNTED: Final[dict[str, dict[str, str]]] = {
    "microsoft.network": {
        "VirtualNetworks": "Microsoft.Network/virtualNetworks",
        "PublicIPAddresses": "Microsoft.Network/publicIPAddresses",
        "StandardSkuPublicIpAddresses": "Microsoft.Network/publicIPAddresses",
        "NetworkSecurityGroups": "Microsoft.Network/networkSecurityGroups",
        "NetworkInterfaces": "Microsoft.Network/networkInterfaces",
        "NatGateways": "Microsoft.Network/natGateways",
        "RouteTables": "Microsoft.Network/routeTables",
        "LoadBalancers": "Microsoft.Network/loadBalancers",
    },
    "microsoft.storage": {"StorageAccounts": "Microsoft.Storage/storageAccounts"},
}


class Limits:
    """The limits of one emulator, the same in each subscription and region."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._set: dict[str, int] = dict(store.documents(KIND))

    def of(self, name: str) -> int:
        """The limit of a name of the table or of a family; KeyError for another."""
        if name.lower() in self._set:
            return self._set[name.lower()]
        return self._first(name)

    def set(self, name: str, number: int | None) -> None:
        """Set a limit in place of the table's; None gives the table's back. KeyError for an unknown name."""
        self._first(name)
        if number is None:
            self._set.pop(name.lower(), None)
            self._store.delete_document(KIND, name.lower())
        else:
            self._set[name.lower()] = number
            self._store.put_document(KIND, name.lower(), number)

    @staticmethod
    def _first(name: str) -> int:
        folded = {known.lower(): number for known, number in LIMITS.items()}
        if name.lower() in folded:
            return folded[name.lower()]
        for family, one in families().items():
            if family.lower() == name.lower():
                return ACCELERATED if one.accelerated else FAMILY
        raise KeyError(name)
