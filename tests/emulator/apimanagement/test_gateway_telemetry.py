"""What the gateway tells Application Insights: each request with its backend, by the service's identity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.apimanagement.world import SERVICE, World
from tests.emulator.core.conftest import GROUP, LOCATION, SUBSCRIPTION

LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/appi"
GRANT = f"{INSIGHTS}/providers/Microsoft.Authorization/roleAssignments/00000001-0000-4000-8000-000000000009"
PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
LOGGER, DIAGNOSTIC = f"{SERVICE}/loggers/insights", f"{SERVICE}/diagnostics/applicationinsights"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def told(world: World) -> Iterator[World]:
    """A diagnostic to a component that takes tokens alone."""
    put = world.arm.ok
    sku = {"sku": {"name": "PerGB2018"}}
    put("PUT", LOGS, {"location": LOCATION, "properties": sku})
    component = {"Application_Type": "web", "WorkspaceResourceId": LOGS, "DisableLocalAuth": True}
    made = put("PUT", INSIGHTS, {"location": LOCATION, "kind": "web", "properties": component})["properties"]
    roles = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    who = put("GET", SERVICE)["identity"]["principalId"]
    grant = {
        "principalId": who,
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"{roles}/{PUBLISHER}",
    }
    put("PUT", GRANT, {"properties": grant})
    credentials = {"connectionString": made["ConnectionString"], "identityClientId": "SystemAssigned"}
    logger = {"loggerType": "applicationInsights", "credentials": credentials}
    put("PUT", LOGGER, {"properties": logger})
    put("PUT", DIAGNOSTIC, {"properties": diagnostic()})
    yield world
    put("DELETE", DIAGNOSTIC)


def diagnostic(percentage: float = 100.0, **given: Any) -> dict[str, Any]:
    return {
        "loggerId": LOGGER,
        "httpCorrelationProtocol": "W3C",
        "verbosity": "information",
        "metrics": True,
        "sampling": {"samplingType": "fixed", "percentage": percentage},
        **given,
    }


def rows(world: World, table: str) -> list[dict[str, Any]]:
    world.emulator.gateway.telemetry.flush()
    return world.emulator.telemetry.latest(table, 1000)


def test_a_request_and_its_call_of_the_backend_are_one_trace(told: World) -> None:
    told.backend("rev-1")
    told.policy('<set-backend-service backend-id="rev-1" />')
    response = told.call(headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    assert response.status == 200
    request, call = rows(told, "AppRequests")[0], rows(told, "AppDependencies")[0]
    assert (request["Name"], request["ResultCode"], request["Success"]) == ("echo;rev=1 - get-any", "200", 1)
    assert (request["OperationId"], request["ParentId"]) == (TRACE, "b7ad6b7169203331")
    assert request["AppRoleName"] == f"apim-test {LOCATION}" and request["_ResourceId"] == INSIGHTS.lower()
    assert request["Properties"]["Backend ID"] == call["Properties"]["Backend ID"] == "rev-1"
    assert (call["OperationId"], call["ParentId"], call["Target"]) == (TRACE, request["Id"], "10.0.4.9:8080")
    seen = told.echo.got[-1]["headers"]["traceparent"]
    assert seen == f"00-{TRACE}-{call['Id']}-01"
    assert request["DurationMs"] >= call["DurationMs"] > 0


def test_failures_are_told_with_their_reason(told: World) -> None:
    told.policy('<set-backend-service base-url="http://absent.invalid" />')
    told.call()
    request, exception = rows(told, "AppRequests")[0], rows(told, "AppExceptions")[0]
    assert (request["ResultCode"], request["Success"]) == ("500", 0)
    assert exception["ExceptionType"] == "BackendConnectionFailure"
    assert exception["Properties"]["Section"] == "backend"


def test_traces_and_metrics_of_policies(told: World) -> None:
    told.policy(
        '<trace source="policy" severity="information"><message>hello</message>'
        '<metadata name="a" value="b" /></trace><trace source="policy" severity="verbose"><message>quiet'
        '</message></trace><emit-metric name="calls" value="2" namespace="own"><dimension name="API ID" />'
        '<dimension name="x" value="y" /></emit-metric>'
    )
    told.call()
    trace, metric = rows(told, "AppTraces")[0], rows(told, "AppMetrics")[0]
    assert (trace["Message"], trace["Properties"]["a"]) == ("hello", "b")
    assert (metric["Name"], metric["Sum"], metric["Properties"]) == ("calls", 2, {"API ID": "echo", "x": "y"})


def test_the_platforms_metrics_count_each_request_whatever_is_told(told: World) -> None:
    told.arm.ok("PUT", DIAGNOSTIC, {"properties": diagnostic(0.0)})
    told.call()
    told.call("/absent")
    points = told.emulator.metrics.points(SERVICE, "Requests", 0, 1 << 62)
    counted = {
        (named["ApiId"], named["GatewayResponseCodeCategory"], named["BackendResponseCode"])
        for named in (dict(one.dimensions) for one in points)
    }
    assert {("echo", "2xx", "200"), ("", "4xx", "")} <= counted
    durations = told.emulator.metrics.points(SERVICE, "Duration", 0, 1 << 62)
    assert sum(one.count for one in durations) == sum(one.count for one in points)


def test_a_share_is_told_and_all_errors_where_it_is_asked_for(told: World) -> None:
    before = len(rows(told, "AppRequests"))
    told.arm.ok("PUT", DIAGNOSTIC, {"properties": diagnostic(0.0, alwaysLog="allErrors")})
    assert told.call().status == 200
    assert len(rows(told, "AppRequests")) == before
    assert told.call("/absent").status == 404
    assert len(rows(told, "AppRequests")) == before + 1


def test_without_the_right_nothing_arrives(told: World, caplog: pytest.LogCaptureFixture) -> None:
    before = len(rows(told, "AppRequests"))
    told.arm.ok("DELETE", GRANT)
    lost = told.emulator.gateway.telemetry.lost
    told.call()
    assert len(rows(told, "AppRequests")) == before
    assert told.emulator.gateway.telemetry.lost > lost and "refuses" in caplog.text
    assert json.loads(told.call().body)["method"] == "GET"  # and the call does not care
