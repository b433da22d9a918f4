"""The virtual network: one subnet and one network security group for each purpose of the address plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import network

from infra import resource_ids
from infra.addresses import Endpoint, Subnet
from infra.components.access import Access
from infra.components.existing import checked
from infra.components.hub import Hub, HubArgs, prefixes_of
from infra.components.outbound import Outbound, OutboundArgs
from infra.components.site import Site, child_of
from infra.components.storage_policy import StoragePolicy, StoragePolicyArgs
from infra.config_errors import Problem
from infra.config_existing import NETWORK, ExistingNetwork
from infra.existing import network_problems, region_problems
from infra.security_rules import Rule, security_rules
from infra.traffic import GATEWAY_GROUP, more_flows


@dataclass(frozen=True, slots=True)
class NetworkArgs:
    site: Site


class Network(pulumi.ComponentResource):
    """subnet_ids by key of the address plan; groups: ids of application security groups by key; access, for
    the services that have a firewall of their own."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:Network", name, None, opts)
        site = self._site = args.site
        self._plan = site.settings.network.plan()
        self._outbound = Outbound("outbound", OutboundArgs(site), pulumi.ResourceOptions(parent=self))
        self._policy: StoragePolicy | None = None
        if site.settings.network.storage_policy:
            inside = pulumi.ResourceOptions(parent=self)
            self._policy = StoragePolicy("storage-policy", StoragePolicyArgs(site), inside)
        self.subnet_ids: dict[str, pulumi.Output[str]] = {}
        self.groups: dict[str, pulumi.Output[str]] = {}
        if site.settings.hub_callers:
            self.groups[GATEWAY_GROUP] = self._application_group(f"{name}-{GATEWAY_GROUP}-group")
        existing = site.settings.network.existing
        last = self._existing(name, existing) if existing else self._virtual_network(name)
        for subnet in self._plan.subnets:
            last = self._subnet(f"{name}-{subnet.key}", subnet, after=last)
        if hub := site.settings.network.hub:
            Hub("hub", HubArgs(site, hub, self._vnet_name, last), pulumi.ResourceOptions(parent=self))
        self.access = Access(
            private=site.settings.private,
            callers=site.settings.callers,
            subnets=self._endpoint_subnets(),
            egress=self._outbound.public_address,
        )
        self.register_outputs({"id": self.id})

    def _virtual_network(self, name: str) -> pulumi.Resource:
        site = self._site
        hub = site.settings.network.hub
        servers = [str(one) for one in hub.dns_servers] if hub else []
        made = network.VirtualNetwork(
            name,
            resource_group_name=site.group,
            virtual_network_name=site.names.of("virtual_network"),
            location=site.location,
            address_space=network.AddressSpaceArgs(address_prefixes=[str(self._plan.space)]),
            dhcp_options=network.DhcpOptionsArgs(dns_servers=servers) if servers else None,
            enable_ddos_protection=False,
            tags=site.tags,
            # Subnets are resources of their own. If the network named them too, each write would drop some.
            opts=child_of(self, ignore_changes=["subnets"]),
        )
        self.id, self._group, self._vnet_name = made.id, site.group, made.name
        return made

    def _existing(self, name: str, chosen: ExistingNetwork) -> pulumi.Resource:
        """The network of others: looked up, and checked for room."""
        site, id_ = self._site, resource_ids.parse(chosen.virtual_network_id, NETWORK)
        found = network.VirtualNetwork.get(f"{name}-existing", chosen.virtual_network_id, child_of(self))
        own = [self._subnet_name(subnet) for subnet in self._plan.subnets]

        def problems(told: list[Any]) -> Iterator[Problem]:
            location, prefixes, taken = told
            setting = "network.existing.virtualNetworkId"
            yield from region_problems(setting, str(id_), location, site.location)
            yield from network_problems(self._plan, own, prefixes, taken)

        told = pulumi.Output.all(
            found.location, found.address_space.apply(prefixes_of), found.subnets.apply(_taken)
        )
        self.id = checked(found.id, told, problems)
        self._group = pulumi.Output.from_input(id_.group)
        self._vnet_name = self.id.apply(lambda _: id_.name)
        return found

    def subnet_name(self, key: str) -> str:
        """The name of one of its subnets, by key of the address plan."""
        return self._subnet_name(next(subnet for subnet in self._plan.subnets if subnet.key == key))

    def _subnet_name(self, subnet: Subnet) -> str:
        """In a network of others the name says whose it is: no other estate's subnet is written over."""
        site = self._site
        kind = "shared_subnet" if site.settings.network.existing else "subnet"
        return site.names.of(kind, subnet.key)

    def _endpoint_subnets(self) -> dict[Endpoint, list[pulumi.Output[str]]]:
        """Whom the firewalls of services let in; nobody in a private estate, which has private endpoints."""
        found: dict[Endpoint, list[pulumi.Output[str]]] = {}
        if self._site.settings.private:
            return found
        for subnet in self._plan.subnets:
            for endpoint in subnet.kind.endpoints:
                found.setdefault(endpoint, []).append(self.subnet_ids[subnet.key])
        return found

    def _endpoints(self, subnet: Subnet) -> tuple[Endpoint, ...]:
        """The subnet's service endpoints; in a private estate only where a policy limits what they reach."""
        if not self._site.settings.private:
            return subnet.kind.endpoints
        return ("Microsoft.Storage",) if self._policy and subnet.kind.guarded else ()

    def _subnet(self, name: str, subnet: Subnet, after: pulumi.Resource) -> network.Subnet:
        """Azure writes one subnet of a network at a time, so each waits for the one before it."""
        site, kind = self._site, subnet.kind
        group = self._security_group(name, subnet.key)
        way = site.settings.way_out(kind)
        nat = self._outbound.nat_gateway_id if way == "natGateway" else None
        routes = self._outbound.route_table_id if way == "firewall" else None
        made = network.Subnet(
            name,
            resource_group_name=self._group,
            virtual_network_name=self._vnet_name,
            subnet_name=self._subnet_name(subnet),
            address_prefix=str(subnet.range),
            default_outbound_access=False,
            network_security_group=network.NetworkSecurityGroupArgs(id=group.id),
            nat_gateway=network.SubResourceArgs(id=nat) if nat else None,
            route_table=network.RouteTableArgs(id=routes) if routes else None,
            delegations=[network.DelegationArgs(name="delegation", service_name=kind.delegation)]
            if kind.delegation
            else [],
            service_endpoints=[
                # No locations: Azure sets them (a region and its pair, or all), and given ones would differ.
                network.ServiceEndpointPropertiesFormatArgs(service=service)
                for service in self._endpoints(subnet)
            ],
            service_endpoint_policies=[network.ServiceEndpointPolicyArgs(id=self._policy.id)]
            if self._policy and kind.guarded
            else [],
            # Security groups and routes hold for private endpoints too.
            private_endpoint_network_policies="Enabled",
            private_link_service_network_policies="Enabled",
            opts=child_of(self, depends_on=[after]),
        )
        self.subnet_ids[subnet.key] = made.id
        return made

    def _security_group(self, name: str, key: str) -> network.NetworkSecurityGroup:
        site = self._site
        cluster = site.settings.kubernetes
        pods = cluster.pod_range if cluster else None
        more = more_flows(site.settings)
        rules = security_rules(key, self._plan, site.location, site.settings.callers, pods, more)
        return network.NetworkSecurityGroup(
            f"{name}-nsg",
            resource_group_name=site.group,
            network_security_group_name=site.names.of("security_group", key),
            location=site.location,
            security_rules=[self._rule(rule) for rule in rules],
            tags=site.tags,
            opts=child_of(self),
        )

    def _application_group(self, name: str) -> pulumi.Output[str]:
        """What security rules name instead of an address: its members are told where they are made."""
        site = self._site
        made = network.ApplicationSecurityGroup(
            name,
            resource_group_name=site.group,
            application_security_group_name=site.names.of("application_group", GATEWAY_GROUP),
            location=site.location,
            tags=site.tags,
            opts=child_of(self),
        )
        return made.id

    def _rule(self, rule: Rule) -> network.SecurityRuleArgs:
        """ARM has one property for a single value and another for several."""
        source, destination, ports = rule.source, rule.destination, rule.ports
        members = [network.ApplicationSecurityGroupArgs(id=self.groups[rule.group])] if rule.group else None
        return network.SecurityRuleArgs(
            name=rule.name,
            description=rule.description,
            priority=rule.priority,
            direction=rule.direction,
            access=rule.access,
            protocol=rule.protocol,
            source_port_range="*",
            source_address_prefix=source[0] if len(source) == 1 else None,
            source_address_prefixes=list(source) if len(source) > 1 else None,
            destination_address_prefix=destination[0] if len(destination) == 1 else None,
            destination_address_prefixes=list(destination) if len(destination) > 1 else None,
            destination_application_security_groups=members,
            destination_port_range=ports[0] if len(ports) == 1 else None,
            destination_port_ranges=list(ports) if len(ports) > 1 else None,
        )


def _taken(subnets: Sequence[network.outputs.SubnetResponse] | None) -> dict[str, list[str]]:
    """The ranges of a network's subnets by their names."""
    return {one.name or "": list(one.address_prefixes or [one.address_prefix or ""]) for one in subnets or []}
