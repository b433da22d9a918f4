"""Private endpoints: what has one, that its names resolve inside, and who waits for it."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.config import load
from infra.config_private_link import OPTIONAL
from infra.private_link import LINKS, links_of, zones_of
from infra.security_rules import security_rules
from tests.infra.recording import Graph
from tests.infra.settings import STACKS, raw_settings, settings_of

BLOB = "privatelink.blob.core.windows.net"
# The type of what a private endpoint leads to, and the groups of it that a private estate has to reach.
PRIVATE: dict[tuple[str, str], set[str]] = {
    ("machinelearningservices:Workspace", "workspace"): {"amlworkspace"},
    ("storage:StorageAccount", "storage"): {"blob", "file", "queue", "table"},
    ("storage:StorageAccount", "lake"): {"blob", "dfs"},
    ("keyvault:Vault", "vault"): {"vault"},
    ("keyvault:Vault", "learning-vault"): {"vault"},
    ("containerregistry:Registry", "registry"): {"registry"},
    ("monitor:PrivateLinkScope", "monitor-scope"): {"azuremonitor"},
    ("apimanagement:ApiManagementService", "gateway"): {"Gateway"},
}
# By the settings' name of it: the type and groups of what the bootstrap made, which is no part of the graph.
RELEASES = {
    "releases": ("Microsoft.Storage/storageAccounts", {"blob"}),
    "releaseVault": ("Microsoft.KeyVault/vaults", {"vault"}),
}


def reached(graph: Graph) -> dict[str, set[str]]:
    """Group ids of the private endpoints, by the id that they lead to."""
    found: dict[str, set[str]] = {}
    for endpoint in graph.all("network:PrivateEndpoint"):
        (connection,) = endpoint.inputs["privateLinkServiceConnections"]
        found.setdefault(connection["privateLinkServiceId"], set()).update(connection["groupIds"])
    return found


def test_what_is_private_in_production_has_its_endpoints(prod: Graph) -> None:
    releases = settings_of("prod").releases
    assert releases and set(releases.targets) == set(RELEASES)
    wanted = {f"id of {name}": groups for (_, name), groups in PRIVATE.items()}
    for service, target in releases.targets.items():
        arm_type, groups = RELEASES[service]
        assert target.startswith(f"{releases.group_id}/providers/{arm_type}/")
        wanted[target] = groups
    assert reached(prod) == wanted
    for token, name in PRIVATE:
        assert prod.one(token, name)
    closed = {
        r.name
        for r in prod.custom
        if "Disabled"
        in (r.inputs.get("publicNetworkAccess"), r.inputs.get("properties", {}).get("publicNetworkAccess"))
    }
    assert closed <= {name for _, name in PRIVATE}


def test_stage_has_the_workspaces_alone(stage: Graph) -> None:
    assert reached(stage) == {"id of workspace": {"amlworkspace"}}


@pytest.mark.parametrize("stack", STACKS)
def test_each_zone_is_made_once_and_linked_to_the_network(graphs: dict[str, Graph], stack: str) -> None:
    graph = graphs[stack]
    wanted = zones_of(settings_of(stack).private_links)
    assert len(set(wanted)) == len(wanted)
    made = [zone.inputs["privateZoneName"] for zone in graph.all("privatedns:PrivateZone")]
    # The cluster's control plane writes into a zone of its own, by no endpoint of the estate.
    wanted += tuple(zone for zone in made if zone.endswith(".azmk8s.io"))
    assert sorted(made) == sorted(wanted)
    links = graph.all("privatedns:VirtualNetworkLink")
    assert sorted(link.inputs["privateZoneName"] for link in links) == sorted(wanted)
    assert {link.inputs["virtualNetwork"]["id"] for link in links} == {"id of network"}
    assert not any(link.inputs["registrationEnabled"] for link in links)


@pytest.mark.parametrize("stack", STACKS)
def test_each_endpoint_has_all_zones_of_its_group(graphs: dict[str, Graph], stack: str) -> None:
    graph = graphs[stack]
    zones = {f"id of {z.name}": z.inputs["privateZoneName"] for z in graph.all("privatedns:PrivateZone")}
    groups = {g.inputs["privateEndpointName"]: g for g in graph.all("network:PrivateDnsZoneGroup")}
    for link in settings_of(stack).private_links:
        endpoint = graph.one("network:PrivateEndpoint", f"{link.key}-endpoint")
        assert endpoint.inputs["subnet"]["id"] == "id of network-private-endpoints"
        configs = groups[endpoint.inputs["privateEndpointName"]].inputs["privateDnsZoneConfigs"]
        assert {zones[one["privateDnsZoneId"]] for one in configs} == set(link.zones)
    assert len(groups) == len(graph.all("network:PrivateEndpoint"))


@pytest.mark.parametrize("stack", STACKS)
def test_the_cluster_waits_for_every_endpoint_and_its_names(graphs: dict[str, Graph], stack: str) -> None:
    """Azure makes no node without a public address before it, and a node finds Azure ML by these names."""
    graph = graphs[stack]
    cluster = next(r for r in graph.resources if r.type == "mlops:learning:Compute")
    waited = ("network:PrivateDnsZoneGroup", "privatedns:VirtualNetworkLink", "network:PrivateEndpoint")
    others = ("gateway-endpoint", "gateway-endpoint-zones", "kubernetes-zone-link")  # no node asks for them
    for token in waited:
        assert {r.name for r in graph.all(token)} - set(others) <= cluster.depends_on


def test_the_blob_zone_is_shared(prod: Graph) -> None:
    (zone,) = [z for z in prod.all("privatedns:PrivateZone") if z.inputs["privateZoneName"] == BLOB]
    sharing = {
        group.name
        for group in prod.all("network:PrivateDnsZoneGroup")
        if f"id of {zone.name}" in {c["privateDnsZoneId"] for c in group.inputs["privateDnsZoneConfigs"]}
    }
    kinds = ("blob", "lake-blob", "releases", "azuremonitor")
    assert sharing == {f"{kind}-endpoint-zones" for kind in kinds}


def test_azure_monitors_scope_is_open_and_holds_logs_and_insights(prod: Graph) -> None:
    scope = prod.one("monitor:PrivateLinkScope")
    assert scope.inputs["accessModeSettings"] == {"ingestionAccessMode": "Open", "queryAccessMode": "Open"}
    held = {one.inputs["linkedResourceId"] for one in prod.all("monitor:PrivateLinkScopedResource")}
    assert held == {"id of telemetry-logs", "id of telemetry-insights"}


def test_file_shares_are_reached_by_smb() -> None:
    """Storage's file endpoint needs port 445, at the endpoints as at the public name."""
    plan = settings_of("prod").network.plan()
    for key, direction in (("training", "Outbound"), ("private-endpoints", "Inbound")):
        rules = security_rules(key, plan, "westeurope", ())
        assert any("445" in rule.ports for rule in rules if rule.direction == direction), key


def test_the_table_tells_endpoints_apart() -> None:
    assert len({link.key for link in LINKS}) == len(LINKS)
    assert len({(link.service, link.group) for link in LINKS}) == len(LINKS)
    triggers = {"triggers", "triggerStorage", "scoringFunction", "scoringFunctionStorage"}
    others = {"workspace", "monitor", "gateway", "predictions", *RELEASES, *triggers}
    assert {link.service for link in LINKS} == {*others, *OPTIONAL}


@given(st.sets(st.sampled_from(OPTIONAL)), st.booleans(), st.booleans())
def test_what_is_asked_for_is_made(services: set[str], monitor: bool, lake: bool) -> None:
    raw = copy.deepcopy(raw_settings("stage"))
    asked: dict[str, Any] = {"services": sorted(services), "monitor": monitor}
    raw["privateLink"] = asked
    if not lake:
        del raw["dataLake"], raw["retraining"]
    found = load(raw, "stage").private_links
    expected = {"workspace", *services, *(["monitor"] if monitor else [])} - (set() if lake else {"dataLake"})
    assert {link.service for link in found} == expected
    assert found == links_of(expected)
