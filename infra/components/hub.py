"""The peering with a hub, from this side. The other is its owner's: docs/estate.md says how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from infra import config_existing
from infra.components.existing import checked
from infra.components.site import Site, child_of
from infra.config_errors import Problem
from infra.existing import hub_problems


@dataclass(frozen=True, slots=True)
class HubArgs:
    """settings: the section `network.hub`. virtual_network: name of the estate's own network.

    after: its last subnet, as Azure writes a network's subnets and peerings one at a time.
    """

    site: Site
    settings: config_existing.Hub
    virtual_network: pulumi.Output[str]
    after: pulumi.Resource


class Hub(pulumi.ComponentResource):
    def __init__(self, name: str, args: HubArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:Hub", name, None, opts)
        site, wanted = args.site, args.settings.virtual_network_id
        found = network.VirtualNetwork.get(f"{name}-network", wanted, child_of(self))

        def problems(prefixes: list[str]) -> Iterator[Problem]:
            return hub_problems(site.settings.network.address_space, prefixes)

        network.VirtualNetworkPeering(
            f"{name}-peering",
            resource_group_name=site.group,
            virtual_network_name=args.virtual_network,
            virtual_network_peering_name=site.names.of("peering"),
            remote_virtual_network=network.SubResourceArgs(
                id=checked(found.id, found.address_space.apply(prefixes_of), problems)
            ),
            allow_virtual_network_access=True,
            # A firewall in the hub hands over what came from elsewhere. The security groups decide on it.
            allow_forwarded_traffic=True,
            allow_gateway_transit=False,
            use_remote_gateways=args.settings.use_gateway,
            opts=child_of(self, depends_on=[args.after]),
        )
        self.register_outputs({})


def prefixes_of(space: network.outputs.AddressSpaceResponse | None) -> list[str]:
    """The ranges of a network that was looked up."""
    return list(space.address_prefixes or []) if space else []
