"""The ways out of the virtual network: a NAT gateway of its own, a route to a firewall, or both."""

from dataclasses import dataclass
from ipaddress import IPv4Address

import pulumi
from pulumi_azure_native import network

from infra.components.site import Site, child_of
from infra.config import FirewallOutbound, NatGatewayOutbound, NoOutbound


@dataclass(frozen=True, slots=True)
class OutboundArgs:
    site: Site


class Outbound(pulumi.ComponentResource):
    """nat_gateway_id, route_table_id, for the subnets; public_address: where traffic leaves, if ours."""

    def __init__(self, name: str, args: OutboundArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:Outbound", name, None, opts)
        self.nat_gateway_id: pulumi.Output[str] | None = None
        self.route_table_id: pulumi.Output[str] | None = None
        self.public_address: pulumi.Output[str] | None = None
        outbound = args.site.settings.outbound
        match outbound:
            case NatGatewayOutbound():
                self._nat_gateway(name, args.site, outbound)
                if outbound.next_hop_ip:
                    self._route_table(name, args.site, outbound.next_hop_ip)
            case FirewallOutbound():
                self._route_table(name, args.site, outbound.next_hop_ip)
            case NoOutbound():
                pass
        self.register_outputs({})

    def _nat_gateway(self, name: str, site: Site, outbound: NatGatewayOutbound) -> None:
        zones = [outbound.zone] if outbound.zone else None
        every_zone = ["1", "2", "3"] if site.settings.region.zones else None
        address = network.PublicIPAddress(
            f"{name}-address",
            resource_group_name=site.group,
            public_ip_address_name=site.names.of("public_ip", "outbound"),
            location=site.location,
            sku=network.PublicIPAddressSkuArgs(name="Standard", tier="Regional"),
            public_ip_allocation_method="Static",
            public_ip_address_version="IPv4",
            # A NAT gateway in one zone takes only an address of the same zone.
            zones=zones or every_zone,
            tags=site.tags,
            opts=child_of(self),
        )
        gateway = network.NatGateway(
            f"{name}-nat",
            resource_group_name=site.group,
            nat_gateway_name=site.names.of("nat_gateway"),
            location=site.location,
            sku=network.NatGatewaySkuArgs(name="Standard"),
            idle_timeout_in_minutes=outbound.idle_minutes,
            public_ip_addresses=[network.SubResourceArgs(id=address.id)],
            zones=zones,
            tags=site.tags,
            opts=child_of(self),
        )
        self.nat_gateway_id = gateway.id
        self.public_address = address.ip_address.apply(lambda ip: ip or "")

    def _route_table(self, name: str, site: Site, firewall: IPv4Address) -> None:
        table = network.RouteTable(
            f"{name}-routes",
            resource_group_name=site.group,
            route_table_name=site.names.of("route_table"),
            location=site.location,
            # Routes learned from a hub must not lead around the firewall.
            disable_bgp_route_propagation=True,
            routes=[
                network.RouteArgs(
                    name="to-firewall",
                    address_prefix="0.0.0.0/0",
                    next_hop_type="VirtualAppliance",
                    next_hop_ip_address=str(firewall),
                )
            ],
            tags=site.tags,
            opts=child_of(self),
        )
        self.route_table_id = table.id
