"""What the program asks for: the golden graph, its order, its roles, its outputs."""

import os
import subprocess
import sys
from typing import Any

import pytest

from infra.data_lake import LAKE
from infra.graph.canonical import dump
from infra.outputs import EstateOutputs
from infra.roles import (
    CLUSTER_IDENTITIES,
    ERASERS,
    FUNCTION,
    GATEWAY,
    GRANTS,
    IDENTITIES,
    OWN_ROLES,
    PRINCIPALS,
    PROMOTER,
    PUSHER,
    ROLES,
    RUNNERS,
    SCOPES,
    TRIGGER_IDENTITIES,
    Grant,
)
from tests.infra.golden import GOLDEN, difference, picture
from tests.infra.recording import ROOT, SECRET, Graph, record, stack_file
from tests.infra.settings import STACKS, settings_of

SWITCHED = ("kubernetes", "gateway", "alerts", "budget", "retraining")
"""Sections that an estate may do without."""


@pytest.mark.parametrize("stack", GOLDEN)
def test_golden_graph(graphs: dict[str, Graph], stack: str) -> None:
    found = difference(graphs[stack])
    assert not found, found


def test_stage_with_prods_switches_has_its_parts(prod: Graph) -> None:
    """But for private endpoints, which stage does without: it has an allow-list."""
    config = stack_file("stage")
    for section in SWITCHED:
        chosen = stack_file("prod").get(f"mlops-estate:{section}")
        config.pop(f"mlops-estate:{section}", None)
        if chosen is not None:
            config[f"mlops-estate:{section}"] = chosen
    stage = record("stage", config)
    ways_in = ("network:PrivateEndpoint", "network:PrivateDns", "privatedns:", "monitor:PrivateLink")
    endpoints = ("mlops:network:PrivateEndpoint", "mlops:observability:MonitorScope")

    def parts(graph: Graph) -> set[str]:
        kept = [
            r for r in graph.resources if not (r.token.startswith(ways_in) or r.type.startswith(endpoints))
        ]
        return set(picture(Graph(kept)).splitlines())

    of_stage = set(picture(stage).splitlines()) - set(picture(prod).splitlines())
    only = {"stage": of_stage | (parts(stage) - parts(prod)), "prod": parts(prod) - parts(stage)}
    told = [f"{one} alone has {' '.join(line.split())}" for one, its in only.items() for line in sorted(its)]
    if told:
        pytest.fail(
            "\n".join([*told, "The range of a new subnet stands in both stack files."]), pytrace=False
        )


def test_the_same_bytes_under_other_hash_seeds_clocks_and_zones(stage: Graph) -> None:
    """Two runs at the same time, each in a process of its own."""
    program = (
        "import sys, time; time.time = lambda: 0.0\n"
        "from infra.graph.__main__ import main; sys.exit(main(['stage']))"
    )
    zones = {"1": "Asia/Tokyo", "4242": "America/Lima"}
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, zone in zones.items()
    ]
    written = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert written == [dump(stage)] * 2


def test_every_resource_but_the_estate_has_a_parent_in_the_estate(stage: Graph) -> None:
    names = {r.name for r in stage.resources}
    assert [r.name for r in stage.resources if r.parent not in names] == ["estate"]


def test_no_two_resources_of_a_type_have_one_name(stage: Graph) -> None:
    seen = [(r.type, r.name) for r in stage.resources]
    assert len(seen) == len(set(seen))


def test_the_program_reads_nothing_from_azure(graphs: dict[str, Graph]) -> None:
    """recording.Azure.call refuses, so a graph that was recorded did not ask."""
    assert all(graph.resources for graph in graphs.values())


def test_subnets_are_written_one_after_another(stage: Graph) -> None:
    subnets = stage.all("network:Subnet")
    chain = ["network", *(s.name for s in subnets)]
    for before, subnet in zip(chain, subnets, strict=False):
        assert before in subnet.depends_on, subnet.name


