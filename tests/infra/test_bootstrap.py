"""What must exist before the estates: state, keys, CI's identities, the store of approvals."""

import copy
import re
from collections import Counter
from typing import Any

import pytest
import yaml

from infra.bootstrap.config import Settings, load
from infra.bootstrap.federation import credentials
from infra.bootstrap.roles import GRANTS, GROUPS, IDENTITIES, ROLES, condition
from infra.config_errors import ConfigError
from infra.naming import KINDS
from infra.roles import LANDING_WRITER, role_guid
from infra.roles import ROLES as ESTATE_ROLES
from tests.infra.recording import ROOT, Graph, record

FOLDER = ROOT / "infra/bootstrap"
CONFIG: dict[str, Any] = yaml.safe_load((FOLDER / "Pulumi.shared.yaml").read_text())["config"]
NAMESPACE = "mlops-bootstrap:"


def raw() -> dict[str, Any]:
    """The stack file's settings as `load` takes them; a copy that a test may change."""
    found = {key.removeprefix(NAMESPACE): v for key, v in CONFIG.items() if key.startswith(NAMESPACE)}
    azure = {key.partition(":")[2]: v for key, v in CONFIG.items() if key.startswith("azure-native:")}
    return copy.deepcopy({**found, "azure": azure})


def refused(**changes: Any) -> list[str]:
    with pytest.raises(ConfigError) as refusal:
        load({**raw(), **changes})
    return [str(problem) for problem in refusal.value.problems]


@pytest.fixture(scope="module")
def graph() -> Graph:
    return record("shared", CONFIG, program=FOLDER)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load(raw())


def test_state_has_versions_a_firewall_and_a_container_for_each_environment(graph: Graph) -> None:
    account = graph.one("storage:StorageAccount", "state").inputs
    assert account["networkRuleSet"]["defaultAction"] == "Deny"
    assert [rule["iPAddressOrRange"] for rule in account["networkRuleSet"]["ipRules"]] == ["203.0.113.0/24"]
    assert (account["allowSharedKeyAccess"], account["allowBlobPublicAccess"]) == (False, False)
    service = graph.one("storage:BlobServiceProperties", "state-blobs").inputs
    assert service["isVersioningEnabled"] is True
    for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        assert service[policy]["enabled"] is True and service[policy]["days"] == 90
    containers = {r.inputs["containerName"] for r in graph.all("storage:BlobContainer")}
    assert {"state-stage", "state-prod"} <= containers


def test_each_environment_has_keys_of_its_own(graph: Graph) -> None:
    keys = {key.inputs["keyName"]: key.inputs["properties"] for key in graph.all("keyvault:Key")}
    assert set(keys) == {f"{kind}-{e}" for kind in ("pulumi", "approvals") for e in ("stage", "prod")}
    assert all("rotationPolicy" not in properties for properties in keys.values())
    for environment in ("stage", "prod"):
        signing = keys[f"approvals-{environment}"]
        assert (signing["kty"], signing["curveName"], signing["keyOps"]) == (
            "EC",
            "P-256",
            ["sign", "verify"],
        )
    vault = graph.one("keyvault:Vault").inputs["properties"]
    assert (vault["enablePurgeProtection"], vault["enableRbacAuthorization"]) == (True, True)
    assert vault["networkAcls"]["defaultAction"] == "Deny"


def test_nobody_has_a_role_on_what_all_environments_share(graph: Graph) -> None:
    """Of the shared parts, roles stand on one environment's container or key alone."""
    scopes = {r.inputs["scope"] for r in graph.all("authorization:RoleAssignment")}
    shared = {f"id of {name}" for name in ("state", "approvals", "vault", "group")}
    assert not scopes & shared
    everywhere = {grant.scope for grant in GRANTS if grant.everywhere}
    for environment in ("stage", "prod"):
        own = [r for r in graph.all("authorization:RoleAssignment") if r.name.split("-")[1] == environment]
        inside = {r.inputs["scope"] for r in own if not r.inputs["scope"].startswith("/subscriptions/")}
        foreign = {scope for scope in inside if not scope.endswith(f"-{environment}")}
        assert {scope.removeprefix("id of ").rpartition("-")[0] for scope in foreign} == everywhere


