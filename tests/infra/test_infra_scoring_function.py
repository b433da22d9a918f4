"""The function app that scores, in the graph and in the settings."""

from typing import Any

import pytest

from infra.config import load
from infra.config_errors import ConfigError
from infra.outputs import EstateOutputs
from infra.roles import ROLES
from infra.stack_file import raw_settings as raw_settings_of
from policies.evaluate import of_graph
from tests.infra.recording import Graph, record, stack_file

RANGES = {"stage": "10.20.3.192/27", "prod": "10.30.3.192/27"}
PROMOTER = "7d3c2b1a-0000-4000-8000-0000000000c1"


def config_of(stack: str, function: dict[str, Any] | None = None, *, subnet: bool = True) -> dict[str, Any]:
    config = stack_file(stack)
    config.pop("mlops-estate:retraining", None)
    if subnet:
        config["mlops-estate:network"]["subnets"]["scoringFunction"] = RANGES[stack]
    return config if function is None else {**config, "mlops-estate:scoringFunction": function}


@pytest.fixture(scope="module")
def stage() -> Graph:
    return record("stage", config_of("stage", {}))


@pytest.fixture(scope="module")
def prod() -> Graph:
    config = config_of("prod", {"memoryMb": 4096, "keySecret": "callers-key"})
    config["mlops-estate:releases"] |= {"promoterId": PROMOTER}
    return record("prod", config)


def settings_of_app(graph: Graph) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in graph.one("web:WebApp").inputs["siteConfig"]["appSettings"]}


def test_no_estate_has_one_unless_it_says_so() -> None:
    for stack in RANGES:
        assert load(raw_settings_of(stack_file(stack)), stack).scoring_function is None


def granted(graph: Graph) -> dict[tuple[str, str], str]:
    """Scope by principal and role, of what the function's part of the plan assigns."""
    names = {guid: role for role, guid in ROLES.items()}
    return {
        (r.inputs["principalId"], names[r.inputs["roleDefinitionId"].rpartition("/")[2]]): r.inputs["scope"]
        for r in graph.all("authorization:RoleAssignment")
        if r.parent.startswith("scoring-function") or "scoring-function" in r.name
    }


OWN = "principal of identities-scoring-function"


def test_it_reads_its_models_and_one_secret_and_no_more(stage: Graph) -> None:
    found = {key: scope for key, scope in granted(stage).items() if key[0] == OWN}
    assert found == {
        (OWN, "Storage Blob Data Owner"): "id of scoring-function-storage",
        (OWN, "Storage Blob Data Reader"): "id of scoring-function-models",
        (OWN, "Key Vault Secrets User"): "id of vault",  # Azure knows no scope that is not there yet
        (OWN, "Monitoring Metrics Publisher"): "id of telemetry-insights",
    }
    models = next(r for r in stage.all("storage:BlobContainer") if r.name == "scoring-function-models")
    assert models.inputs["publicAccess"] == "None"


def test_a_key_that_is_there_is_all_that_it_may_read_of_the_vault(prod: Graph) -> None:
    assert granted(prod)[OWN, "Key Vault Secrets User"] == "id of vault/secrets/callers-key"
    assert settings_of_app(prod)["API_KEY_SECRET"] == "callers-key"


def test_who_puts_code_there_is_whoever_releases(stage: Graph, prod: Graph) -> None:
    """People where nothing is approved; where an identity promotes approved releases, that one alone."""
    engineers = stack_file("stage")["mlops-estate:engineersGroupId"]
    for graph, who in ((stage, engineers), (prod, PROMOTER)):
        code = {key[0] for key in granted(graph) if key[1] == "Website Contributor"}
        assert code == {who}
    assert granted(prod)[PROMOTER, "Storage Blob Data Contributor"] == "id of scoring-function-models"


def test_production_that_names_no_promoter_is_red_by_a_policy(prod: Graph) -> None:
    """Engineers then put code there themselves, as in stage; nothing else tells anybody."""
    config = config_of("prod", {"keySecret": "callers-key"})
    engineers = record("prod", config)
    rule = "site-code-approved"
    found = [one for one in of_graph(engineers) if one.rule == rule]
    assert [one.resource.inputs["principalId"] for one in found] == [config["mlops-estate:engineersGroupId"]]
    assert not [one for one in of_graph(prod) if one.rule == rule]


