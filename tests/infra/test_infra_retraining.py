"""What starts trainings by itself, in the graph and in the settings."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from infra.config import load
from infra.config_errors import ConfigError
from infra.naming import Names
from infra.roles import LANDING_WRITER, role_definition_id, role_guid
from infra.stack_file import raw_settings as raw_settings_of
from policies.evaluate import evaluate, of_resource
from tests.infra.recording import Graph, record, stack_file

APPLICATION = {
    "clientId": "7d3c2b1a-0000-4000-8000-0000000000a1",
    "objectId": "7d3c2b1a-0000-4000-8000-0000000000a2",
}
GITHUB = {"repository": "example/estate", "app": "Iv23abc", "installation": "123456", "key": "release-app"}
HOSTED: dict[str, Any] = {
    "schedule": "0 0 4 * * Mon",
    "dailyLimit": 3,
    "application": APPLICATION,
    "github": GITHUB,
}
PUSHER = "7d3c2b1a-0000-4000-8000-0000000000b1"
PRODUCTION = (
    "/subscriptions/0a7c1e5d-0000-4000-8000-00000000000b/resourceGroups/rg-mlops-prod-weu/providers/"
    "Microsoft.Network/virtualNetworks/vnet-mlops-prod-weu/subnets/snet-training"
)
OWN_SUBNET = PRODUCTION.replace("00b/", "00a/").replace("-prod-", "-stage-")
LAKE = (
    "/subscriptions/0a7c1e5d-0000-4000-8000-00000000000a/resourceGroups/rg-mlops-stage-weu/providers/"
    "Microsoft.Storage/storageAccounts/dlmlopsstage0a1b2c3d"
)
PUSHED_BY: dict[str, Any] = {"principalId": PUSHER, "subnetId": PRODUCTION}
ELSEWHERE: dict[str, Any] = {
    "endpoint": {**APPLICATION, "url": "https://func-mlops-stage-0a1b2c3d.azurewebsites.net/api/alerts"}
}


def config_of(stack: str, retraining: dict[str, Any] | None) -> dict[str, Any]:
    config = stack_file(stack)
    config.pop("mlops-estate:retraining", None)
    return config if retraining is None else {**config, "mlops-estate:retraining": retraining}


@pytest.fixture(scope="module")
def hosted() -> Graph:
    return record("stage", config_of("stage", HOSTED))


@pytest.fixture(scope="module")
def private() -> Graph:
    return record("prod", config_of("prod", HOSTED))


@pytest.fixture(scope="module")
def pushing() -> Graph:
    """Production, whose alerts go to where trainings run."""
    return record("prod", config_of("prod", ELSEWHERE))


@pytest.fixture(scope="module")
def taking() -> Graph:
    """Stage, which takes production's rows."""
    return record("stage", config_of("stage", {**HOSTED, "pushedBy": PUSHED_BY}))


@pytest.fixture(scope="module")
def giving() -> Graph:
    """Production, which pushes them, and its alerts."""
    return record("prod", config_of("prod", {**ELSEWHERE, "pushTo": LAKE}))


def settings_of_app(graph: Graph) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in graph.one("web:WebApp").inputs["siteConfig"]["appSettings"]}


def test_nothing_of_it_is_there_without_the_setting() -> None:
    graph = record("stage", config_of("stage", None))
    assert not graph.all("web:WebApp")
    assert not graph.all("eventgrid:SystemTopic")
    assert not [r for r in graph.all("authorization:RoleAssignment") if r.name.startswith("retrain")]
    assert [one.inputs["emailReceivers"] for one in graph.all("monitor:ActionGroup")]