def test_each_role_is_given_once_though_one_group_approves_for_both(graph: Graph) -> None:
    """Azure refuses the same role for the same principal at the same scope a second time."""
    given = [
        (r.inputs["principalId"], r.inputs["roleDefinitionId"], r.inputs["scope"])
        for r in graph.all("authorization:RoleAssignment")
    ]
    assert len(given) == len(set(given))
    groups = raw()["environments"]
    assert groups["stage"]["approversGroupId"] == groups["prod"]["approversGroupId"]
    wanted = {  # prod's records are CI's alone: it has no engineers
        (groups[e].get(f"{grant.who}GroupId", (grant.who, e)), grant.role, grant.scope, at)
        for e in groups
        for grant in GRANTS
        for at in (groups if grant.everywhere else (e,))
        if (grant.who, e) != ("engineers", "prod")
    }
    assert len(given) == len(wanted)


def test_whoever_promotes_reads_approvals_and_cannot_make_one(graph: Graph) -> None:
    """Neither sign with the approvers' key nor write where approvals stand, in any environment."""
    for environment in ("stage", "prod"):
        rights = {
            (r.inputs["scope"].removeprefix("id of "), r.inputs["roleDefinitionId"].rpartition("/")[2])
            for r in graph.all("authorization:RoleAssignment")
            if r.inputs["principalId"] == f"principal of deploy-{environment}"
        }
        approving = {(scope, role) for scope, role in rights if scope.startswith("approvals")}
        assert approving == {
            (f"approvals-{environment}", ROLES["Storage Blob Data Reader"]),
            (f"approvals-key-{environment}", ROLES["Key Vault Reader"]),
        }
        writing = {scope for scope, role in rights if role == ROLES["Storage Blob Data Contributor"]}
        assert writing == {f"state-{environment}", f"releases-{environment}"}


def test_whoever_promotes_writes_nothing_but_the_steps_of_production(graph: Graph) -> None:
    for environment in ("stage", "prod"):
        rights = {
            (r.inputs["scope"].removeprefix("id of "), r.inputs["roleDefinitionId"].rpartition("/")[2])
            for r in graph.all("authorization:RoleAssignment")
            if r.inputs["principalId"] == f"principal of promote-{environment}"
        }
        read, write = ROLES["Storage Blob Data Reader"], ROLES["Storage Blob Data Contributor"]
        assert rights == {
            (f"state-{environment}", read),
            (f"key-{environment}", ROLES["Key Vault Crypto User"]),
            (f"approvals-{environment}", read),
            ("releases-stage", read),
            ("releases-prod", read),
            (f"approvals-key-{environment}", ROLES["Key Vault Reader"]),
            (f"production-{environment}", write),
        }
    kept = {r.inputs["containerName"] for r in graph.all("storage:BlobContainerImmutabilityPolicy")}
    assert not any(name.startswith("production-") for name in kept)


def test_a_preview_reads_and_opens_its_own_environments_key(graph: Graph) -> None:
    rights = {
        (r.inputs["scope"], r.inputs["roleDefinitionId"].rpartition("/")[2])
        for r in graph.all("authorization:RoleAssignment")
        if r.inputs["principalId"] == "principal of preview-stage"
    }
    assert rights == {
        ("/subscriptions/0a7c1e5d-0000-4000-8000-00000000000a", ROLES["Reader"]),
        ("id of state-stage", ROLES["Storage Blob Data Reader"]),
        ("id of key-stage", ROLES["Key Vault Crypto User"]),
    }


def test_a_deploy_hands_out_the_estates_roles_and_no_others(graph: Graph) -> None:
    conditional = [r for r in graph.all("authorization:RoleAssignment") if "condition" in r.inputs]
    assert {r.inputs["principalId"] for r in conditional} == {
        f"principal of deploy-{e}" for e in ("stage", "prod")
    }
    administrator = ROLES["Role Based Access Control Administrator"]
    for one in conditional:
        assert one.inputs["roleDefinitionId"].endswith(administrator)
        assert one.inputs["conditionVersion"] == "2.0"
        assert all(role in one.inputs["condition"] for role in ESTATE_ROLES.values())
        landing_writer = graph.one("authorization:RoleDefinition", "landing-writer")
        assert landing_writer.inputs["roleDefinitionId"] in one.inputs["condition"]
    powerful = {"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", administrator, ROLES["Contributor"]}
    assert not powerful & set(ESTATE_ROLES.values())


def test_it_defines_the_role_that_only_adds(graph: Graph, settings: Settings) -> None:
    """Who deploys may define none; the estates name it by the same id."""
    role = graph.one("authorization:RoleDefinition", "landing-writer")
    (permission,) = role.inputs["permissions"]
    assert permission == {
        "actions": [],
        "notActions": [],
        "dataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action"],
        "notDataActions": [],
    }
    guid = role_guid(LANDING_WRITER, settings.azure.tenant_id, settings.project)
    assert (role.inputs["roleDefinitionId"], role.inputs["roleType"]) == (guid, "CustomRole")
    assert role.inputs["assignableScopes"] == [
        f"/subscriptions/{one.subscription_id}" for one in settings.environments.values()
    ]
    assert guid != role_guid(LANDING_WRITER, settings.azure.tenant_id, "another")


