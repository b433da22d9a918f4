"""A virtual data centre: a hub with a firewall, a gateway and a bastion host, and spokes around it."""

import pulumi
from pulumi_azure_native import network, resources

SPOKES = pulumi.Config().get_int("spokes") or 4
group = resources.ResourceGroup("datacenter")
gr = group.name


class Net(pulumi.ComponentResource):
    """A network with its subnets, one after the other as Azure wants it."""

    def __init__(self, name: str, space: str, subnets: dict[str, str], route_table=None) -> None:
        super().__init__("datacenter:network:Net", name)
        below = pulumi.ResourceOptions(parent=self)
        self.vnet = network.VirtualNetwork(
            name,
            resource_group_name=gr,
            address_space=network.AddressSpaceArgs(address_prefixes=[space]),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["subnets"]),
        )
        self.subnets: dict[str, network.Subnet] = {}
        for subnet, prefix in subnets.items():
            self.subnets[subnet] = network.Subnet(
                f"{name}-{subnet}",
                subnet_name=subnet,
                resource_group_name=gr,
                virtual_network_name=self.vnet.name,
                address_prefix=prefix,
                route_table=network.RouteTableArgs(id=route_table.id) if route_table else None,
                opts=pulumi.ResourceOptions.merge(
                    below, pulumi.ResourceOptions(depends_on=list(self.subnets.values()))
                ),
            )
        self.register_outputs({"id": self.vnet.id})


def address(name: str) -> network.PublicIPAddress:
    return network.PublicIPAddress(
        name,
        resource_group_name=gr,
        sku=network.PublicIPAddressSkuArgs(name=network.PublicIPAddressSkuName.STANDARD),
        public_ip_allocation_method=network.IPAllocationMethod.STATIC,
    )


hub = Net(
    "hub",
    "10.100.0.0/16",
    {
        "AzureFirewallSubnet": "10.100.0.0/24",
        "AzureBastionSubnet": "10.100.1.0/24",
        "GatewaySubnet": "10.100.2.0/24",
        "shared": "10.100.10.0/24",
    },
)
policy = network.FirewallPolicy("policy", resource_group_name=gr, threat_intel_mode="Alert")
network.FirewallPolicyRuleCollectionGroup(
    "rules",
    resource_group_name=gr,
    firewall_policy_name=policy.name,
    priority=200,
    rule_collections=[
        network.FirewallPolicyFilterRuleCollectionArgs(
            name="web",
            priority=100,
            rule_collection_type="FirewallPolicyFilterRuleCollection",
            action=network.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
            rules=[
                network.NetworkRuleArgs(
                    name="https",
                    rule_type="NetworkRule",
                    ip_protocols=["TCP"],
                    source_addresses=["10.0.0.0/8"],
                    destination_addresses=["*"],
                    destination_ports=["443"],
                )
            ],
        )
    ],
)
firewall = network.AzureFirewall(
    "firewall",
    resource_group_name=gr,
    sku=network.AzureFirewallSkuArgs(name="AZFW_VNet", tier="Standard"),
    firewall_policy=network.SubResourceArgs(id=policy.id),
    ip_configurations=[
        network.AzureFirewallIPConfigurationArgs(
            name="public",
            subnet=network.SubResourceArgs(id=hub.subnets["AzureFirewallSubnet"].id),
            public_ip_address=network.SubResourceArgs(id=address("firewall-ip").id),
        )
    ],
)
inside = firewall.ip_configurations.apply(lambda found: found[0].private_ip_address if found else None)
network.BastionHost(
    "bastion",
    resource_group_name=gr,
    ip_configurations=[
        network.BastionHostIPConfigurationArgs(
            name="public",
            subnet=network.SubResourceArgs(id=hub.subnets["AzureBastionSubnet"].id),
            public_ip_address=network.SubResourceArgs(id=address("bastion-ip").id),
        )
    ],
)
gateway = network.VirtualNetworkGateway(
    "gateway",
    resource_group_name=gr,
    gateway_type=network.VirtualNetworkGatewayType.VPN,
    vpn_type=network.VpnType.ROUTE_BASED,
    sku=network.VirtualNetworkGatewaySkuArgs(name="VpnGw1", tier="VpnGw1"),
    ip_configurations=[
        network.VirtualNetworkGatewayIPConfigurationArgs(
            name="public",
            subnet=network.SubResourceArgs(id=hub.subnets["GatewaySubnet"].id),
            public_ip_address=network.SubResourceArgs(id=address("gateway-ip").id),
        )
    ],
)
through_the_firewall = network.RouteTable(
    "spokes", resource_group_name=gr, disable_bgp_route_propagation=True
)
network.Route(
    "everything",
    resource_group_name=gr,
    route_table_name=through_the_firewall.name,
    address_prefix="0.0.0.0/0",
    next_hop_type=network.RouteNextHopType.VIRTUAL_APPLIANCE,
    next_hop_ip_address=inside,
)
for number in range(1, SPOKES + 1):
    spoke = Net(
        f"spoke{number}",
        f"10.{100 + number}.0.0/16",
        {"apps": f"10.{100 + number}.0.0/24", "data": f"10.{100 + number}.1.0/24"},
        through_the_firewall,
    )
    for one, other in ((hub, spoke), (spoke, hub)):
        network.VirtualNetworkPeering(
            f"{'hub-to' if one is hub else 'to-hub-from'}-spoke{number}",
            resource_group_name=gr,
            virtual_network_name=one.vnet.name,
            remote_virtual_network=network.SubResourceArgs(id=other.vnet.id),
            allow_forwarded_traffic=True,
            allow_gateway_transit=one is hub,
            opts=pulumi.ResourceOptions(depends_on=[*one.subnets.values(), *other.subnets.values(), gateway]),
        )

pulumi.export("firewall", inside)
pulumi.export("id", hub.vnet.id)
