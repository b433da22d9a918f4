"""Alert rules at work: on their schedule, over windows, by dimensions, fired, resolved, and told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.http import Request, Response
from emulator.identity.directory import SIGNED_IN, Principal
from emulator.monitor.alerts.notices import Notices
from emulator.monitor.kql.values import ticks_of
from infra import alerts as table
from tests.emulator.monitor.test_logs import MONITORING_READER, component_id, received
from tests.emulator.storage import estate

HOUR = datetime(2026, 11, 29, 10, tzinfo=UTC)
HOOK = "hook.region.logic.azure.com"
GROUP_ID = f"{estate.GROUP}/providers/Microsoft.Insights/actionGroups/people"
WORKSPACE = f"{estate.GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
SERVICE = f"{estate.GROUP}/providers/Microsoft.ApiManagement/service/gate"


class World:
    """An emulator with a workspace, a component, and an action group whose webhook keeps what it gets."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.got: list[dict[str, Any]] = []
        self.answers: list[int] = []
        held = estate.resource(emulator, "Microsoft.OperationalInsights/workspaces/logs")
        component = {"WorkspaceResourceId": held["id"]}
        estate.resource(emulator, "Microsoft.Insights/components/app", component, kind="web")
        self.group(serviceUri=f"https://{HOOK}/run?sig=x", name="flow", useCommonAlertSchema=True)
        long_ago = received(emulator, HOUR - timedelta(days=365))  # a table is there once a row has come
        emulator.telemetry.add([(name, long_ago) for name in ("AppEvents", "AppMetrics", "AppRequests")])
        emulator.hosts.route(HOOK, self._hear)

    def _hear(self, request: Request) -> Response:
        status = self.answers.pop(0) if self.answers else 202
        if status < 300:
            self.got.append(json.loads(request.body)["data"])
        return Response(status)

    def group(self, **webhook: Any) -> None:
        properties = {"groupShortName": "people", "enabled": True, "webhookReceivers": [webhook]}
        path = "Microsoft.Insights/actionGroups/people"
        estate.resource(self.emulator, path, properties)

    def rule(
        self, name: str, query: str, condition: dict[str, Any] | None = None, **properties: Any
    ) -> dict[str, Any]:
        whole = {"query": query, "timeAggregation": "Count", "operator": "GreaterThan", "threshold": 0}
        given = {
            "severity": 1,
            "scopes": [WORKSPACE],
            "evaluationFrequency": "PT5M",
            "windowSize": "PT5M",
            "criteria": {"allOf": [{**whole, **(condition or {})}]},
            "actions": {"actionGroups": [GROUP_ID], "customProperties": {"env": "test"}},
            **properties,
        }
        return estate.resource(
            self.emulator, f"Microsoft.Insights/scheduledQueryRules/{name}", given, kind="LogAlert"
        )

    def metric(self, name: str, criterion: dict[str, Any], **properties: Any) -> dict[str, Any]:
        kind = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
        whole = {
            "name": "one",
            "criterionType": "StaticThresholdCriterion",
            "timeAggregation": "Total",
            **criterion,
        }
        given = {
            "severity": 2,
            "enabled": True,
            "scopes": [SERVICE],
            "evaluationFrequency": "PT5M",
            "windowSize": "PT5M",
            "criteria": {"odata.type": kind, "allOf": [whole]},
            "actions": [{"actionGroupId": GROUP_ID}],
            **properties,
        }
        return estate.resource(self.emulator, f"Microsoft.Insights/metricAlerts/{name}", given)

    def events(self, minute: float, *names: str, **properties: str) -> None:
        at = HOUR + timedelta(minutes=minute)
        row = {**received(self.emulator, at), "Properties": properties}
        self.emulator.telemetry.add([("AppEvents", {**row, "Name": name}) for name in names])

    def at(self, *minutes: int) -> list[tuple[int, str, str]]:
        """The changes of evaluations: minute, rule, change."""
        return [
            (minute, told.alert["name"], told.change)
            for minute in minutes
            for told, _ in self.emulator.alerts.evaluate(HOUR + timedelta(minutes=minute))
        ]

    def ask(
        self, method: str, path: str, principal: Principal = SIGNED_IN, **query: str
    ) -> tuple[int, dict[str, Any]]:
        token = self.emulator.identity.tokens.issue(principal, "https://management.azure.com")[0]
        whole = f"{estate.SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts{path}"
        asked = {"api-version": "2019-05-05-preview", **query}
        headers = {"authorization": f"Bearer {token}"}
        answer = self.emulator.answer(Request(method, "management.azure.com", whole, whole, asked, headers))
        return answer.status, json.loads(answer.body)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    emulator = estate.start(tmp_path)
    yield World(emulator)
    emulator.close()


