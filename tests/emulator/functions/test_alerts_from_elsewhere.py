"""Production's alert comes to stage's function app: both as infra/ declares them, in two subscriptions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.identity.directory import SUBSCRIPTIONS
from ml.trigger.events import from_alert
from ml.trigger.state import Event
from tests.emulator.core.conftest import LOCATION, Client
from tests.emulator.functions.conftest import CODE, SITE, World, package
from tests.emulator.monitor.test_logs import stored
from tests.infra.recording import record
from tests.infra.test_infra_retraining import APPLICATION, HOSTED, config_of

HOUR = datetime(2026, 11, 29, 10, tzinfo=UTC)
PRODUCTION = f"/subscriptions/{list(SUBSCRIPTIONS)[1]}/resourceGroups/rg-prod"
GROUP = f"{PRODUCTION}/providers/Microsoft.Insights/actionGroups/retraining"
LOGS = f"{PRODUCTION}/providers/Microsoft.OperationalInsights/workspaces/logs"
RULE = f"{PRODUCTION}/providers/Microsoft.Insights/scheduledQueryRules/alert-mlops-prod-weu-drift"
ALERTS = """

@app.function_name("alerts")
@app.route(route="alerts", methods=["POST"])
def alerts(req: func.HttpRequest) -> func.HttpResponse:
    note(req.get_body().decode())
    return func.HttpResponse("heard")
"""


def receiver_of(application: dict[str, str]) -> dict[str, Any]:
    """Of production's action group, with stage's app by its address here."""
    endpoint = {**application, "url": "https://func-app.azurewebsites.net/api/alerts"}
    graph = record("prod", config_of("prod", {"endpoint": endpoint}))
    (group,) = (one for one in graph.all("monitor:ActionGroup") if one.name == "alerts-retraining")
    (receiver,) = group.inputs["webhookReceivers"]
    return receiver


def alert(world: World, receiver: dict[str, Any], minute: int) -> list[Any]:
    """Production's rule finds drift; what its action group was answered."""
    properties = {"groupShortName": "retraining", "enabled": True, "webhookReceivers": [receiver]}
    world.owner.ok("PUT", GROUP, {"location": "Global", "properties": properties})
    workspace = world.owner.ok("GET", LOGS)["properties"]["customerId"]
    at = HOUR + timedelta(minutes=minute)
    row = {
        "TimeGenerated": stored(at),
        "_TimeReceived": stored(at),
        "TenantId": workspace,
        "_ResourceId": LOGS.lower(),
        "AppRoleName": "scoring",
        "Properties": {},
        "Measurements": {},
        "ItemCount": 1,
        "Name": "drift",
    }
    world.emulator.telemetry.add([("AppEvents", row)])
    condition = {"query": "AppEvents | where Name == 'drift'", "timeAggregation": "Count"}
    criteria = {"allOf": [{**condition, "operator": "GreaterThan", "threshold": 0}]}
    rule = {
        "severity": 2,
        "scopes": [LOGS],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT5M",
        "criteria": criteria,
        "actions": {"actionGroups": [GROUP]},
    }
    world.owner.ok("PUT", RULE, {"location": LOCATION, "kind": "LogAlert", "properties": rule})
    ((_, sent),) = world.emulator.alerts.evaluate(HOUR + timedelta(minutes=minute + 2))
    world.owner("DELETE", RULE)
    return sent


@pytest.fixture(scope="module")
def stage(world: World) -> World:
    """Stage's app, guarded as its graph says, and production's workspace."""
    graph = record("stage", config_of("stage", HOSTED))
    signing = graph.one("web:WebAppAuthSettingsV2").inputs
    kept = ("platform", "globalValidation", "httpSettings", "identityProviders")
    world.owner.ok(
        "PUT", f"{SITE}/config/authsettingsV2", {"properties": {name: signing[name] for name in kept}}
    )
    restrictions = graph.one("web:WebApp").inputs["siteConfig"]["ipSecurityRestrictions"]
    assert [one["ipAddress"] for one in restrictions] == ["ActionGroup"]  # as that of the app here
    assert world.publish(package(CODE + ALERTS)).status == 202
    assert world.state()["status"] == 4, world.state()
    owner: Client = world.owner
    owner.ok("PUT", PRODUCTION, {"location": LOCATION})
    properties = {"sku": {"name": "PerGB2018"}}
    owner.ok("PUT", LOGS, {"location": LOCATION, "properties": properties})
    return world


def test_productions_alert_is_let_in_and_understood(stage: World) -> None:
    [sent] = alert(stage, receiver_of(APPLICATION), 3)
    assert (sent.status, sent.why) == (200, "")
    (line,) = stage.noted(lambda lines: bool(lines))
    event = from_alert(json.loads(line))
    assert isinstance(event, Event)
    assert event.started_by == "metric" and "alert-mlops-prod-weu-drift fired" in event.words


def test_one_that_signs_in_to_another_application_is_not(stage: World) -> None:
    before = stage.noted(lambda _: True)
    other = {**APPLICATION, "clientId": "7d3c2b1a-0000-4000-8000-0000000000ff"}
    [sent] = alert(stage, receiver_of(other), 13)
    assert sent.status == 401
    assert stage.noted(lambda _: True) == before
