"""A private endpoint of a service in the network, with the private DNS zones in which its names stand."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network, privatedns

from infra.components.network import Network
from infra.components.site import Site, child_of
from infra.private_link import PrivateLink


@dataclass(frozen=True, slots=True)
class PrivateEndpointArgs:
    """target: resource id of the service. link: what leads to it."""

    site: Site
    network: Network
    target: pulumi.Output[str]
    link: PrivateLink


class PrivateEndpoint(pulumi.ComponentResource):
    """zone_group: depend on it before anything in the network asks for the service by name."""

    def __init__(
        self, name: str, args: PrivateEndpointArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:network:PrivateEndpoint", name, None, opts)
        site, link = args.site, args.link
        qualifier = link.group
        zones = {zone: self._zone(f"{name}-{zone}", zone, args) for zone in link.zones}
        endpoint = network.PrivateEndpoint(
            name,
            resource_group_name=site.group,
            private_endpoint_name=site.names.of("private_endpoint", qualifier),
            location=site.location,
            subnet=network.SubnetArgs(id=args.network.subnet_ids["private-endpoints"]),
            custom_network_interface_name=site.names.of("network_interface", qualifier),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=qualifier, private_link_service_id=args.target, group_ids=[link.group]
                )
            ],
            tags=site.tags,
            opts=child_of(self, create_timeout="20m"),
        )
        self.zone_group = network.PrivateDnsZoneGroup(
            f"{name}-zones",
            resource_group_name=site.group,
            private_endpoint_name=endpoint.name,
            private_dns_zone_group_name="default",
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(name=zone.replace(".", "-"), private_dns_zone_id=made.id)
                for zone, made in zones.items()
            ],
            opts=child_of(self),
        )
        self.register_outputs({"id": endpoint.id})

    def _zone(self, name: str, zone: str, args: PrivateEndpointArgs) -> privatedns.PrivateZone:
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
        return made