BROKEN = "AppEvents | where Name == 'broken'"


def test_a_rule_fires_once_and_is_resolved_when_it_was_well_for_long_enough(world: World) -> None:
    world.rule("breaks", BROKEN, description="something broke")
    world.events(3, "broken", "broken")
    world.events(8, "broken")
    assert world.at(1, 4, 5) == [(5, "breaks", "Fired")]
    assert world.at(10) == []  # it goes on
    assert world.at(15, 20, 25) == [(25, "breaks", "Resolved")]  # three times the frequency without
    assert world.at(30) == []
    world.events(31, "broken")
    assert world.at(35) == [(35, "breaks", "Fired")]
    assert [one["essentials"]["monitorCondition"] for one in world.got] == ["Fired", "Resolved", "Fired"]


def test_receivers_get_the_common_schema(world: World) -> None:
    rule = world.rule("breaks", BROKEN, description="something broke")
    world.events(3, "broken", "broken")
    world.at(5)
    [got] = world.got
    essentials = got["essentials"]
    assert {
        name: essentials[name]
        for name in ("alertRule", "severity", "signalType", "monitoringService", "description")
    } == {
        "alertRule": "breaks",
        "severity": "Sev1",
        "signalType": "Log",
        "monitoringService": "Log Alerts V2",
        "description": "something broke",
    }
    assert essentials["alertTargetIDs"] == [WORKSPACE.lower()]
    assert essentials["alertRuleID"] == rule["id"]
    assert essentials["firedDateTime"] == "2026-11-29T10:05:00.000000Z"
    condition = got["alertContext"]["condition"]
    assert (condition["windowSize"], condition["windowStartTime"]) == ("PT5M", "2026-11-29T10:00:00Z")
    [one] = condition["allOf"]
    assert (one["metricValue"], one["threshold"], one["operator"], one["dimensions"]) == (
        2.0,
        "0",
        "GreaterThan",
        [],
    )
    assert got["customProperties"] == {"env": "test"}


def test_a_window_is_looked_at_and_what_is_older_is_not(world: World) -> None:
    world.rule("breaks", BROKEN, windowSize="PT15M")
    world.events(0, "broken")
    assert world.at(15) == [(15, "breaks", "Fired")]
    world.rule("breaks", BROKEN, windowSize="PT5M")
    world.rule("other", BROKEN, windowSize="PT10M")
    assert world.at(20) == []


def test_each_combination_of_dimensions_is_an_alert_of_its_own(world: World) -> None:
    dimensions = [{"name": "zone", "operator": "Exclude", "values": ["c"]}]
    condition = {"dimensions": dimensions, "threshold": 1}
    world.rule("zones", f"{BROKEN} | extend zone = tostring(Properties.zone)", condition)
    for zone, times in (("a", 2), ("b", 3), ("c", 9), ("d", 1)):
        world.events(2, *["broken"] * times, zone=zone)
    world.events(7, "broken", "broken", zone="b")
    assert world.at(5) == [(5, "zones", "Fired"), (5, "zones", "Fired")]
    told = [one["alertContext"]["condition"]["allOf"][0]["dimensions"] for one in world.got]
    assert sorted(one[0]["value"] for one in told) == ["a", "b"]
    assert world.at(10, 15, 20) == [(20, "zones", "Resolved")]  # that of a; b violated at 10 again


def test_a_measure_is_aggregated_and_nothing_is_no_violation(world: World) -> None:
    query = "AppEvents | extend n = toint(Properties.n) | project n"
    condition = {
        "metricMeasureColumn": "n",
        "timeAggregation": "Average",
        "operator": "LessThan",
        "threshold": 10,
    }
    world.rule("mean", query, condition)
    assert world.at(5) == []
    world.events(6, "x", n="4")
    world.events(7, "x", n="14")
    assert world.at(10) == [(10, "mean", "Fired")]
    assert world.got[0]["alertContext"]["condition"]["allOf"][0]["metricValue"] == 9.0


