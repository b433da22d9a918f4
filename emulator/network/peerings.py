"""Peerings between virtual networks."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.network import addresses

PEERING: Final = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"


def install(arm: Arm) -> None:
    """Networks that overlap cannot be peered, nor a network with itself."""

    @arm.before_put(PEERING)
    def peer(put: Put) -> None:
        name = put.resource["name"]
        own = arm.get(put.id.rsplit("/", 2)[0])
        remote_id = str((put.properties.get("remoteVirtualNetwork") or {}).get("id", ""))
        if not remote_id:
            raise AzureError(
                400,
                "InvalidRequestFormat",
                f"Peering '{name}': properties.remoteVirtualNetwork.id is needed.",
            )
        if fold(remote_id) == fold(own["id"]):
            raise AzureError(
                400,
                "VnetCannotPeerWithItself",
                f"Cannot create or update peering {put.id}. Virtual network {own['id']} cannot be peered "
                "with itself.",
            )
        remote = arm.find(remote_id)
        if remote is None:
            return
        both = [one for one in _space(remote) if any(one.overlaps(other) for other in _space(own))]
        if both:
            raise AzureError(
                400,
                "VnetAddressSpacesOverlap",
                f"Cannot create or update peering {put.id}. Virtual networks {own['id']} and {remote['id']} "
                "cannot be peered because their address spaces overlap. Overlapping address prefixes: "
                f"{', '.join(map(str, both))}",
            )


def _space(vnet: dict[str, Any]) -> list[Any]:
    given = (vnet["properties"].get("addressSpace") or {}).get("addressPrefixes") or []
    return [one for one in addresses.networks(given, vnet["name"]) if one.version == 4]
