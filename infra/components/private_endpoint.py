"""A private endpoint of a service in the network, with its names in the estate's private DNS zones."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from infra.components.network import Network
from infra.components.private_dns import PrivateDns
from infra.components.site import Site, child_of
from infra.private_link import PrivateLink


@dataclass(frozen=True, slots=True)
class PrivateEndpointArgs:
    """target: resource id of the service. link: what leads to it. dns: where its names stand.

    group: id of the application security group that it is in. request: what its owner is told who approves
    the connection; None: whoever makes it may approve it.
    """

    site: Site
    network: Network
    dns: PrivateDns
    target: pulumi.Output[str]
    link: PrivateLink
    group: pulumi.Output[str] | None = None
    request: str | None = None


class PrivateEndpoint(pulumi.ComponentResource):
    """Depend on it, and on its `PrivateDns`, before anything in the network asks for the service by name."""

    def __init__(
        self, name: str, args: PrivateEndpointArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:network:PrivateEndpoint", name, None, opts)
        site, link = args.site, args.link
        connection = network.PrivateLinkServiceConnectionArgs(
            name=link.key,
            private_link_service_id=args.target,
            group_ids=[link.group],
            request_message=args.request,
        )
        waits = args.request is not None
        endpoint = network.PrivateEndpoint(
            name,
            resource_group_name=site.group,
            private_endpoint_name=site.names.of("private_endpoint", link.key),
            location=site.location,
            subnet=network.SubnetArgs(id=args.network.subnet_ids["private-endpoints"]),
            application_security_groups=[network.ApplicationSecurityGroupArgs(id=args.group)]
            if args.group is not None
            else None,
            custom_network_interface_name=site.names.of("network_interface", link.key),
            private_link_service_connections=None if waits else [connection],
            manual_private_link_service_connections=[connection] if waits else None,
            tags=site.tags,
            opts=child_of(self, create_timeout="20m"),
        )
        network.PrivateDnsZoneGroup(
            f"{name}-zones",
            resource_group_name=site.group,
            private_endpoint_name=endpoint.name,
            private_dns_zone_group_name="default",
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(
                    name=zone.replace(".", "-"), private_dns_zone_id=args.dns.zone_ids[zone]
                )
                for zone in link.zones
            ],
            opts=child_of(self),
        )
        self.register_outputs({"id": endpoint.id})