def test_files_that_land_and_models_that_are_registered_come_to_one_queue(hosted: Graph) -> None:
    topics = {
        topic.inputs["topicType"]: topic.inputs["source"] for topic in hosted.all("eventgrid:SystemTopic")
    }
    assert topics == {
        "Microsoft.Storage.StorageAccounts": "id of lake",
        "Microsoft.MachineLearningServices.Workspaces": "id of workspace",
    }
    subscriptions = hosted.all("eventgrid:SystemTopicEventSubscription")
    for one in subscriptions:
        delivered = one.inputs["deliveryWithResourceIdentity"]
        assert delivered["destination"]["queueName"] == "events"
        assert delivered["identity"]["userAssignedIdentity"] == "id of identities-events"
        assert "destination" not in one.inputs  # that would be by an account key
        assert one.inputs["deadLetterWithResourceIdentity"]["identity"] == delivered["identity"]
    landed = next(one for one in subscriptions if one.name == "retraining-landed").inputs["filter"]
    assert landed["subjectBeginsWith"] == "/blobServices/default/containers/landing/"
    assert "CreateFile" not in landed["advancedFilters"][0]["values"]
    assert "FlushWithClose" in landed["advancedFilters"][0]["values"]


def test_events_are_delivered_once_their_roles_stand(hosted: Graph) -> None:
    grants = {
        r.name
        for r in hosted.all("authorization:RoleAssignment")
        if r.parent == "retraining-grants" and r.name.startswith("events-")
    }
    assert len(grants) == 2
    for one in hosted.all("eventgrid:SystemTopicEventSubscription"):
        assert grants <= one.depends_on


def test_the_app_signs_in_by_identity_and_knows_no_secret(hosted: Graph) -> None:
    app = settings_of_app(hosted)
    assert app["AzureWebJobsStorage__credential"] == "managedidentity"
    assert "AzureWebJobsStorage" not in app
    for name, value in app.items():
        assert not any(word in name.lower() for word in ("password", "secret", "accountkey")), name
        assert "AccountKey" not in str(value)
    stored = hosted.one("web:WebApp").inputs["functionAppConfig"]["deployment"]["storage"]
    assert stored["authentication"]["type"] == "UserAssignedIdentity"
    for token in ("web:WebAppScmAllowed", "web:WebAppFtpAllowed"):
        assert hosted.one(token).inputs["allow"] is False


def test_the_app_is_in_the_network_and_answers_azure_monitor_alone(hosted: Graph) -> None:
    inputs = hosted.one("web:WebApp").inputs
    assert inputs["virtualNetworkSubnetId"] == "id of network-functions"
    site = inputs["siteConfig"]
    assert [one["ipAddress"] for one in site["ipSecurityRestrictions"]] == ["ActionGroup"]
    assert site["ipSecurityRestrictionsDefaultAction"] == "Deny"
    assert site["scmIpSecurityRestrictionsDefaultAction"] == "Deny"
    assert [one["ipAddress"] for one in site["scmIpSecurityRestrictions"]] == ["203.0.113.0/24"]
    signed = hosted.one("web:WebAppAuthSettingsV2").inputs
    assert signed["globalValidation"]["requireAuthentication"] is True
    directory = signed["identityProviders"]["azureActiveDirectory"]
    assert directory["validation"]["allowedAudiences"] == [f"api://{APPLICATION['clientId']}"]
    allowed = directory["validation"]["defaultAuthorizationPolicy"]["allowedApplications"]
    assert allowed == ["461e8683-5575-4561-ac7f-899cc907d62a"]


def test_a_private_estates_app_has_endpoints_and_no_callers(private: Graph) -> None:
    site = private.one("web:WebApp").inputs["siteConfig"]
    assert site["scmIpSecurityRestrictions"] == []
    assert [one["ipAddress"] for one in site["ipSecurityRestrictions"]] == ["ActionGroup"]
    ends = {one.name for one in private.all("network:PrivateEndpoint")}
    assert {"triggers-endpoint", "trigger-queue-endpoint", "trigger-blob-endpoint"} <= ends
    closed = record("prod", config_of("prod", {"schedule": "0 0 4 * * Mon"}))
    assert closed.one("web:WebApp").inputs["publicNetworkAccess"] == "Disabled"


