"""The types of Microsoft.Network: networks, addresses, private endpoints, DNS zones, gateways and firewalls.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row
from emulator.arm.name_rules import WORD

NET: Final = "Microsoft.Network"
NAME: Final = NameRule(
    1, 80, r"[A-Za-z0-9](?:[\w.-]*\w)?", f"{WORD}, ending with a letter, digit or underscore"
)
ZONE: Final = NameRule(1, 253, r"(?:[\w-]+\.)+[\w-]+", "a DNS zone of at least two labels")

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(f"{NET}/virtualNetworks/{{virtualNetworkName}}", "network:VirtualNetwork", name=NAME,
        inline={"subnets": f"{NET}/virtualNetworks/subnets"}),
    Row(f"{NET}/virtualNetworks/{{virtualNetworkName}}/subnets/{{subnetName}}", "network:Subnet", name=NAME),
    Row(f"{NET}/virtualNetworks/{{virtualNetworkName}}/virtualNetworkPeerings/{{virtualNetworkPeeringName}}",
        "network:VirtualNetworkPeering", name=NAME),
    Row(f"{NET}/networkSecurityGroups/{{networkSecurityGroupName}}", "network:NetworkSecurityGroup",
        name=NAME, inline={"securityRules": f"{NET}/networkSecurityGroups/securityRules"}),
    Row(f"{NET}/networkSecurityGroups/{{networkSecurityGroupName}}/securityRules/{{securityRuleName}}",
        "network:SecurityRule", name=NAME),
    Row(f"{NET}/routeTables/{{routeTableName}}", "network:RouteTable", name=NAME,
        inline={"routes": f"{NET}/routeTables/routes"}),
    Row(f"{NET}/routeTables/{{routeTableName}}/routes/{{routeName}}", "network:Route", name=NAME),
    Row(f"{NET}/serviceEndpointPolicies/{{serviceEndpointPolicyName}}", "network:ServiceEndpointPolicy",
        name=NAME,
        inline={"serviceEndpointPolicyDefinitions":
                f"{NET}/serviceEndpointPolicies/serviceEndpointPolicyDefinitions"}),
    Row(f"{NET}/serviceEndpointPolicies/{{serviceEndpointPolicyName}}/serviceEndpointPolicyDefinitions/"
        "{serviceEndpointPolicyDefinitionName}", "network:ServiceEndpointPolicyDefinition", name=NAME),
    Row(f"{NET}/natGateways/{{natGatewayName}}", "network:NatGateway", name=NAME),
    Row(f"{NET}/publicIPAddresses/{{publicIpAddressName}}", "network:PublicIPAddress", name=NAME),
    Row(f"{NET}/publicIPPrefixes/{{publicIpPrefixName}}", "network:PublicIPPrefix", name=NAME),
    Row(f"{NET}/privateEndpoints/{{privateEndpointName}}", "network:PrivateEndpoint", name=NAME),
    Row(f"{NET}/privateEndpoints/{{privateEndpointName}}/privateDnsZoneGroups/{{privateDnsZoneGroupName}}",
        "network:PrivateDnsZoneGroup", name=NAME),
    Row(f"{NET}/loadBalancers/{{loadBalancerName}}", "network:LoadBalancer", name=NAME,
        inline={"backendAddressPools": f"{NET}/loadBalancers/backendAddressPools"}),
    Row(f"{NET}/loadBalancers/{{loadBalancerName}}/backendAddressPools/{{backendAddressPoolName}}",
        "network:LoadBalancerBackendAddressPool", name=NAME),
    Row(f"{NET}/networkInterfaces/{{networkInterfaceName}}", "network:NetworkInterface", name=NAME),
    Row(f"{NET}/applicationSecurityGroups/{{applicationSecurityGroupName}}",
        "network:ApplicationSecurityGroup", name=NAME),
    Row(f"{NET}/privateDnsZones/{{privateZoneName}}", "privatedns:PrivateZone", name=ZONE),
    Row(f"{NET}/privateDnsZones/{{privateZoneName}}/virtualNetworkLinks/{{virtualNetworkLinkName}}",
        "privatedns:VirtualNetworkLink", name=NAME),
    Row(f"{NET}/privateDnsZones/{{privateZoneName}}/{{recordType}}/{{relativeRecordSetName}}",
        "privatedns:PrivateRecordSet"),
    Row(f"{NET}/azureFirewalls/{{azureFirewallName}}", "network:AzureFirewall", name=NAME),
    Row(f"{NET}/firewallPolicies/{{firewallPolicyName}}", "network:FirewallPolicy", name=NAME),
    Row(f"{NET}/firewallPolicies/{{firewallPolicyName}}/ruleCollectionGroups/{{ruleCollectionGroupName}}",
        "network:FirewallPolicyRuleCollectionGroup", name=NAME),
    Row(f"{NET}/bastionHosts/{{bastionHostName}}", "network:BastionHost", name=NAME),
    Row(f"{NET}/virtualNetworkGateways/{{virtualNetworkGatewayName}}", "network:VirtualNetworkGateway",
        name=NAME),
    Row(f"{NET}/localNetworkGateways/{{localNetworkGatewayName}}", "network:LocalNetworkGateway", name=NAME),
    Row(f"{NET}/connections/{{virtualNetworkGatewayConnectionName}}",
        "network:VirtualNetworkGatewayConnection", name=NAME),
    Row(f"{NET}/applicationGateways/{{applicationGatewayName}}", "network:ApplicationGateway", name=NAME),
    Row(f"{NET}/ddosProtectionPlans/{{ddosProtectionPlanName}}", "network:DdosProtectionPlan", name=NAME),
    Row(f"{NET}/networkWatchers/{{networkWatcherName}}", "network:NetworkWatcher", name=NAME),
    Row(f"{NET}/ipGroups/{{ipGroupsName}}", "network:IpGroup", name=NAME),
    Row(f"{NET}/dnsZones/{{zoneName}}", "dns:Zone", name=ZONE),
    Row(f"{NET}/dnsZones/{{zoneName}}/{{recordType}}/{{relativeRecordSetName}}", "dns:RecordSet"),
)
# fmt: on