def test_roles_stand_before_the_workspace_and_its_cluster(stage: Graph) -> None:
    made = stage.all("authorization:RoleAssignment")
    grants = {r.name for r in made if r.parent == "grants"}
    joined = {r.name for r in made if r.parent == "workspace-grants"}
    components = {r.type: r for r in stage.resources}
    assert grants <= components["mlops:learning:Workspace"].depends_on
    assert grants | joined <= components["mlops:learning:Compute"].depends_on


def test_slow_creations_have_time(stage: Graph) -> None:
    for token in (
        "machinelearningservices:Workspace",
        "machinelearningservices:Compute",
        "containerregistry:AgentPool",
    ):
        assert stage.one(token).create_timeout.endswith("m")


# roles


def test_every_identity_has_a_role() -> None:
    everybody = {
        *IDENTITIES,
        *CLUSTER_IDENTITIES,
        *TRIGGER_IDENTITIES,
        FUNCTION,
        RUNNERS,
        GATEWAY,
        PROMOTER,
        PUSHER,
        ERASERS,
        "engineers",
    }
    assert {grant.principal for grant in GRANTS} == everybody == set(PRINCIPALS)


def test_the_plan_names_what_exists() -> None:
    assert {grant.role for grant in GRANTS} == {*ROLES, *OWN_ROLES}
    assert not set(ROLES) & set(OWN_ROLES)
    assert {grant.scope for grant in GRANTS} == set(SCOPES)
    assert len({(g.principal, g.role, g.scope) for g in GRANTS}) == len(GRANTS)


