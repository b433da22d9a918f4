"""What exists already, by settings: it is looked up and checked, and nothing of it is made or changed."""

import gc
import json
from datetime import date
from typing import Any

import pulumi
import pytest

from infra.alerts import QUERIES
from infra.config import Settings, load
from infra.graph.canonical import dump
from infra.outputs import EstateOutputs
from infra.stack_file import raw_settings
from policies.evaluate import GRAPH_RULES, evaluate
from tests.infra.recording import Graph, record
from tests.infra.scenarios import EXISTING, HUB, LOGS, NAMESPACE, SCOPE, ZONES, central, existing_network


@pytest.fixture(scope="module")
def graph() -> Graph:
    stack, config = central()
    return record(stack, config, existing=EXISTING)


@pytest.fixture(scope="module")
def inside() -> Graph:
    """In a network of others."""
    stack, config, existing = existing_network()
    return record(stack, config, existing=existing)


def test_only_what_settings_name_is_looked_up(graph: Graph, inside: Graph, prod: Graph, stage: Graph) -> None:
    zones = {id_ for id_ in EXISTING if "privateDnsZones" in id_}
    assert set(graph.existing) - zones == {HUB, LOGS, SCOPE}
    used = {zone for link in settings_of_central().private_links for zone in link.zones}
    assert {id_.rpartition("/")[2] for id_ in set(graph.existing) & zones} == used
    assert set(inside.existing.values()) == {"network:VirtualNetwork"}
    assert not prod.existing and not stage.existing, "the accepted graphs depend on settings only"


def settings_of_central() -> Settings:
    stack, config = central()
    return load(raw_settings(config), stack)


def test_logs_of_its_own_may_have_a_scope_of_others() -> None:
    stack, config = central()
    config[f"{NAMESPACE}telemetry"] = {}
    graph = record(stack, config, existing=EXISTING)
    assert graph.one("operationalinsights:Workspace").inputs["publicNetworkAccessForIngestion"] == "Disabled"
    reached = next(rule for rule in GRAPH_RULES if rule.id == "private-has-endpoint")
    assert not list(reached.check(graph))
    graph.existing.pop(SCOPE)
    (found,) = reached.check(graph)
    assert "no private endpoint leads to Azure Monitor" in found[1]


def test_a_graph_is_recorded_from_settings_alone(graph: Graph, inside: Graph) -> None:
    """As for `make golden`, a review or an estimate, of an estate among what others made."""
    stack, config = central()
    assert dump(record(stack, config)) == dump(graph)
    stack, config, _ = existing_network()
    assert dump(record(stack, config)) == dump(inside)


def test_what_is_looked_up_is_not_made(graph: Graph) -> None:
    assert len(graph.all("network:VirtualNetwork")) == 1
    for token in ("operationalinsights:Workspace", "monitor:PrivateLinkScope"):
        assert not graph.all(token), token
    assert {z.name for z in graph.all("privatedns:PrivateZone")} == set()
    assert not graph.all("privatedns:VirtualNetworkLink")
    assert not [r for r in graph.custom if any(id_ == r.inputs.get("id") for id_ in EXISTING)]


def test_nothing_stands_in_a_group_of_others(graph: Graph) -> None:
    groups = {r.inputs["resourceGroupName"] for r in graph.custom if "resourceGroupName" in r.inputs}
    assert groups == {"rg-mlops-prod-weu"}


def test_the_network_is_peered_with_the_hub_from_this_side(graph: Graph) -> None:
    peering = graph.one("network:VirtualNetworkPeering")
    assert peering.inputs["remoteVirtualNetwork"] == {"id": HUB}
    assert peering.inputs["virtualNetworkName"] == "vnet-mlops-prod-weu"
    switches = (
        "allowVirtualNetworkAccess",
        "allowForwardedTraffic",
        "allowGatewayTransit",
        "useRemoteGateways",
    )
    assert [peering.inputs[name] for name in switches] == [True, True, False, True]
    last = graph.all("network:Subnet")[-1]
    assert last.name in peering.depends_on, "Azure writes a network's parts one at a time"
    servers = graph.one("network:VirtualNetwork").inputs["dhcpOptions"]
    assert servers == {"dnsServers": ["10.0.0.4", "10.0.0.5"]}


@pytest.mark.parametrize("name", ["graph", "inside"])
def test_the_policies_hold(request: pytest.FixtureRequest, name: str) -> None:
    """But for the registry of the scenario `private`, which stands in one zone."""
    found = evaluate(request.getfixturevalue(name), date(2026, 11, 29)).failed
    assert {each.rule for each in found} == {"registry-zones"}


def test_names_stand_in_central_zones(graph: Graph) -> None:
    groups = graph.all("network:PrivateDnsZoneGroup")
    assert len(groups) == len(graph.all("network:PrivateEndpoint")) > 5
    for group in groups:
        for config in group.inputs["privateDnsZoneConfigs"]:
            assert config["privateDnsZoneId"].startswith(
                f"{ZONES}/providers/Microsoft.Network/privateDnsZones/"
            )