def test_only_rules_that_a_new_model_may_answer_start_a_training(hosted: Graph, pushing: Graph) -> None:
    for graph in (hosted, pushing):
        groups = {
            rule.name: rule.inputs["actions"]["actionGroups"]
            for rule in graph.all("monitor:ScheduledQueryRule")
        }
        started = {name for name, told in groups.items() if "id of alerts-retraining" in told}
        assert started == {"alerts-drift", "alerts-quality"}
        assert all("id of alerts-people" in told for told in groups.values())


def test_productions_alerts_go_to_the_app_of_the_estate_that_trains(hosted: Graph, pushing: Graph) -> None:
    def webhook(graph: Graph) -> dict[str, Any]:
        (group,) = (one for one in graph.all("monitor:ActionGroup") if one.name == "alerts-retraining")
        (receiver,) = group.inputs["webhookReceivers"]
        return receiver

    assert webhook(pushing)["serviceUri"] == ELSEWHERE["endpoint"]["url"]
    name = hosted.one("web:WebApp").inputs["name"]
    assert webhook(hosted)["serviceUri"] == f"https://{name}.azurewebsites.net/api/alerts"
    for graph in (hosted, pushing):
        assert webhook(graph)["useAadAuth"] is True
        assert "code=" not in webhook(graph)["serviceUri"]
    assert not pushing.all("web:WebApp")
    assert not pushing.all("eventgrid:SystemTopic")


def test_production_may_add_to_landing_and_do_nothing_else(hosted: Graph, taking: Graph) -> None:
    def of_pusher(graph: Graph) -> list[tuple[str, str]]:
        return [
            (one.inputs["scope"], one.inputs["roleDefinitionId"])
            for one in graph.all("authorization:RoleAssignment")
            if one.inputs["principalId"] == PUSHER
        ]

    settings = load(raw_settings_of(config_of("stage", HOSTED)), "stage").azure
    role = role_definition_id(
        settings.subscription_id, role_guid(LANDING_WRITER, settings.tenant_id, "mlops")
    )
    assert of_pusher(taking) == [("id of lake-landing", role)]
    assert of_pusher(hosted) == []


def test_stages_lake_lets_productions_training_in(hosted: Graph, taking: Graph) -> None:
    def let_in(graph: Graph, name: str) -> set[str]:
        rules = graph.one("storage:StorageAccount", name).inputs["networkRuleSet"]["virtualNetworkRules"]
        return {one["virtualNetworkResourceId"] for one in rules}

    assert let_in(taking, "lake") - let_in(hosted, "lake") == {PRODUCTION}
    assert let_in(taking, "storage") == let_in(hosted, "storage")


def test_productions_training_reaches_that_lake_and_no_other(pushing: Graph, giving: Graph) -> None:
    def reached(graph: Graph) -> list[str]:
        made = graph.one("network:ServiceEndpointPolicy").inputs["serviceEndpointPolicyDefinitions"]
        return [one for row in made for one in row["serviceResources"]]

    assert set(reached(giving)) - set(reached(pushing)) == {LAKE}
    subnet = graph_subnet(giving)
    assert subnet["serviceEndpoints"] == [{"service": "Microsoft.Storage"}]
    assert giving.outputs["pushes_to"] == LAKE.rpartition("/")[2]
    assert pushing.outputs["pushes_to"] is None
    assert not giving.all("web:WebApp")


def graph_subnet(graph: Graph) -> dict[str, Any]:
    return graph.one("network:Subnet", "network-training").inputs


def test_what_the_other_side_has_to_be_told_is_an_output(taking: Graph, giving: Graph) -> None:
    assert giving.outputs["training_identity_principal_id"] == "principal of identities-training"
    assert giving.outputs["training_subnet_id"] == "id of network-training"
    assert taking.outputs["data_lake_id"] == "id of lake"


def test_rows_alone_may_be_pushed_without_alerts() -> None:
    graph = record("prod", config_of("prod", {"pushTo": LAKE}))
    assert not graph.all("web:WebApp")
    assert not [one for one in graph.all("monitor:ActionGroup") if one.name == "alerts-retraining"]


