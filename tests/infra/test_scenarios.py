"""Each scenario's graph: what its switches make, and what holds whatever they are."""

import pytest

from infra.config import load
from infra.outputs import EstateOutputs
from infra.roles import IDENTITIES, grants_on
from infra.stack_file import raw_settings
from tests.infra.recording import Graph, Resource, record
from tests.infra.scenarios import SCENARIOS


@pytest.fixture(scope="module")
def scenarios() -> dict[str, Graph]:
    return {name: record(*scenario()) for name, scenario in SCENARIOS.items()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_private_resource_has_its_endpoint_its_zones_and_their_links(
    scenarios: dict[str, Graph], name: str
) -> None:
    graph = scenarios[name]
    stack, config = SCENARIOS[name]()
    settings = load(raw_settings(config), stack)
    links = settings.private_links
    endpoints = {r.name: r for r in graph.all("network:PrivateEndpoint")}
    assert set(endpoints) == {f"{link.key}-endpoint" for link in links}
    zones = {r.inputs["privateZoneName"] for r in graph.all("privatedns:PrivateZone")}
    cluster = {f"privatelink.{settings.azure.location}.azmk8s.io"} if settings.kubernetes else set[str]()
    assert zones == {zone for link in links for zone in link.zones} | cluster
    assert {r.inputs["privateZoneName"] for r in graph.all("privatedns:VirtualNetworkLink")} == zones
    closed = {r.name for r in graph.custom if r.inputs.get("publicNetworkAccess") == "Disabled"}
    led_to = {
        connection["privateLinkServiceId"].removeprefix("id of ")
        for r in endpoints.values()
        for connection in r.inputs["privateLinkServiceConnections"]
    }
    assert closed <= led_to


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_cluster_waits_for_every_endpoint(scenarios: dict[str, Graph], name: str) -> None:
    graph = scenarios[name]
    waited = {r.name for r in graph.all("network:PrivateDnsZoneGroup")}
    clusters = [r for r in graph.resources if r.type == "mlops:learning:Compute"]
    assert clusters and all(waited <= cluster.depends_on for cluster in clusters)


def waited_for(graph: Graph, resource: Resource) -> set[str]:
    """What a resource is made after: its own dependencies, and those of the components that it stands in."""
    components = {each.name: each for each in graph.resources if not each.custom}
    found = set(resource.depends_on)
    around = resource.parent
    while around:
        found |= components[around].depends_on
        around = components[around].parent
    return found


def makes_use_of_a_grant(graph: Graph, resource: Resource) -> bool:
    """Whether it is made after a role assignment of this program, to an identity that it names.

    An assignment names identities, too, and is made by none of them.
    """
    if resource.token == "authorization:RoleAssignment":
        return False
    named = {key for keys in resource.references.values() for key in keys}
    return any(
        grant.name in waited_for(graph, resource) and named & set(grant.references["principalId"])
        for grant in graph.all("authorization:RoleAssignment")
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_made_by_a_role_of_its_identity_is_asked_for_again_while_the_role_is_late(
    scenarios: dict[str, Graph], name: str
) -> None:
    graph = scenarios[name]
    users = [resource for resource in graph.custom if makes_use_of_a_grant(graph, resource)]
    assert "machinelearningservices:Workspace" in {resource.token for resource in users}
    assert [resource.key for resource in users if resource.error_hooks != ("late-grants",)] == []


def test_all_that_can_be_made_by_a_role_is_found_by_its_graph(scenarios: dict[str, Graph]) -> None:
    """The kinds: a new one is to be looked at, and one that is gone too."""
    graph = scenarios["max"]
    assert {each.token for each in graph.custom if makes_use_of_a_grant(graph, each)} == {
        "apimanagement:Logger",
        "apimanagement:NamedValue",
        "compute:VirtualMachineScaleSet",
        "containerservice:ManagedCluster",
        "eventgrid:SystemTopicEventSubscription",
        "machinelearningservices:Compute",
        "machinelearningservices:Workspace",
        "web:WebApp",
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_identity_has_a_use(scenarios: dict[str, Graph], name: str) -> None:
    graph = scenarios[name]
    principals = {r.inputs["principalId"] for r in graph.all("authorization:RoleAssignment")}
    for identity in graph.all("managedidentity:UserAssignedIdentity"):
        assert f"principal of {identity.name}" in principals, identity.name


@pytest.mark.parametrize("name", SCENARIOS)
def test_mlops_takes_its_outputs(scenarios: dict[str, Graph], name: str) -> None:
    outputs = EstateOutputs.model_validate(scenarios[name].outputs)
    assert outputs.compute_clusters["cpu"] == outputs.compute_cluster


def test_every_switch_is_on(scenarios: dict[str, Graph]) -> None:
    graph = scenarios["max"]
    assert len(graph.all("network:PrivateEndpoint")) == 12
    assert len(graph.all("machinelearningservices:Compute")) == 3
    assert graph.all("authorization:ManagementLockByScope")


def test_what_is_left_out_leaves_nothing_behind(scenarios: dict[str, Graph]) -> None:
    """Without a data lake: no account, no datastore, no role, no endpoint."""
    graph = scenarios["private"]
    assert [r.name for r in graph.all("storage:StorageAccount")] == ["storage"]
    assert not [r for r in graph.custom if r.name.startswith("lake")]
    on_lake = grants_on(("lake-landing", "lake-tables", "lake-predictions"), IDENTITIES)
    names = {r.name for r in graph.all("authorization:RoleAssignment")}
    assert on_lake and not [name for name in names if "-on-lake-" in name]
    assert EstateOutputs.model_validate(graph.outputs).data_lake is None