def test_logs_go_to_central_log_analytics(graph: Graph) -> None:
    assert graph.one("applicationinsights:Component").inputs["workspaceResourceId"] == LOGS
    assert {r.inputs["workspaceId"] for r in graph.all("monitor:DiagnosticSetting")} == {LOGS}
    assert EstateOutputs.model_validate(graph.outputs).log_analytics_id == LOGS


def test_alerts_are_of_this_estate_alone(graph: Graph) -> None:
    rules = {r.name.removeprefix("alerts-"): r for r in graph.all("monitor:ScheduledQueryRule")}
    own = {query.key for query in QUERIES if query.part is None}  # it has no part that may lack
    assert set(rules) == own - {"daily-cap"}
    for rule in rules.values():
        (criterion,) = rule.inputs["criteria"]["allOf"]
        first, second, *_ = criterion["query"].splitlines()
        assert first.endswith(("[]), AppMetrics", "[]), AppEvents"))
        assert second.startswith('| where _ResourceId =~ "id of telemetry-insights"')


def test_workbooks_are_of_this_estate_alone(graph: Graph) -> None:
    books = graph.all("applicationinsights:Workbook")
    assert len(books) == 2
    for book in books:
        text = book.inputs["serializedData"]
        assert json.loads(text)["fallbackResourceIds"] == [LOGS]
        narrowed = text.count(r"\n| where _ResourceId =~ \"id of telemetry-insights\"")
        assert narrowed == text.count('"query": "') > 3


def test_subnets_lead_out_by_two_ways(graph: Graph) -> None:
    subnets = {s.name.removeprefix("network-"): s.inputs for s in graph.all("network:Subnet")}
    assert {key for key, inputs in subnets.items() if "natGateway" in inputs} == {"training", "inference"}
    assert {key for key, inputs in subnets.items() if "routeTable" in inputs} == {"ci-runners"}
    assert graph.one("network:RouteTable").inputs["routes"][0]["nextHopIpAddress"] == "10.0.1.4"


def test_subnets_are_made_in_a_network_of_others(inside: Graph) -> None:
    assert not inside.all("network:VirtualNetwork")
    subnets = inside.all("network:Subnet")
    assert {s.inputs["resourceGroupName"] for s in subnets} == {"rg-landing-zone"}
    assert {s.inputs["virtualNetworkName"] for s in subnets} == {"vnet-landing-zone"}
    assert all(s.inputs["subnetName"].startswith("snet-mlops-prod-") for s in subnets)
    links = inside.all("privatedns:VirtualNetworkLink")
    assert links and all(link.inputs["virtualNetwork"]["id"].endswith("/vnet-landing-zone") for link in links)


def refused(stack: str, config: dict[str, Any], existing: Any) -> str:
    with pytest.raises(pulumi.RunError) as raised:
        record(stack, config, existing=existing)
    return str(raised.value)


def test_a_refusal_is_raised_and_not_written_down_for_each_output_that_waited(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The collector would write them in the middle of whatever comes next, and `ast.parse` fails at that."""
    stack, config = central()
    refused(stack, config, {**EXISTING, HUB: {"addressSpace": {"addressPrefixes": ["10.30.128.0/24"]}}})
    gc.collect()
    assert [line.getMessage()[:60] for line in caplog.records if line.name == "asyncio"] == []


def test_a_hub_that_overlaps_is_refused() -> None:
    stack, config = central()
    found = {**EXISTING, HUB: {"addressSpace": {"addressPrefixes": ["fd00::/48", "10.30.128.0/24"]}}}
    assert (
        'network.addressSpace is "10.30.0.0/16": it overlaps 10.30.128.0/24 of network.hub.virtualNetworkId'
        in refused(stack, config, found)
    )


def test_logs_in_another_region_are_refused() -> None:
    stack, config = central()
    text = refused(stack, config, {**EXISTING, LOGS: {"location": "northeurope"}})
    assert "telemetry.workspaceId is" in text and "it stands in northeurope, the estate in westeurope" in text


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"location": "uksouth"}, "it stands in uksouth, the estate in westeurope; name one there"),
        (
            {"addressSpace": {"addressPrefixes": ["10.99.0.0/16"]}},
            'network.addressSpace is "10.30.0.0/16": network.existing.virtualNetworkId has 10.99.0.0/16',
        ),
        (
            {"subnets": [{"name": "others", "addressPrefix": "10.30.2.128/26"}]},
            'network.subnets.inference is "10.30.2.0/24": the network\'s subnet others has 10.30.2.128/26',
        ),
    ],
)
def test_a_network_without_room_is_refused(told: dict[str, Any], line: str) -> None:
    stack, config, existing = existing_network()
    ((id_, found),) = existing.items()
    assert line in refused(stack, config, {id_: {**found, **told}})


def test_what_nothing_was_said_of_is_not_guessed() -> None:
    stack, config = central()
    with pytest.raises(AssertionError, match="nothing was said of it"):
        record(stack, config, existing={id_: told for id_, told in EXISTING.items() if id_ != HUB})