def test_the_approvers_alone_write_approvals() -> None:
    writers = {g.who for g in GRANTS if g.scope == "approvals" and g.role == "Storage Blob Data Contributor"}
    assert writers == {"approvers"}
    assert {g.who for g in GRANTS} == {*IDENTITIES, *GROUPS}
    signers = {g.who for g in GRANTS if g.scope == "approvals-key" and g.role == "Key Vault Crypto User"}
    assert signers == {"approvers"}
    assert {g.role for g in GRANTS} == set(ROLES)


def test_approvals_are_kept_and_real_ones_protected(settings: Settings) -> None:
    config = copy.deepcopy(CONFIG)
    config[f"{NAMESPACE}environments"]["prod"]["locked"] = True
    graph = record("shared", config, program=FOLDER)
    lake = graph.one("storage:StorageAccount", "approvals")
    assert lake.inputs["isHnsEnabled"] is True and lake.protect
    kept = {
        r.inputs["containerName"]: (r.inputs["immutabilityPeriodSinceCreationInDays"], r.protect)
        for r in graph.all("storage:BlobContainerImmutabilityPolicy")
    }
    assert kept == {
        f"{kind}-{environment}": (chosen.retention_days, environment == "prod")
        for kind in ("approvals", "releases")
        for environment, chosen in settings.environments.items()
    }
    assert graph.outputs["to_lock"] == ["approvals-prod", "releases-prod"]


def test_federated_credentials_are_written_one_after_another(graph: Graph) -> None:
    """Azure refuses two at a time for one identity."""
    found = graph.all("managedidentity:FederatedIdentityCredential")
    owners = Counter("-".join(r.name.split("-")[:2]) for r in found)
    promoted = {"promote-stage": 2, "promote-prod": 2}
    assert owners == {"deploy-stage": 1, "deploy-prod": 1, "preview-stage": 4, "preview-prod": 2, **promoted}
    for name, several in owners.items():
        own = [r for r in found if r.name.startswith(f"{name}-")]
        waits = [sum(other.name in one.depends_on for other in own) for one in own]
        assert sorted(waits) == [min(1, place) for place in range(several)], name


def test_subjects_name_the_environment(settings: Settings) -> None:
    def subjects(who: Any, environment: str) -> list[str]:
        chosen = settings.environments[environment]
        return [one.subject for one in credentials(settings.github, environment, who, chosen)]

    repository = "repo:example-org/mlops-estate"
    assert subjects("deploy", "prod") == [f"{repository}:environment:prod"]
    assert subjects("preview", "prod") == [
        f"{repository}:environment:prod-preview",
        f"{repository}:environment:prod-drift",
    ]
    assert subjects("preview", "stage") == [
        f"{repository}:environment:stage-preview",
        f"{repository}:environment:stage-drift",
        f"{repository}:pull_request",
        f"{repository}:ref:refs/heads/main",
    ]


def test_each_job_that_signs_in_has_a_credential_for_its_environment(settings: Settings) -> None:
    """What a workflow's job names as its environment is a subject of one identity, and of one alone."""
    jobs = {
        (file.stem, name): str(job["environment"])
        for file in sorted((ROOT / ".github/workflows").glob("*.yml"))
        for name, job in yaml.safe_load(file.read_text())["jobs"].items()
        if (job.get("permissions") or {}).get("id-token") == "write"
    }
    assert ("drift", "compare") in jobs
    known = Counter(
        one.subject.rpartition(":")[2]
        for environment, chosen in settings.environments.items()
        for who in IDENTITIES
        for one in credentials(settings.github, environment, who, chosen)
        if ":environment:" in one.subject
    )
    for job, named in jobs.items():
        for stack in settings.environments if "${{" in named else ("",):
            assert known[re.sub(r"\$\{\{[^}]*\}\}", stack, named)] == 1, job


def test_names_are_legal(settings: Settings) -> None:
    names = settings.names()
    for kind in ("resource_group", "storage_account", "data_lake", "key_vault"):
        assert len(names.of(kind)) <= KINDS[kind].longest
    assert names.of("identity", "preview-stage") == "id-mlops-boot-weu-preview-stage"


def test_every_taggable_resource_is_tagged_and_no_secret_stands_in_it(graph: Graph) -> None:
    untagged = ("authorization:", "storage:Blob", "managedidentity:Federated")
    for resource in graph.custom:
        if not resource.token.startswith(untagged):
            assert resource.inputs["tags"]["environment"] == "boot", resource.name