def test_a_private_estate_that_trains_takes_no_subnet_of_others() -> None:
    said = problems("prod", {"pushedBy": {**PUSHED_BY, "subnetId": PRODUCTION.replace("-prod-", "-dev-")}})
    assert "set privateEndpoint here" in said
    record("prod", config_of("prod", {"pushedBy": {"principalId": PUSHER}}))


def test_a_private_estate_pushes_by_its_service_endpoint() -> None:
    config = config_of("prod", {"pushTo": LAKE})
    config["mlops-estate:network"] = {**config["mlops-estate:network"], "storagePolicy": False}
    with pytest.raises(ConfigError, match=r"network\.storagePolicy"):
        load(raw_settings_of(config), "prod")


@pytest.fixture(scope="module")
def by_endpoint() -> dict[str, Graph]:
    """Production, by how its private endpoint of the other estate's lake is approved."""
    return {
        way: record("prod", config_of("prod", {"pushTo": LAKE, "pushEndpoint": way}))
        for way in ("manual", "automatic")
    }


def test_production_has_a_private_endpoint_of_the_lake_that_it_pushes_to(
    by_endpoint: dict[str, Graph],
) -> None:
    names = {"manual": "manualPrivateLinkServiceConnections", "automatic": "privateLinkServiceConnections"}
    for way, graph in by_endpoint.items():
        inputs = graph.one("network:PrivateEndpoint", "landing-endpoint").inputs
        (other,) = set(names.values()) - {names[way]}
        assert not inputs.get(other)
        (connection,) = inputs[names[way]]
        assert (connection["privateLinkServiceId"], connection["groupIds"]) == (LAKE, ["blob"])
        assert ("mlops prod" in connection.get("requestMessage", "")) is (way == "manual")
        assert inputs["subnet"]["id"] == "id of network-private-endpoints"
        zones = graph.one("network:PrivateDnsZoneGroup", "landing-endpoint-zones").inputs
        (config,) = zones["privateDnsZoneConfigs"]
        assert config["name"] == "privatelink-blob-core-windows-net"


def test_an_endpoint_that_others_approve_keeps_the_rules_and_one_of_ones_own_does_not(
    by_endpoint: dict[str, Graph],
) -> None:
    """Nobody would approve the connection to a service of the estate."""
    made = by_endpoint["manual"].one("network:PrivateEndpoint", "landing-endpoint")
    assert [one.message for one in of_resource(made)] == []
    own = replace(made, references={"manualPrivateLinkServiceConnections": ("storage:StorageAccount::lake",)})
    (said,) = of_resource(own)
    assert "the estate's own" in said.message
    assert evaluate(by_endpoint["manual"], date.today()).failed == ()


def test_by_an_endpoint_no_storage_of_others_is_reached_in_public(by_endpoint: dict[str, Graph]) -> None:
    made = by_endpoint["manual"].one("network:ServiceEndpointPolicy").inputs
    assert LAKE not in [
        one for row in made["serviceEndpointPolicyDefinitions"] for one in row["serviceResources"]
    ]
    config = config_of("prod", {"pushTo": LAKE, "pushEndpoint": "manual"})
    config["mlops-estate:network"] = {**config["mlops-estate:network"], "storagePolicy": False}
    load(raw_settings_of(config), "prod")


def test_a_private_estate_that_trains_takes_rows_by_the_others_endpoint() -> None:
    graph = record("prod", config_of("prod", {"pushedBy": {"principalId": PUSHER, "privateEndpoint": True}}))
    rules = graph.one("storage:StorageAccount", "lake").inputs["networkRuleSet"]["virtualNetworkRules"]
    assert rules == []
    assert [one for one in graph.all("authorization:RoleAssignment") if one.inputs["principalId"] == PUSHER]


def test_a_zone_that_would_hide_the_lake_from_its_own_network_is_refused() -> None:
    """Azure: the name of an account with a private endpoint is an alias in the private zone."""
    taking = {"pushedBy": {"principalId": PUSHER, "privateEndpoint": True}}
    for links, fits in (
        ({}, True),
        ({"services": ["storage"]}, False),
        ({"monitor": True}, False),
        ({"services": ["storage", "dataLake"], "monitor": True}, True),
    ):
        raw = raw_settings_of({**config_of("stage", taking), "mlops-estate:privateLink": links})
        if fits:
            load(raw, "stage")
            continue
        with pytest.raises(ConfigError, match=r"privateLink\.services.*add dataLake"):
            load(raw, "stage")


