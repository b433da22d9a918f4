"""The rules between what exists already and what the estate makes itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Final

from pydantic.alias_generators import to_camel

from infra import resource_ids
from infra.config_errors import Problem
from infra.config_existing import NETWORK
from infra.private_link import links_of, zones_of

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]


def names_resolve_by_the_hubs_servers(settings: Settings, _: str) -> Iterator[Problem]:
    """A zone of the estate's own is linked to its own network alone, where the hub's servers do not ask."""
    hub = settings.network.hub
    if not hub or not hub.dns_servers:
        return
    servers = [str(one) for one in hub.dns_servers]
    if settings.network.central_zones is None:
        yield Problem(
            "network.hub.dnsServers",
            servers,
            "they do not see zones of the estate's own; set network.centralZones, or leave them out",
        )
    if settings.kubernetes:
        yield Problem(
            "network.hub.dnsServers",
            servers,
            "they do not see the cluster's own zone, and its nodes would not find it; leave them out, or the "
            "section kubernetes",
        )


def central_zones_are_elsewhere(settings: Settings, _: str) -> Iterator[Problem]:
    central = settings.network.central_zones
    if central is None:
        return
    group = resource_ids.parse(central.resource_group_id, resource_ids.GROUP)
    own = settings.names().of("resource_group")
    if (group.subscription, group.group.lower()) == (settings.azure.subscription_id, own.lower()):
        yield Problem(
            "network.centralZones.resourceGroupId",
            central.resource_group_id,
            "this is the estate's own group; name the central one, or leave network.centralZones out",
        )


def an_existing_network_has_its_owner(settings: Settings, _: str) -> Iterator[Problem]:
    chosen = settings.network
    if chosen.existing is None:
        return
    vnet = chosen.existing.virtual_network_id
    if resource_ids.parse(vnet, NETWORK).subscription != settings.azure.subscription_id:
        yield Problem(
            "network.existing.virtualNetworkId",
            vnet,
            f"subnets are made in subscription {settings.azure.subscription_id} alone; name a network there",
        )
    if chosen.hub:
        yield Problem(
            "network.hub.virtualNetworkId",
            chosen.hub.virtual_network_id,
            "peerings of a network that exists are its owner's to make; leave network.hub out",
        )


def one_scope_of_monitor(settings: Settings, _: str) -> Iterator[Problem]:
    """A network asks one private link scope: its zones hold every name of Azure Monitor."""
    chosen = settings.private_link
    if chosen.monitor_scope_id is None:
        return
    if chosen.monitor:
        yield Problem(
            "privateLink.monitor", True, "privateLink.monitorScopeId names the network's one scope; set false"
        )
    shared = set(zones_of(links_of(("monitor",)))) & set(zones_of(settings.private_links))
    if shared and not chosen.monitor and settings.network.central_zones is None:
        yield Problem(
            "privateLink.monitorScopeId",
            chosen.monitor_scope_id,
            f"its zone {min(shared)} and the estate's own cannot both be linked to the network; set "
            "network.centralZones",
        )


def private_telemetry_has_a_way_in(settings: Settings, _: str) -> Iterator[Problem]:
    chosen = settings.private_link
    if settings.private and not chosen.monitor and chosen.monitor_scope_id is None:
        yield Problem(
            "privateLink.monitor",
            False,
            "a private estate takes no telemetry by public addresses, so it would reach nothing; set true, "
            "or privateLink.monitorScopeId to a scope that this network reaches",
        )


def central_logs_have_their_owner(settings: Settings, _: str) -> Iterator[Problem]:
    chosen = settings.telemetry
    if chosen.workspace_id is None:
        return
    for field in sorted(chosen.model_fields_set - {"workspace_id"}):
        yield Problem(
            f"telemetry.{to_camel(field)}",
            getattr(chosen, field),
            "the owner of telemetry.workspaceId decides on it; leave it out",
        )


def central_logs_have_a_central_scope(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.telemetry.workspace_id and settings.private_link.monitor:
        yield Problem(
            "privateLink.monitor",
            True,
            "a scope of the estate's own does not hold telemetry.workspaceId, which is others'; name the "
            "scope that does in privateLink.monitorScopeId, and set false",
        )


def callers_come_to_a_private_gateway(settings: Settings, _: str) -> Iterator[Problem]:
    hub = settings.network.hub
    if hub is None or not hub.callers:
        return
    callers = [str(one) for one in hub.callers]
    if settings.gateway is None:
        yield Problem(
            "network.hub.callers",
            callers,
            "there is no gateway that they could call; set the section gateway, or leave them out",
        )
    elif not settings.private:
        yield Problem(
            "network.hub.callers",
            callers,
            "this gateway is public, and no way leads to it through the hub; list public ranges in "
            "networkAccess.allowedRanges, and leave these out",
        )


def callers_are_others(settings: Settings, _: str) -> Iterator[Problem]:
    """Azure refuses ranges of a rule that overlap; what the estate's own subnets may do is in traffic.py."""
    hub = settings.network.hub
    listed = list(enumerate(hub.callers if hub else ()))
    for place, one in listed:
        if one.overlaps(settings.network.address_space):
            yield Problem(
                f"network.hub.callers[{place}]",
                str(one),
                f"it overlaps network.addressSpace, {settings.network.address_space}; list ranges of the "
                "hub, or of what lies behind it",
            )
    for (first, one), (second, other) in combinations(listed, 2):
        if one.overlaps(other):
            yield Problem(
                f"network.hub.callers[{second}]",
                str(other),
                f"it overlaps network.hub.callers[{first}], {one}, and Azure takes no address twice; keep "
                "the wider",
            )


EXISTING_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset({"network", "kubernetes"}), names_resolve_by_the_hubs_servers),
    (frozenset({"azure", "environment", "project", "network"}), central_zones_are_elsewhere),
    (frozenset({"azure", "network"}), an_existing_network_has_its_owner),
    (frozenset({"network", "network_access", "gateway"}), callers_come_to_a_private_gateway),
    (frozenset({"network"}), callers_are_others),
    (
        frozenset({"network", "network_access", "private_link", "data_lake", "gateway"}),
        one_scope_of_monitor,
    ),
    (frozenset({"network_access", "private_link"}), private_telemetry_has_a_way_in),
    (frozenset({"telemetry"}), central_logs_have_their_owner),
    (frozenset({"telemetry", "private_link"}), central_logs_have_a_central_scope),
)