def planned(stack: str) -> list[Grant]:
    """The plan without what belongs to parts that this environment does without."""
    settings = settings_of(stack)
    promoter = settings.releases and settings.releases.promoter_id
    absent = {
        *(() if promoter else (PROMOTER,)),
        *(() if settings.retraining and settings.retraining.pushed_by else (PUSHER,)),
        *(() if settings.erasure else (ERASERS,)),
        *(() if settings.kubernetes else CLUSTER_IDENTITIES),
        *(() if settings.gateway else (GATEWAY,)),
        *(() if settings.starts_trainings else TRIGGER_IDENTITIES),
        *(() if settings.scoring_function else (FUNCTION,)),
        *(() if settings.runners else (RUNNERS,)),
    }
    parts = {
        "kube": settings.kubernetes is not None,
        "trigger-": settings.starts_trainings,
        "function-": settings.scoring_function is not None,
        "release-key": settings.retraining is not None and settings.retraining.github is not None,
    }
    lacking = tuple(scope for scope, there in parts.items() if not there)
    return [
        grant for grant in GRANTS if grant.principal not in absent and not grant.scope.startswith(lacking)
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_the_whole_plan_is_assigned(graphs: dict[str, Graph], stack: str) -> None:
    made = graphs[stack].all("authorization:RoleAssignment")
    found = {(r.inputs["principalId"], r.inputs["roleDefinitionId"].rpartition("/")[2]) for r in made}
    engineers = stack_file(stack)["mlops-estate:engineersGroupId"]
    for grant in planned(stack):
        who = {"engineers": engineers, GATEWAY: "principal of gateway"}.get(
            grant.principal, f"principal of identities-{grant.principal}"
        )
        assert (who, ROLES[grant.role]) in found
    assert len(made) == len(planned(stack))


def test_principal_types_are_set(stage: Graph) -> None:
    for assignment in stage.all("authorization:RoleAssignment"):
        group = assignment.name.startswith("engineers-")
        assert assignment.inputs["principalType"] == ("Group" if group else "ServicePrincipal")


def test_role_assignment_names_are_stable(stage: Graph, prod: Graph) -> None:
    names = {r.name: r.inputs["roleAssignmentName"] for r in stage.all("authorization:RoleAssignment")}
    assert len(set(names.values())) == len(names)
    assert names["training-acrpull-on-registry"] == "184a4094-150e-5073-b2d8-5679a8b202c7"
    others = {r.inputs["roleAssignmentName"] for r in prod.all("authorization:RoleAssignment")}
    assert not others & set(names.values())


def test_nobody_may_push_images_but_azure_ml() -> None:
    assert {g.principal for g in GRANTS if g.role == "AcrPush"} == {"workspace"}


# outputs and secrets


@pytest.mark.parametrize("stack", STACKS)
def test_outputs_keep_the_contract(graphs: dict[str, Graph], stack: str) -> None:
    outputs = graphs[stack].outputs
    assert set(outputs) == set(EstateOutputs.model_fields)
    estate = EstateOutputs.model_validate(outputs)
    assert estate.environment == stack
    settings = settings_of(stack)
    assert estate.build_agent_pool == ("builds" if settings.registry.build_agents else None)
    assert estate.registry_login_server == f"{estate.registry}.azurecr.io"
    assert estate.key_vault_uri == f"https://{estate.key_vault}.vault.azure.net/"


@pytest.mark.parametrize("stack", STACKS)
def test_no_secret_anywhere(graphs: dict[str, Graph], stack: str) -> None:
    # The gateway's logger is told where to send: an address of an Application Insights that takes no key.
    address = '"connectionString": "[secret]"'
    assert graphs[stack].one("applicationinsights:Component").inputs["disableLocalAuth"] is True
    text = dump(graphs[stack]).replace(address, "")
    for name in ("retraining-no-scm-password", "retraining-no-ftp-password"):
        text = text.replace(name, "")
    assert SECRET not in text
    for word in ("password", "accountkey=", "sharedaccesskey", "connectionstring"):
        assert word not in text.lower()
    written = (ROOT / f"Pulumi.{stack}.yaml").read_text()
    for word in ("secure:", "encryptionsalt", "encryptedkey", "secretsprovider"):
        assert word not in written


# what settings change


@pytest.fixture(scope="module")
def varied() -> Graph:
    """Production with other choices: protected data, a firewall, a vault to recover, no build agents."""
    config = stack_file("prod")
    config["mlops-estate:protectData"] = True
    config["mlops-estate:outbound"] = {"mode": "firewall", "nextHopIp": "10.0.0.4"}
    config["mlops-estate:recoverKeyVault"] = True
    del config["mlops-estate:registry"]["buildAgents"]
    del config["mlops-estate:network"]["subnets"]["kubernetes"]
    del config["mlops-estate:kubernetes"]
    del config["mlops-estate:gateway"]
    return record("prod", config)


def test_protected_data(varied: Graph) -> None:
    assert {r.token for r in varied.custom if r.protect} == {
        "storage:StorageAccount",
        "storage:BlobContainer",
        "keyvault:Vault",
        "containerregistry:Registry",
        "machinelearningservices:Workspace",
        "operationalinsights:Workspace",
        "applicationinsights:Component",
    }
    locks = varied.all("authorization:ManagementLockByScope")
    held = {
        f"id of {name}" for name in ("storage", "lake", "vault", "learning-vault", "registry", "workspace")
    }
    assert {lock.inputs["scope"] for lock in locks} == held
    assert {lock.inputs["level"] for lock in locks} == {"CanNotDelete"}


def test_locks_stand_last(varied: Graph) -> None:
    """Azure refuses to delete what stands under a locked resource: a destroy must meet the locks first."""
    locks = next(r for r in varied.resources if r.type == "mlops:security:Locks")
    under = (
        "authorization:RoleAssignment",
        "monitor:DiagnosticSetting",
        "storage:BlobContainer",
        "machinelearningservices:Datastore",
        "machinelearningservices:Compute",
    )
    assert {r.name for token in under for r in varied.all(token)} <= locks.depends_on


def test_unprotected_data_has_no_lock(prod: Graph) -> None:
    assert not [r for r in prod.resources if r.protect]
    assert not prod.all("authorization:ManagementLockByScope")


def test_out_through_a_firewall(varied: Graph) -> None:
    assert not varied.all("network:NatGateway")
    route = varied.one("network:RouteTable").inputs["routes"][0]
    assert (route["addressPrefix"], route["nextHopIpAddress"]) == ("0.0.0.0/0", "10.0.0.4")
    routed = {s.inputs["subnetName"] for s in varied.all("network:Subnet") if "routeTable" in s.inputs}
    assert "snet-training" in routed
    assert "snet-private-endpoints" not in routed


def test_out_through_a_nat_gateway(stage: Graph, prod: Graph) -> None:
    for name, graph, zones in (("stage", stage, ["1", "2", "3"]), ("prod", prod, ["1"])):
        assert graph.one("network:PublicIPAddress").inputs["zones"] == zones
        with_nat = {s.inputs["subnetName"] for s in graph.all("network:Subnet") if "natGateway" in s.inputs}
        subnets = settings_of(name).network.plan().subnets
        assert with_nat == {f"snet-{subnet.key}" for subnet in subnets if subnet.kind.outbound}


def test_recovering_a_vault_once(varied: Graph) -> None:
    for vault in varied.all("keyvault:Vault"):
        assert vault.inputs["properties"]["createMode"] == "recover"
        assert "properties.createMode" in vault.ignore_changes


def test_without_build_agents_the_output_is_none(varied: Graph) -> None:
    assert not varied.all("containerregistry:AgentPool")
    assert EstateOutputs.model_validate(varied.outputs).build_agent_pool is None


def test_a_subnet_that_is_left_out_is_not_made(varied: Graph, prod: Graph) -> None:
    made = {s.name for s in prod.all("network:Subnet")} - {s.name for s in varied.all("network:Subnet")}
    assert made == {"network-kubernetes"}


def test_what_azure_keeps_as_it_was_is_made_anew(stage: Graph) -> None:
    """Azure ML accepts another vmSize for a cluster that exists, and goes on with the old one."""
    cluster = stage.one("machinelearningservices:Compute")
    assert {"properties.properties.vmSize", "properties.properties.subnet"} <= set(cluster.fixed)
    pool = stage.one("containerregistry:AgentPool")
    assert "tier" in pool.fixed
    assert "count" not in pool.fixed
    for resource in (cluster, pool):
        assert resource.delete_before_replace  # the name stays: there cannot be two at a time
        for path in resource.fixed:
            found: Any = resource.inputs
            for key in path.split("."):
                assert key in found, path
                found = found[key]


def test_service_endpoints_leave_their_locations_to_azure(stage: Graph) -> None:
    endpoints = [e for subnet in stage.all("network:Subnet") for e in subnet.inputs["serviceEndpoints"]]
    assert endpoints
    assert all(set(endpoint) == {"service"} for endpoint in endpoints)


def test_whoever_promotes_changes_manifests_and_weights_and_holds_no_data() -> None:
    """With its object id in the settings; without, as in the graphs above, there is nobody."""
    promoter = "11111111-2222-4333-8444-555555555555"
    releases = {"account": "stboot", "vault": "kv-boot", "promoterId": promoter}
    config = {**stack_file("prod"), "mlops-estate:releases": releases, "mlops-estate:scoringFunction": {}}
    config["mlops-estate:network"]["subnets"]["scoringFunction"] = "10.30.3.192/27"
    made = record("prod", config).all("authorization:RoleAssignment")
    mine = [one for one in made if one.inputs["principalId"] == promoter]
    found = {one.inputs["roleDefinitionId"].rpartition("/")[2] for one in mine}
    assert found == {ROLES[grant.role] for grant in GRANTS if grant.principal == PROMOTER}
    assert len(mine) == len([grant for grant in GRANTS if grant.principal == PROMOTER])
    data = {"storage", "workspace", "learning-vault", *(f"lake-{one.key}" for one in LAKE)}
    assert not data & {grant.scope for grant in GRANTS if grant.principal == PROMOTER}