def test_enough_of_several_periods_have_to_violate(world: World) -> None:
    periods = {"numberOfEvaluationPeriods": 3, "minFailingPeriodsToAlert": 2}
    world.rule("twice", BROKEN, {"failingPeriods": periods})
    world.events(2, "broken")
    assert world.at(5, 10) == []
    world.events(13, "broken")
    assert world.at(15) == [(15, "twice", "Fired")]


def test_one_that_is_not_resolved_fires_each_time_and_is_muted(world: World) -> None:
    world.rule("loud", BROKEN, autoMitigate=False, muteActionsDuration="PT10M")
    for minute in (1, 6, 11, 16):
        world.events(minute, "broken")
    assert [minute for minute, _, _ in world.at(5, 10, 15, 20)] == [5, 10, 15, 20]
    assert [one["essentials"]["firedDateTime"][14:16] for one in world.got] == ["05", "15"]


def test_disabled_rules_and_broken_ones_keep_no_other_from_firing(world: World) -> None:
    world.rule("off", BROKEN, enabled=False)
    world.rule("wrong", "AppEvents | where Nome == 1", skipQueryValidation=True)
    world.rule("unknown", "AppEvents | evaluate pivot(Name)")
    world.rule("breaks", BROKEN)
    world.events(3, "broken")
    assert world.at(5) == [(5, "breaks", "Fired")]
    assert [one["name"] for one in world.emulator.refusals.calls()] == ["alert rule unknown"]


def test_alerts_are_listed_acknowledged_and_closed(world: World) -> None:
    world.rule("breaks", BROKEN, windowSize="PT1H")
    now = datetime.now(UTC)
    row = received(world.emulator, now - timedelta(minutes=10))
    world.emulator.telemetry.add([("AppEvents", {**row, "Name": "broken"})])
    world.emulator.alerts.evaluate(now.replace(minute=now.minute - now.minute % 5))
    _, body = world.ask("GET", "", alertrule="breaks")
    [one] = body["value"]
    essentials = one["properties"]["essentials"]
    assert (one["name"], essentials["monitorCondition"], essentials["alertState"]) == (
        "breaks",
        "Fired",
        "New",
    )
    assert essentials["targetResourceType"] == "Microsoft.OperationalInsights/workspaces"
    assert world.ask("GET", "", monitorcondition="Resolved")[1] == {"value": []}
    alert_id = one["id"].rsplit("/", 1)[-1]
    reader = estate.identity(world.emulator, "alert-reader")
    estate.grant(world.emulator, reader.object_id, MONITORING_READER, estate.SUBSCRIPTION)
    assert world.ask("GET", f"/{alert_id}", reader)[0] == 200
    assert world.ask("POST", f"/{alert_id}/changestate", reader, newstate="Closed")[0] == 403
    _, body = world.ask("POST", f"/{alert_id}/changestate", newstate="Acknowledged")
    assert body["properties"]["essentials"]["alertState"] == "Acknowledged"
    assert world.ask("POST", f"/{alert_id}/changestate", newstate="Gone")[0] == 400
    assert world.ask("GET", "/none")[0] == 404


def gateway(world: World) -> None:
    publisher = {"publisherEmail": "a@example.org", "publisherName": "a"}
    sku = {"name": "Developer", "capacity": 1}
    estate.resource(world.emulator, "Microsoft.ApiManagement/service/gate", publisher, sku=sku)


def answered(world: World, minute: int, code: str, times: int) -> None:
    at = ticks_of(HOUR + timedelta(minutes=minute))
    for _ in range(times):
        world.emulator.metrics.write(SERVICE, "Requests", 1, at, {"GatewayResponseCodeCategory": code})


def test_a_metric_alert_fires_and_is_resolved_after_three_good_evaluations(world: World) -> None:
    gateway(world)
    only = [{"name": "GatewayResponseCodeCategory", "operator": "Include", "values": ["5xx"]}]
    world.metric(
        "gate", {"metricName": "Requests", "operator": "GreaterThan", "threshold": 2, "dimensions": only}
    )
    answered(world, 1, "2xx", 9)
    answered(world, 2, "5xx", 2)
    assert world.at(5) == []
    answered(world, 6, "5xx", 3)
    assert world.at(10) == [(10, "gate", "Fired")]
    assert world.at(15, 20, 25, 30) == [(25, "gate", "Resolved")]
    context = world.got[0]["alertContext"]
    assert context["conditionType"] == "SingleResourceMultipleMetricCriteria"
    assert context["condition"]["allOf"][0]["metricValue"] == 3.0
    assert context["condition"]["allOf"][0]["dimensions"][0]["value"] == "5xx"


