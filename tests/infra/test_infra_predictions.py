"""The database of predictions by key, in the graph and in the settings."""

from typing import Any

import pytest

from infra import estimate
from infra.alerts import METRICS, QUERIES
from infra.config import load
from infra.config_errors import ConfigError
from infra.config_predictions import PredictionsDatabase
from infra.naming import Names
from infra.outputs import EstateOutputs
from infra.stack_file import raw_settings as raw_settings_of
from tests.infra.recording import Graph, record, stack_file

ASKED: dict[str, Any] = {"administrators": "ML engineers", "vmSize": "Standard_D2ds_v5", "backupDays": 14}
TYPES = ("Server", "AdministratorsMicrosoftEntra", "Configuration")


def config_of(stack: str, asked: dict[str, Any] | None) -> dict[str, Any]:
    config = stack_file(stack)
    return config if asked is None else {**config, "mlops-estate:predictionsDatabase": asked}


def ports(rule: dict[str, Any]) -> list[str]:
    return rule.get("destinationPortRanges") or [rule["destinationPortRange"]]


@pytest.fixture(scope="module")
def graph() -> Graph:
    """On an allow-list, where other services answer in public."""
    return record("stage", config_of("stage", ASKED))


def test_nothing_of_it_is_there_without_the_setting(graphs: dict[str, Graph]) -> None:
    for found in graphs.values():
        assert not [one for one in found.custom if one.token.startswith("dbforpostgresql:")]
        rules = [
            rule
            for group in found.all("network:NetworkSecurityGroup")
            for rule in group.inputs["securityRules"]
        ]
        assert not [rule for rule in rules if "5432" in ports(rule)]


