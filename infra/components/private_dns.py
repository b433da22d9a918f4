"""The private DNS zones of the estate's private endpoints: each is made once, for all endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import privatedns

from infra.components.network import Network
from infra.components.site import Site, child_of
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
        self.zone_ids: Mapping[str, pulumi.Output[str]] = {
            zone: self._zone(f"{name}-{zone}", zone, args) for zone in zones_of(args.links)
        }
        self.register_outputs({})

    def _zone(self, name: str, zone: str, args: PrivateDnsArgs) -> pulumi.Output[str]:
        """A private zone, linked to the virtual network, which asks it before public DNS."""
        site = args.site
        made = privatedns.PrivateZone(
            name,
            resource_group_name=site.group,
            private_zone_name=zone,
            location="global",
            tags=site.tags,
            opts=child_of(self),
        )
        privatedns.VirtualNetworkLink(
            f"{name}-link",
            resource_group_name=site.group,
            private_zone_name=made.name,
            virtual_network_link_name=site.names.of("virtual_network"),
            location="global",
            virtual_network=privatedns.SubResourceArgs(id=args.network.id),
            registration_enabled=False,
            tags=site.tags,
            opts=child_of(self),
        )
        return made.id