def test_a_metric_that_is_not_measured_is_told_by_name(world: World) -> None:
    gateway(world)
    world.metric("busy", {"metricName": "Capacity", "operator": "GreaterThan", "threshold": 80})
    assert world.at(5) == []
    [refused] = world.emulator.refusals.calls()
    assert (refused["name"], "metric Capacity" in refused["what"]) == ("alert rule busy", True)


def test_receivers_that_are_not_emulated_are_told_by_name(world: World) -> None:
    world.group(name="flow", serviceUri=f"https://{HOOK}/run")
    world.rule("breaks", BROKEN)
    world.events(3, "broken")
    [(_, sent)] = world.emulator.alerts.evaluate(HOUR + timedelta(minutes=5))
    assert "without useCommonAlertSchema" in sent[0].why
    assert world.got == []


def test_a_secure_webhook_is_called_with_azure_monitors_own_token(world: World) -> None:
    signed: list[str] = []

    def handle(request: Request) -> Response:
        signed.append(request.headers.get("authorization", "").removeprefix("Bearer "))
        return Response(202)

    world.emulator.hosts.route("secure.azurewebsites.net", handle)
    world.group(
        name="flow",
        serviceUri="https://secure.azurewebsites.net/api/alerts",
        useCommonAlertSchema=True,
        useAadAuth=True,
        identifierUri="api://7d3c2b1a-0000-4000-8000-0000000000a1",
    )
    world.rule("breaks", BROKEN)
    world.events(3, "broken")
    [(_, sent)] = world.emulator.alerts.evaluate(HOUR + timedelta(minutes=5))
    assert sent[0].status == 202
    claims = world.emulator.identity.tokens.claims(signed[0])
    assert claims["aud"] == "api://7d3c2b1a-0000-4000-8000-0000000000a1"
    assert claims["appid"] == "461e8683-5575-4561-ac7f-899cc907d62a"


def test_nothing_is_sent_outside(world: World) -> None:
    world.group(name="flow", serviceUri="https://example.org/hook", useCommonAlertSchema=True)
    world.rule("breaks", BROKEN)
    world.events(3, "broken")
    [(_, sent)] = world.emulator.alerts.evaluate(HOUR + timedelta(minutes=5))
    assert sent[0].why == "example.org is outside, and nothing is sent there"
    assert [one["name"] for one in world.emulator.refusals.hosts()] == ["example.org"]


def test_a_receiver_that_is_busy_is_asked_again(world: World) -> None:
    rule = world.rule("breaks", BROKEN)
    world.events(3, "broken")
    [(told, _)] = world.emulator.alerts.evaluate(HOUR + timedelta(minutes=5))
    notices = Notices(world.emulator.store, world.emulator.hosts.handler, world.emulator.refusals, (0, 0))
    for answers, status in (([503, 503], 202), ([503, 429, 503], 503), ([400], 400)):
        world.answers = list(answers)
        [sent] = notices.tell(rule, told, HOUR)
        assert sent.status == status
        assert world.answers == []


@pytest.mark.parametrize(
    "alert", [one for one in table.QUERIES if one.key in ("failures", "latency")], ids=lambda one: one.key
)
def test_the_estates_rules_fire_over_what_the_service_tells(world: World, alert: table.QueryAlert) -> None:
    world.rule(
        alert.key,
        alert.query,
        evaluationFrequency=alert.every,
        windowSize=alert.window,
        severity=alert.severity,
    )
    row = received(world.emulator, HOUR + timedelta(minutes=2))
    own = {"http.response.status_code": "500", "http.route": "/score"}
    for name, value in (("scoring.requests", 50.0), ("scoring.request.duration", 50 * 300.0)):
        metric = {"Name": name, "Sum": value, "Min": 1.0, "Max": value, "ItemCount": 50, "Properties": own}
        world.emulator.telemetry.add([("AppMetrics", {**row, **metric})])
    assert world.at(5) == [(5, alert.key, "Fired")]
    assert component_id("app").lower() == row["_ResourceId"]