def test_the_server_has_no_passwords_and_no_public_door(graph: Graph) -> None:
    server = graph.one("dbforpostgresql:Server").inputs
    tenant = stack_file("stage")["azure-native:tenantId"]
    assert server["authConfig"] == {
        "activeDirectoryAuth": "Enabled",
        "passwordAuth": "Disabled",
        "tenantId": tenant,
    }
    assert server["network"] == {"publicNetworkAccess": "Disabled"}
    assert server["sku"] == {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"}
    assert server["backup"] == {"backupRetentionDays": 14, "geoRedundantBackup": "Disabled"}
    assert not {"administratorLogin", "administratorLoginPassword"} & set(server)
    parameters = {
        one.inputs["configurationName"]: one.inputs["value"]
        for one in graph.all("dbforpostgresql:Configuration")
    }
    assert parameters["require_secure_transport"] == "ON"
    assert parameters["ssl_min_protocol_version"] == "TLSv1.2"


def test_the_engineers_are_its_administrators_and_the_only_ones(graph: Graph) -> None:
    (found,) = graph.all("dbforpostgresql:AdministratorsMicrosoftEntra")
    config = stack_file("stage")
    assert found.inputs["objectId"] == config["mlops-estate:engineersGroupId"]
    assert (found.inputs["principalName"], found.inputs["principalType"]) == ("ML engineers", "Group")


def test_a_private_endpoint_leads_to_it_in_every_estate(graph: Graph) -> None:
    endpoint = graph.one("network:PrivateEndpoint", "predictions-endpoint")
    (connection,) = endpoint.inputs["privateLinkServiceConnections"]
    assert connection["groupIds"] == ["postgresqlServer"]
    assert connection["privateLinkServiceId"] == "id of predictions"
    zones = {zone.inputs["privateZoneName"] for zone in graph.all("privatedns:PrivateZone")}
    assert "privatelink.postgres.database.azure.com" in zones


def test_who_loads_and_who_looks_up_get_through_and_nobody_else(graph: Graph) -> None:
    """On both sides: out of their subnet, and into that of the endpoints."""
    ranges = stack_file("stage")["mlops-estate:network"]["subnets"]
    allowed: dict[str, set[str]] = {"Inbound": set(), "Outbound": set()}
    for group in graph.all("network:NetworkSecurityGroup"):
        for rule in group.inputs["securityRules"]:
            if ports(rule) == ["5432"]:
                allowed[rule["direction"]].add(rule["sourceAddressPrefix"])
    wanted = {ranges[key] for key in ("training", "inference", "kubernetes", "ciRunners") if key in ranges}
    assert allowed == {"Inbound": wanted, "Outbound": wanted}


def test_it_logs_and_is_locked_where_data_is_protected() -> None:
    found = record("stage", {**config_of("stage", ASKED), "mlops-estate:protectData": True})
    held = {one.inputs["scope"] for one in found.all("authorization:ManagementLockByScope")}
    assert "id of predictions" in held
    told = {one.inputs["resourceUri"] for one in found.all("monitor:DiagnosticSetting")}
    assert "id of predictions" in told
    assert found.one("dbforpostgresql:Server").protect


def test_alerts_watch_it_where_it_is_and_nowhere_else(graph: Graph, graphs: dict[str, Graph]) -> None:
    keys = {f"alerts-{one.key}" for one in (*QUERIES, *METRICS) if one.part == "predictions"}
    assert keys == {f"alerts-predictions-{one}" for one in ("away", "full", "refused", "stale")}

    def rules(found: Graph) -> dict[str, Any]:
        made = [*found.all("monitor:ScheduledQueryRule"), *found.all("monitor:MetricAlert")]
        return {rule.name: rule.inputs for rule in made if rule.name in keys}

    watched = rules(graph)
    assert set(watched) == keys
    for name, inputs in watched.items():
        ours = "id of telemetry-logs" if name.endswith("-stale") else "id of predictions"
        assert inputs["scopes"] == [ours]
    assert watched["alerts-predictions-full"]["targetResourceType"] == (
        "Microsoft.DBforPostgreSQL/flexibleServers"
    )
    assert [rules(found) for found in graphs.values()] == [{}] * len(graphs)


def test_its_outputs_say_who_signs_in_as_what(graph: Graph) -> None:
    outputs = EstateOutputs.model_validate(graph.outputs)
    found = outputs.predictions
    assert found is not None
    names = Names(stack_file("stage")["azure-native:subscriptionId"], "mlops", "stage", "weu")
    assert (found.writer, found.reader) == (names.of("identity", "training"), names.of("identity", "scoring"))
    assert (found.administrators, found.database, found.port) == ("ML engineers", "predictions", 5432)
    wanted = ("principal of identities-training", "principal of identities-scoring")
    assert (found.writer_object_id, found.reader_object_id) == wanted


def test_what_it_costs_is_counted_twice_with_a_standby() -> None:
    alone, both = (
        {line.key: line for line in estimate.lines(record("prod", config_of("prod", {**ASKED, **more})))}
        for more in ({}, {"zoneRedundant": True})
    )
    for key, quantity in (("postgres/Standard_D2ds_v5", 1), ("postgres-storage", 64)):
        assert (alone[key].quantity, both[key].quantity) == (quantity, 2 * quantity)
        assert alone[key].usd


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "predictionsDatabase.administrators is not set"),
        ({"administrators": "'; DROP"}, "write the display name of the group"),
        ({"administrators": "a" * 64}, "63 letters"),
        ({**ASKED, "vmSize": "Standard_NC4as_T4_v3"}, "write a size of PostgreSQL servers"),
        ({**ASKED, "storageGb": 100}, "predictionsDatabase.storageGb is 100"),
        ({**ASKED, "backupDays": 6}, "predictionsDatabase.backupDays is 6"),
        ({**ASKED, "version": "9"}, "predictionsDatabase.version is"),
        (
            {**ASKED, "vmSize": "Standard_B2s", "zoneRedundant": True},
            "predictionsDatabase.zoneRedundant is true: Standard_B2s is burstable and has no standby",
        ),
        ({**ASKED, "password": "x"}, "predictionsDatabase.password"),
    ],
)
def test_wrong_settings_are_named(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(raw_settings_of(config_of("stage", asked)), "stage")
    assert words in str(refused.value)


def test_a_region_without_zones_has_no_standby() -> None:
    config = config_of("stage", {**ASKED, "zoneRedundant": True})
    config["azure-native:location"] = "canadaeast"
    with pytest.raises(ConfigError, match="canadaeast has no availability zones"):
        load(raw_settings_of(config), "stage")


@pytest.mark.parametrize(
    ("size", "tier"),
    [("B2s", "Burstable"), ("D2ds_v5", "GeneralPurpose"), ("E4ds_v5", "MemoryOptimized")],
)
def test_the_tier_follows_from_the_size(size: str, tier: str) -> None:
    asked = {**ASKED, "vmSize": f"Standard_{size}"}
    settings = load(raw_settings_of(config_of("stage", asked)), "stage")
    assert isinstance(settings.predictions_database, PredictionsDatabase)
    assert settings.predictions_database.tier == tier