def test_the_host_has_no_key_and_the_app_no_secret(stage: Graph) -> None:
    app = settings_of_app(stage)
    assert app["AzureWebJobsStorage__credential"] == "managedidentity" and "AzureWebJobsStorage" not in app
    assert (app["API_KEY_SECRET"], app["ESTATE_ENVIRONMENT"]) == ("scoring-api-key", "stage")
    assert "MODEL_URL" not in app  # which model it has is the release's to say
    accounts = {r.name: r.inputs for r in stage.all("storage:StorageAccount")}
    assert accounts["scoring-function-storage"]["allowSharedKeyAccess"] is False
    for token in ("web:WebAppScmAllowed", "web:WebAppFtpAllowed"):
        assert stage.one(token).inputs["allow"] is False


def test_the_app_is_one_that_flex_consumption_takes(stage: Graph) -> None:
    """What the SDK fills in by itself, and what other plans want said, Azure refuses here."""
    site = stage.one("web:WebApp").inputs
    assert not {"netFrameworkVersion", "ftpsState", "linuxFxVersion"} & set(site["siteConfig"])
    assert site["functionAppConfig"]["runtime"] == {"name": "python", "version": "3.11"}
    assert site["functionAppConfig"]["scaleAndConcurrency"] == {
        "instanceMemoryMB": 2048,
        "maximumInstanceCount": 40,
    }
    assert stage.one("web:AppServicePlan").inputs["sku"] == {"name": "FC1", "tier": "FlexConsumption"}


def test_it_goes_out_by_a_subnet_of_its_own_and_lets_in_the_listed_callers(stage: Graph) -> None:
    site = stage.one("web:WebApp").inputs
    assert site["virtualNetworkSubnetId"] == "id of network-scoring-function"
    assert site["outboundVnetRouting"] == {"allTraffic": True}
    assert [one["ipAddress"] for one in site["siteConfig"]["ipSecurityRestrictions"]] == ["203.0.113.0/24"]
    subnet = next(r for r in stage.all("network:Subnet") if r.name == "network-scoring-function")
    assert [one["serviceName"] for one in subnet.inputs["delegations"]] == ["Microsoft.App/environments"]


def test_a_private_one_answers_at_its_endpoint_alone(prod: Graph) -> None:
    site = prod.one("web:WebApp").inputs
    assert site["publicNetworkAccess"] == "Disabled" and site["siteConfig"]["ipSecurityRestrictions"] == []
    ends = {one.name for one in prod.all("network:PrivateEndpoint")}
    assert {"scoring-function-endpoint", "scoring-function-blob-endpoint"} <= ends
    zones = {one.inputs["privateZoneName"] for one in prod.all("privatedns:PrivateZone")}
    assert "privatelink.azurewebsites.net" in zones


def test_it_logs_and_the_estate_tells_where_it_is(stage: Graph) -> None:
    told = {r.inputs["resourceUri"] for r in stage.all("monitor:DiagnosticSetting")}
    assert {"id of scoring-function-app", "id of scoring-function-blobs"} <= told
    found = EstateOutputs.model_validate(stage.outputs).scoring_function
    assert found is not None and found.url == f"https://{found.app}.azurewebsites.net"
    assert any(r.name == "alerts-function-failures" for r in stage.all("monitor:ScheduledQueryRule"))


def test_packages_are_kept_where_the_promoter_alone_puts_them(stage: Graph, prod: Graph) -> None:
    found = [EstateOutputs.model_validate(one.outputs).scoring_function for one in (stage, prod)]
    assert [one.gated for one in found if one] == [False, True]


@pytest.mark.parametrize(
    ("function", "subnet", "said"),
    [
        ({}, False, "network.subnets.scoringFunction is not set: scoringFunction needs a subnet of its own"),
        ({"memoryMb": 1024}, True, "scoringFunction.memoryMb"),
        ({"maxInstances": 20}, True, "scoringFunction.maxInstances"),
        ({"keySecret": "no spaces"}, True, "scoringFunction.keySecret"),
    ],
)
def test_wrong_settings_are_refused(function: dict[str, Any] | None, subnet: bool, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(raw_settings_of(config_of("stage", function, subnet=subnet)), "stage")
    assert said in str(error.value)
