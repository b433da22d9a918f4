"""The private DNS zones of the estate's private endpoints: made once for all, or central ones."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import privatedns

from infra.components.network import Network
from infra.components.site import Site, child_of
from infra.config_existing import CentralZones
from infra.private_link import PrivateLink, zones_of


@dataclass(frozen=True, slots=True)
class PrivateDnsArgs:
    """links: the private endpoints whose names stand in the zones."""

    site: Site
    network: Network
    links: tuple[PrivateLink, ...]


class PrivateDns(pulumi.ComponentResource):
    """zone_ids by the name of the zone. Depend on it before anything asks for a name: it links the zones."""

    def __init__(self, name: str, args: PrivateDnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:PrivateDns", name, None, opts)
        central = args.site.settings.network.central_zones
        self.zone_ids: Mapping[str, pulumi.Output[str]] = {
            zone: self._central(f"{name}-central-{zone}", zone, central)
            if central
            else linked_zone(self, f"{name}-{zone}", zone, args.site, args.network)[0].id
            for zone in zones_of(args.links)
        }
        self.register_outputs({})

    def _central(self, name: str, zone: str, central: CentralZones) -> pulumi.Output[str]:
        """A zone of others, which has to exist; they link it to the network."""
        id_ = f"{central.resource_group_id}/providers/Microsoft.Network/privateDnsZones/{zone}"
        return privatedns.PrivateZone.get(name, id_, child_of(self)).id


def linked_zone(
    parent: pulumi.Resource, name: str, zone: str, site: Site, network: Network
) -> tuple[privatedns.PrivateZone, privatedns.VirtualNetworkLink]:
    """A private zone, and its link to the virtual network, which asks it before public DNS."""
    made = privatedns.PrivateZone(
        name,
        resource_group_name=site.group,
        private_zone_name=zone,
        location="global",
        tags=site.tags,
        opts=child_of(parent),
    )
    link = privatedns.VirtualNetworkLink(
        f"{name}-link",
        resource_group_name=site.group,
        private_zone_name=made.name,
        virtual_network_link_name=site.names.of("virtual_network"),
        location="global",
        virtual_network=privatedns.SubResourceArgs(id=network.id),
        registration_enabled=False,
        tags=site.tags,
        opts=child_of(parent),
    )
    return made, link
