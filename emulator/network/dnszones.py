"""Private DNS zones: their links to virtual networks, and what keeps a zone from being deleted."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError

ZONE: Final = "Microsoft.Network/privateDnsZones"
LINK: Final = f"{ZONE}/virtualNetworkLinks"


def install(arm: Arm) -> None:
    """Hooks of zones and links."""

    @arm.before_put(LINK)
    def link(put: Put) -> None:
        network = str((put.properties.get("virtualNetwork") or {}).get("id", ""))
        if not network:
            raise AzureError(
                400, "BadRequest", f"The link '{put.resource['name']}' names no properties.virtualNetwork.id."
            )
        zone = zone_of(put.id)
        # Seen in microsoft-foundry/foundry-samples#214 and Azure/ARO-RP#796.
        for other in arm.store.users(network, LINK):
            if fold(other["id"]) == fold(put.id):
                continue
            if zone_of(other["id"]).lower() == zone.lower():
                raise AzureError(
                    400,
                    "BadRequest",
                    "A virtual network cannot be linked to multiple zones with overlapping namespaces. You "
                    f"tried to link virtual network with '{zone_of(other['id'])}' and '{zone}' zones.",
                )
        put.properties.setdefault("registrationEnabled", False)
        put.properties["virtualNetworkLinkState"] = "Completed"

    @arm.before_delete(ZONE)
    def linked(resource: dict[str, Any]) -> None:
        if fold(arm.deletion_root) != fold(resource["id"]):
            return  # a group takes its zones with their links
        links = arm.store.children(f"{resource['id']}/virtualNetworkLinks")
        if links:
            nested = ", ".join(
                f"'{ZONE}/{resource['name']}/virtualNetworkLinks/{one['name']}'" for one in links
            )
            raise AzureError(  # as in learntocloud/networking-lab#8 (2026-02)
                409,
                "CannotDeleteResource",
                "Cannot delete resource while nested resources exist. Some existing nested resource IDs "
                f"include: {nested}. Please delete all nested resources before deleting this resource.",
            )


def zone_of(link_id: str) -> str:
    """The name of the zone that a link, or a record, stands in."""
    return link_id.rsplit("/", 3)[1]