def test_wrong_settings_are_refused_by_name() -> None:
    environments = raw()["environments"]
    open_to_all = {**environments, "prod": {**environments["prod"], "pullRequests": True}}
    assert refused(environments=open_to_all) == [
        "environments.prod.pullRequests is true: code of any pull request could open the state of an "
        "environment with locked approvals; set false, and preview it behind a protected GitHub environment"
    ]
    stage = environments["stage"]
    assert refused(environments={"stage": {**stage, "engineersGroupId": stage["approversGroupId"]}}) == [
        f'environments.stage.engineersGroupId is "{stage["approversGroupId"]}": that is approversGroupId; '
        "name the engineers' own group, or leave it out: CI alone then records"
    ]
    assert "call the environment otherwise" in refused(environments={"boot": environments["stage"]})[0]
    assert refused(environments={"stage": {**environments["stage"], "retentionDays": 0}}) == [
        "environments.stage.retentionDays is 0: set 1 or more"
    ]
    assert refused(allowedRanges=["203.0.113.0/24", "203.0.113.7"]) == [
        'allowedRanges[1] is "203.0.113.7/32": it overlaps allowedRanges[0]; keep the wider'
    ]
    assert "allowedRanges[0]" in refused(allowedRanges=["0.0.0.0/0"])[0]
    assert refused(redundancy="ZRS", azure={**raw()["azure"], "location": "westus"}) == [
        'redundancy is "ZRS": westus has no availability zones; set "LRS" or another location'
    ]


def test_the_condition_is_azures() -> None:
    assert condition(["b", "a"]) == (
        "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR "
        "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
        "ForAnyOfAnyValues:GuidEquals {a, b})) AND "
        "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR "
        "(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
        "ForAnyOfAnyValues:GuidEquals {a, b}))"
    )


SUBNET = (
    "/subscriptions/0a7c1e5d-0000-4000-8000-00000000000a/resourceGroups/rg/providers/Microsoft.Network"
    "/virtualNetworks/vnet/subnets/snet-ci-runners"
)


def test_runners_that_come_by_service_endpoints_are_admitted_by_their_subnet() -> None:
    """Azure Storage applies no range to what comes from its own region, or by a service endpoint."""
    config = copy.deepcopy(CONFIG)
    config["mlops-bootstrap:environments"]["stage"]["runnersSubnetId"] = SUBNET
    made = record("shared", config, program=FOLDER)
    for name in ("state", "approvals"):
        (rule,) = made.one("storage:StorageAccount", name).inputs["networkRuleSet"]["virtualNetworkRules"]
        assert rule["virtualNetworkResourceId"] == SUBNET
    (rule,) = made.one("keyvault:Vault").inputs["properties"]["networkAcls"]["virtualNetworkRules"]
    assert rule == {"id": SUBNET, "ignoreMissingVnetServiceEndpoint": False}


@pytest.mark.parametrize("wrong", ["snet-ci-runners", SUBNET.rpartition("/subnets/")[0], f"{SUBNET}/more", 3])
def test_what_is_no_subnet_is_refused(wrong: object) -> None:
    environments = raw()["environments"]
    environments["stage"]["runnersSubnetId"] = wrong
    (problem,) = refused(environments=environments)
    assert "environments.stage.runnersSubnetId" in problem and "/subnets/NAME" in problem


def test_ci_keeps_locks_only_where_it_is_said() -> None:
    """By a role of its own, on that environment's subscription, with no other right."""
    config = copy.deepcopy(CONFIG)
    without = record("shared", config, program=FOLDER).all("authorization:RoleDefinition")
    assert [one.name for one in without] == ["landing-writer"]
    config[f"{NAMESPACE}environments"]["prod"]["locks"] = True
    graph = record("shared", config, program=FOLDER)
    subscription = f"/subscriptions/{config[f'{NAMESPACE}environments']['prod']['subscriptionId']}"
    made = graph.one("authorization:RoleDefinition", "deploy-prod-locks-role").inputs
    assert (made["scope"], made["assignableScopes"]) == (subscription, [subscription])
    (permission,) = made["permissions"]
    assert permission["actions"] == ["Microsoft.Authorization/locks/*"]
    assert not permission["notActions"] and not permission["dataActions"]
    (grant,) = [
        one
        for one in graph.all("authorization:RoleAssignment")
        if one.inputs["roleDefinitionId"] == "id of deploy-prod-locks-role"
    ]
    assert grant.inputs["principalId"] == "principal of deploy-prod"
    assert grant.inputs["scope"] == subscription