def test_an_estate_does_not_push_to_itself() -> None:
    own = load(raw_settings_of(config_of("prod", None)), "prod").names().of("data_lake")
    assert "own data lake" in problems("prod", {"pushTo": LAKE.replace("dlmlopsstage0a1b2c3d", own)})


def test_the_schedule_is_the_settings_and_without_one_the_timer_is_off(hosted: Graph) -> None:
    assert settings_of_app(hosted)["RETRAIN_SCHEDULE"] == "0 0 4 * * Mon"
    assert settings_of_app(hosted)["AzureWebJobs.schedule.Disabled"] == "false"
    without = record("stage", config_of("stage", {}))
    assert settings_of_app(without)["AzureWebJobs.schedule.Disabled"] == "true"
    assert not [one for one in without.all("monitor:ActionGroup") if one.name == "alerts-retraining"]
    assert without.one("web:WebApp").inputs["siteConfig"]["ipSecurityRestrictions"] == []


def problems(stack: str, retraining: dict[str, Any], *, without: tuple[str, ...] = ()) -> str:
    config = config_of(stack, retraining)
    for setting in without:
        config.pop(f"mlops-estate:{setting}", None)
        config["mlops-estate:network"]["subnets"].pop(setting, None)
    with pytest.raises(ConfigError) as found:
        load(raw_settings_of(config), stack)
    return str(found.value)


@pytest.mark.parametrize(
    ("retraining", "without", "said"),
    [
        ({"schedule": "0 4 * * 1"}, (), "retraining.schedule"),
        ({"dailyLimit": 0}, (), "retraining.dailyLimit"),
        ({"data": "https://example.com/rows.csv"}, (), "azureml:credit-default@latest"),
        ({**ELSEWHERE, "schedule": "0 0 4 * * Mon"}, (), "leave out schedule"),
        ({**ELSEWHERE, "pushedBy": PUSHED_BY}, (), "pushedBy"),
        ({"pushTo": LAKE, "schedule": "0 0 4 * * Mon"}, (), "leave out schedule"),
        ({"pushTo": "dlmlopsstage0a1b2c3d"}, (), "retraining.pushTo"),
        ({"pushTo": LAKE}, ("dataLake",), "pushes the answers"),
        ({"pushEndpoint": "manual"}, (), "set pushTo, or leave it out"),
        ({"pushTo": LAKE, "pushEndpoint": "perhaps"}, (), "retraining.pushEndpoint"),
        ({"pushedBy": {**PUSHED_BY, "privateEndpoint": True}}, (), "by subnetId or by privateEndpoint"),
        ({"pushedBy": {**PUSHED_BY, "subnetId": OWN_SUBNET}}, (), "a subnet of this estate"),
        ({"pushedBy": {"subnetId": PRODUCTION}}, (), "retraining.pushedBy.principalId"),
        ({"endpoint": {**APPLICATION, "url": "http://example.com"}}, (), "retraining_alerts_url"),
        ({}, ("functions",), "network.subnets.functions"),
        ({}, ("dataLake",), "waits for files that land"),
        ({"application": APPLICATION}, ("alerts",), "there are no alerts"),
        ({"github": {**GITHUB, "repository": "estate"}}, (), "retraining.github.repository"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_made(
    retraining: dict[str, Any], without: tuple[str, ...], said: str
) -> None:
    assert said in problems("stage", retraining, without=without)


def test_the_longest_names_are_legal() -> None:
    names = Names("0a7c1e5d-0000-4000-8000-00000000000a", "abcdefgh", "stage", "weu")
    assert len(names.of("trigger_storage")) <= 24
    assert len(names.of("system_topic", "workspace")) <= 50
