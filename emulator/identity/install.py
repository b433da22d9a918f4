"""Identity: who asks, proven by a token, and what they may do, by role assignments."""

from __future__ import annotations

from typing import Final

from emulator.arm.ids import parse
from emulator.arm.links import linked
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.hosts import Hosts
from emulator.identity.authority import HOSTS
from emulator.identity.directory import SIGNED_IN
from emulator.identity.graph import HOST as GRAPH_HOST
from emulator.identity.graph import Graph
from emulator.identity.service import Identity
from emulator.identity.workloads import IMDS_HOST

# what it takes to point at a resource from the body of another
LINKED_ACTIONS: Final = {
    "microsoft.managedidentity/userassignedidentities": (
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
    ),
    "microsoft.network/virtualnetworks/subnets": "Microsoft.Network/virtualNetworks/subnets/join/action",
    "microsoft.network/networksecuritygroups": "Microsoft.Network/networkSecurityGroups/join/action",
    "microsoft.network/natgateways": "Microsoft.Network/natGateways/join/action",
    "microsoft.network/publicipaddresses": "Microsoft.Network/publicIPAddresses/join/action",
    "microsoft.network/routetables": "Microsoft.Network/routeTables/join/action",
}

# What it takes to name a subnet in the firewall of a storage account ("Create a virtual network rule for
# Azure Storage", read 2026-11) or of a vault.
BY_SERVICE_ENDPOINT: Final = "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"


def install(arm: Arm, hosts: Hosts, identity: Identity) -> None:
    """Routes of the authority and of the metadata service; the right to link resources."""
    for host in HOSTS:
        hosts.route(host, identity.authority.handle)
    hosts.route(IMDS_HOST, identity.workloads.imds)
    hosts.route(GRAPH_HOST, Graph(identity).handle)

    @arm.before_put("*")
    def may_link(put: Put) -> None:
        if put.principal is None or put.principal.object_id == SIGNED_IN.object_id:
            return
        for path, text in linked(put.resource):
            parsed = parse(text)
            action = LINKED_ACTIONS.get(parsed.type.lower()) if parsed else None
            if action and ".virtualNetworkRules[" in path:
                action = BY_SERVICE_ENDPOINT
            if action and not identity.allowed(put.principal, action, text):
                raise AzureError(
                    403,
                    "LinkedAuthorizationFailed",
                    f"The client '{put.principal.client_id}' ({put.principal.name}) may write '{put.id}'; "
                    "however, "
                    f"it may not perform action '{action}' on the linked scope '{text}' ({path}).",
                )
