"""Settings that name what exists, and the ways out: each wrong one is refused with one line."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import resource_ids
from infra.config import load
from infra.config_errors import ConfigError
from infra.config_existing import LOGS as LOGS_TYPE
from infra.config_existing import NETWORK
from infra.stack_file import raw_settings
from tests.infra.scenarios import HUB, LOGS, SCOPE, ZONES, central, existing_network

GONE = object()
GROUP = "/subscriptions/0a7c1e5d-0000-4000-8000-00000000000b/resourceGroups/RG-mlops-prod-weu"
VNET = "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NAME"
KUBERNETES = {"systemNodes": {"minNodes": 1}, "userNodes": {"minNodes": 1}}

# {dotted path: value or GONE} over the scenario `central`; the setting; how its line goes on
WRONG: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"network.hub.virtualNetworkId": "vnet-hub"}, "network.hub.virtualNetworkId", f"id, as {VNET}"),
    ({"network.hub.virtualNetworkId": 7}, "network.hub.virtualNetworkId", "write the whole resource id"),
    (
        {"network.hub.virtualNetworkId": LOGS},
        "network.hub.virtualNetworkId",
        f"this names a Microsoft.OperationalInsights/workspaces; write {VNET}",
    ),
    (
        {"network.hub.virtualNetworkId": HUB.replace("0a7c1e5d-0000", "platform")},
        "network.hub.virtualNetworkId",
        "is no subscription's UUID",
    ),
    ({"network.hub.virtualNetworkId": GONE}, "network.hub.virtualNetworkId", "set it"),
    (
        {"network.hub.dnsServers": ["dns.example.com"]},
        "network.hub.dnsServers[0]",
        "write an IPv4 address as 10.0.0.4",
    ),
    ({"network.hub.dns": []}, "network.hub.dns", "there is no such setting"),
    (
        {"network.centralZones": GONE, "privateLink": {"monitor": True}, "telemetry": {}},
        "network.hub.dnsServers",
        "they do not see zones of the estate's own; set network.centralZones",
    ),
    (
        {"kubernetes": KUBERNETES, "network.subnets.kubernetes": "10.30.8.0/21"},
        "network.hub.dnsServers",
        "they do not see the cluster's own zone",
    ),
    (
        {"network.centralZones.resourceGroupId": f"{ZONES}/providers/Microsoft.Network/privateDnsZones/a.b"},
        "network.centralZones.resourceGroupId",
        "this names a Microsoft.Network/privateDnsZones; write /subscriptions/SUBSCRIPTION/resourceGroups",
    ),
    (
        {"network.centralZones.resourceGroupId": GROUP},
        "network.centralZones.resourceGroupId",
        "this is the estate's own group",
    ),
    (
        {"network.centralZones": GONE, "network.hub.dnsServers": []},
        "privateLink.monitorScopeId",
        "its zone privatelink.blob.core.windows.net and the estate's own cannot both be linked",
    ),
    (
        {"telemetry.workspaceId": SCOPE},
        "telemetry.workspaceId",
        "this names a Microsoft.Insights/privateLink",
    ),
    (
        {"telemetry.retentionDays": 90},
        "telemetry.retentionDays",
        "the owner of telemetry.workspaceId decides",
    ),
    ({"telemetry.dailyCapGb": 5}, "telemetry.dailyCapGb", "the owner of telemetry.workspaceId decides"),
    ({"privateLink": {"monitor": True}}, "privateLink.monitor", "does not hold telemetry.workspaceId"),
    (
        {"privateLink.monitor": True, "telemetry": {}},
        "privateLink.monitor",
        "privateLink.monitorScopeId names the network's one scope; set false",
    ),
    ({"privateLink": {}}, "privateLink.monitor", "takes no telemetry by public addresses"),
    (
        {"network.existing": {"virtualNetworkId": HUB}, "network.hub": GONE},
        "network.existing.virtualNetworkId",
        "subnets are made in subscription 0a7c1e5d-0000-4000-8000-00000000000b alone",
    ),
    (
        {"outbound.nextHopIp": GONE},
        "outbound.subnets.ciRunners",
        "nothing else leads out, and CI runners fetch their jobs; set true, or outbound.nextHopIp",
    ),
    ({"outbound.subnets.inference": False}, "outbound.subnets.inference", "go out by a NAT gateway alone"),
    ({"outbound.subnets.privateEndpoints": True}, "outbound.subnets.privateEndpoints", "need no way out"),
    (
        {"outbound.subnets.runners": False},
        "outbound.subnets.runners",
        "there is no such subnet, only training",
    ),
    ({"outbound.subnets": {}}, "outbound.nextHopIp", "the NAT gateway leads every subnet out; leave it out"),
    ({"outbound.nextHopIp": "10.30.3.133"}, "outbound.nextHopIp", "would send its traffic in a circle"),
    ({"outbound.subnets.ciRunners": "maybe"}, "outbound.subnets.ciRunners", "set true or false"),
)


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    _, config = central()
    raw = raw_settings(config)
    for path, value in changes.items():
        *parents, last = path.split(".")
        holder = raw
        for key in parents:
            holder = holder[key]
        if value is GONE:
            del holder[last]
        else:
            holder[last] = value
    return raw


@pytest.mark.parametrize(("changes", "setting", "advice"), WRONG)
def test_what_is_wrong_is_said_in_one_line(changes: dict[str, Any], setting: str, advice: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(changed(changes), "prod")
    (problem,) = refusal.value.problems
    assert problem.setting == setting
    assert advice in problem.advice


def test_peerings_of_an_existing_network_are_its_owners() -> None:
    stack, config, _ = existing_network()
    raw = raw_settings(config)
    raw["network"]["hub"] = {"virtualNetworkId": HUB}
    with pytest.raises(ConfigError, match=r"network\.hub\.virtualNetworkId .* leave network\.hub out"):
        load(raw, stack)


@given(
    st.sampled_from([NETWORK, LOGS_TYPE, resource_ids.GROUP]),
    st.from_regex(r"[a-z][\w-]{1,20}", fullmatch=True),
)
def test_an_id_is_read_whatever_its_case(type_: str, name: str) -> None:
    id_ = resource_ids.ResourceId("0a7c1e5d-0000-4000-8000-00000000000b", name, type_, name if type_ else "")
    assert resource_ids.parse(str(id_), type_) == id_
    upper = resource_ids.parse(str(id_).upper(), type_)
    assert (upper.subscription, upper.type) == (id_.subscription, id_.type)


@given(st.text(max_size=80))
def test_what_is_no_id_is_refused_with_its_form(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"write /subscriptions/|write the whole resource id, as /subscriptions/"
    ):
        resource_ids.parse(text, NETWORK)
