"""Log Analytics as the SDK asks it: answers, errors, rights, networks, and the estate's own queries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import (
    LogsBatchQuery,
    LogsQueryClient,
    LogsQueryError,
    LogsQueryResult,
    LogsTable,
)

from emulator.app import Emulator
from emulator.faults import Plan
from emulator.home import REPOSITORY
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN, Principal
from emulator.monitor.kql import engine
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.logs.rows import Rows
from emulator.monitor.logs.schema import CLASSIC, SCHEMA
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport
from tests.infra.test_infra_observe import ASKED

LOG_READER = "73c42c96-874c-492b-b04d-ab87d138a893"
MONITORING_READER = "43d0d8ad-25c7-4714-9337-8ba259a9fe05"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """With the workspaces ``logs`` and ``other``, the component ``app``, and an hour of its telemetry."""
    emulator = estate.start(tmp_path_factory.mktemp("logs"))
    for name in ("logs", "other"):
        estate.resource(emulator, f"Microsoft.OperationalInsights/workspaces/{name}")
    for name, workspace in (("app", "logs"), ("quiet", "other")):
        held = estate.resource(emulator, f"Microsoft.OperationalInsights/workspaces/{workspace}")
        estate.resource(
            emulator, f"Microsoft.Insights/components/{name}", {"WorkspaceResourceId": held["id"]}, kind="web"
        )
    now = datetime.now(UTC) - timedelta(minutes=1)
    emulator.telemetry.add(list(telemetry(emulator, now)))
    yield emulator
    emulator.close()


def telemetry(emulator: Emulator, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ten requests a minute apart, two of which failed, and what the scoring service counts of them."""
    for minute in range(10):
        at = now - timedelta(minutes=minute)
        failed = minute in (3, 4)
        common = received(emulator, at)
        status = "500" if failed else "200"
        request: dict[str, Any] = {
            "Id": f"r{minute}",
            "Name": "POST /score",
            "Success": int(not failed),
            "ResultCode": status,
            "DurationMs": 10.0 * (minute + 1),
            "ItemCount": 2 if minute == 0 else 1,
        }
        yield "AppRequests", {**common, **request}
        properties = {"http.response.status_code": status, "http.route": "/score"}
        for name, value in (("scoring.requests", 10.0), ("scoring.request.duration", 3000.0)):
            metric = {"Name": name, "Sum": value, "Min": 1.0, "Max": value, "ItemCount": 10}
            yield "AppMetrics", {**common, **metric, "Properties": properties}


def received(emulator: Emulator, at: datetime, delay: timedelta = timedelta()) -> dict[str, Any]:
    """The columns of a row of ``app`` that was measured at a time and arrived somewhat later."""
    return {
        "TimeGenerated": stored(at),
        "_TimeReceived": stored(at + delay),
        "TenantId": workspace_id(emulator, "logs"),
        "_ResourceId": component_id("app").lower(),
        "AppRoleName": "scoring",
        "Properties": {},
        "Measurements": {},
        "ItemCount": 1,
    }


def stored(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def component_id(name: str) -> str:
    return f"{estate.GROUP}/providers/Microsoft.Insights/components/{name}"


def workspace_id(emulator: Emulator, name: str) -> str:
    found = emulator.arm.get(f"{estate.GROUP}/providers/Microsoft.OperationalInsights/workspaces/{name}")
    return found["properties"]["customerId"]


def client(emulator: Emulator, principal: Principal = SIGNED_IN) -> LogsQueryClient:
    return LogsQueryClient(Credential(emulator, principal), transport=transport(emulator), retry_total=0)


def rows(answer: object) -> list[list[Any]]:
    assert isinstance(answer, LogsQueryResult)
    return [list(row) for row in answer.tables[0].rows]


def test_a_workspace_answers_with_types_and_times(emulator: Emulator) -> None:
    query = """AppRequests
| summarize requests = sum(ItemCount), failed = sumif(ItemCount, Success == false),
            p = percentile(DurationMs, 50), newest = max(TimeGenerated), names = make_set(Name)
| extend late = now() - newest"""
    answer = client(emulator).query_workspace(workspace_id(emulator, "logs"), query, timespan=HOUR)
    assert isinstance(answer, LogsQueryResult)
    table: LogsTable = answer.tables[0]
    assert table.columns_types == ["long", "long", "real", "datetime", "dynamic", "timespan"]
    row = table.rows[0]
    assert (row["requests"], row["failed"], row["p"]) == (11, 2, 50.0)
    assert isinstance(row["newest"], datetime)
    assert json.loads(row["names"]) == ["POST /score"]
    assert row["late"].startswith("00:0")


def test_the_time_span_bounds_what_is_seen(emulator: Emulator) -> None:
    asking, workspace = client(emulator), workspace_id(emulator, "logs")
    now = datetime.now(UTC)
    count = "AppRequests | count"
    assert rows(asking.query_workspace(workspace, count, timespan=timedelta(minutes=4, seconds=30))) == [[4]]
    assert rows(asking.query_workspace(workspace, count, timespan=(now - HOUR, HOUR))) == [[10]]
    assert rows(asking.query_workspace(workspace, count, timespan=(now - 2 * HOUR, now - HOUR))) == [[0]]
    assert rows(asking.query_workspace(workspace, count, timespan=None)) == [[10]]


def test_a_batch_answers_each_and_fails_each_alone(emulator: Emulator) -> None:
    workspace = workspace_id(emulator, "logs")
    asked = [
        LogsBatchQuery(workspace, text, timespan=HOUR)
        for text in ("AppRequests | count", "AppRequests | wher 1")
    ]
    found = client(emulator).query_batch([*asked, LogsBatchQuery("none", "print 1", timespan=None)])
    assert rows(found[0]) == [[10]]
    assert isinstance(found[1], LogsQueryError)
    assert found[1].message == "Query could not be parsed at 'wher' on line [1,14]"
    assert isinstance(found[2], LogsQueryError)
    assert found[2].code == "PathNotFoundError"


def test_a_component_answers_for_its_own_rows_by_both_names(emulator: Emulator) -> None:
    asking = client(emulator)
    for query in ("requests | summarize sum(itemCount)", "AppRequests | summarize sum(ItemCount)"):
        assert rows(asking.query_resource(component_id("app"), query, timespan=None)) == [[11]]
    assert rows(asking.query_resource(component_id("quiet"), "requests | count", timespan=None)) == [[0]]
    assert rows(asking.query_resource(estate.GROUP, "AppRequests | count", timespan=None)) == [[10]]


def test_application_insights_has_a_host_of_its_own(emulator: Emulator) -> None:
    app = emulator.arm.get(component_id("app"))["properties"]["AppId"]
    token = emulator.identity.tokens.issue(SIGNED_IN, "https://api.applicationinsights.io")[0]
    path = f"/v1/apps/{app}/query"
    query = {
        "query": "customMetrics | where name == 'scoring.requests' | summarize sum(valueSum)",
        "timespan": "PT1H",
    }
    headers = {"authorization": f"Bearer {token}"}
    answer = emulator.answer(Request("GET", "api.applicationinsights.io", path, path, query, headers))
    assert json.loads(answer.body)["tables"] == [
        {"name": "PrimaryResult", "columns": [{"name": "sum_valueSum", "type": "real"}], "rows": [[100.0]]}
    ]


def test_what_it_is_drawn_as_and_what_it_cost_are_told_when_asked_for(emulator: Emulator) -> None:
    answer = client(emulator).query_workspace(
        workspace_id(emulator, "logs"),
        "AppRequests | summarize count() by bin(TimeGenerated, 1m) | render timechart with "
        "(title='Requests')",
        timespan=HOUR,
        include_statistics=True,
        include_visualization=True,
    )
    assert isinstance(answer, LogsQueryResult)
    assert answer.visualization is not None
    assert answer.statistics is not None
    assert (answer.visualization["visualization"], answer.visualization["title"]) == ("timechart", "Requests")
    assert answer.statistics["query"]["datasetStatistics"] == [{"rowCount": 10}]


def test_faults_are_told_as_azure_tells_them_and_what_is_not_emulated_is_recorded(emulator: Emulator) -> None:
    asking, workspace = client(emulator), workspace_id(emulator, "logs")
    with pytest.raises(HttpResponseError) as wrong:
        asking.query_workspace(workspace, "AppRequests\n| where Nome == 1", timespan=None)
    assert wrong.value.status_code == 400
    inner = json.loads(wrong.value.response.text())["error"]["innererror"]["innererror"]  # type: ignore[union-attr]
    assert inner == {
        "code": "SEM0100",
        "message": "'where' operator: Failed to resolve column or scalar expression named 'Nome'",
        "line": 2,
        "pos": 8,
        "token": "Nome",
    }
    with pytest.raises(HttpResponseError, match="KQL: operator 'evaluate'"):
        asking.query_workspace(workspace, "AppRequests | evaluate pivot(Name)", timespan=None)
    assert any("operator 'evaluate'" in str(one) for one in emulator.refusals.calls())


def test_rows_are_seen_after_a_while(emulator: Emulator) -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    emulator.telemetry.add([("AppEvents", {**received(emulator, at, timedelta(seconds=30)), "Name": "late"})])
    query = "AppEvents | where Name == 'late' | project ingestion_time() - TimeGenerated"

    def seen(seconds: float, lag_s: float) -> list[Any]:
        now = ticks_of(at + timedelta(seconds=seconds))
        held = Rows(emulator.telemetry, (workspace_id(emulator, "logs"),), now, lag_s)
        return engine.run(query, held, now).tables[0].rows

    assert (seen(34.9, 5), seen(35, 5)) == ([], [(35 * 10_000_000,)])
    emulator.faults.set(Plan(lag_s=10**9))
    try:
        answer = client(emulator).query_workspace(
            workspace_id(emulator, "logs"), "AppRequests | count", timespan=None
        )
        assert rows(answer) == [[0]]
    finally:
        emulator.faults.set(Plan())


@pytest.mark.parametrize("role", [LOG_READER, MONITORING_READER])
def test_a_reader_of_the_workspace_reads_and_nobody_else(emulator: Emulator, role: str) -> None:
    reader = estate.identity(emulator, f"reader-{role[:4]}")
    asking, workspace = client(emulator, reader), workspace_id(emulator, "logs")
    with pytest.raises(HttpResponseError) as refused:
        asking.query_workspace(workspace, "AppRequests | count", timespan=None)
    assert refused.value.status_code == 403
    words = "The provided credentials have insufficient access to perform the requested operation"
    assert words in refused.value.message
    scope = f"{estate.GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
    estate.grant(emulator, reader.object_id, role, scope)
    assert rows(asking.query_workspace(workspace, "AppRequests | count", timespan=None)) == [[10]]
    with pytest.raises(HttpResponseError, match="insufficient access"):
        asking.query_workspace(workspace_id(emulator, "other"), "AppRequests | count", timespan=None)


def test_a_reader_of_the_resource_reads_its_rows_where_the_workspace_lets_that(emulator: Emulator) -> None:
    reader = estate.identity(emulator, "reader-of-app")
    asking = client(emulator, reader)
    with pytest.raises(HttpResponseError, match="insufficient access"):
        asking.query_resource(component_id("app"), "requests | count", timespan=None)
    estate.grant(emulator, reader.object_id, MONITORING_READER, component_id("app"))
    assert rows(asking.query_resource(component_id("app"), "requests | count", timespan=None)) == [[10]]
    features = {"enableLogAccessUsingOnlyResourcePermissions": False}
    estate.resource(emulator, "Microsoft.OperationalInsights/workspaces/logs", {"features": features})
    try:
        with pytest.raises(HttpResponseError, match="insufficient access"):
            asking.query_resource(component_id("app"), "requests | count", timespan=None)
    finally:
        features["enableLogAccessUsingOnlyResourcePermissions"] = True
        estate.resource(emulator, "Microsoft.OperationalInsights/workspaces/logs", {"features": features})


def test_a_workspace_shut_to_public_networks_is_not_read_from_outside(emulator: Emulator) -> None:
    shut = {"publicNetworkAccessForQuery": "Disabled"}
    estate.resource(emulator, "Microsoft.OperationalInsights/workspaces/other", shut)
    with pytest.raises(HttpResponseError, match="no private link scope holds") as refused:
        client(emulator).query_workspace(workspace_id(emulator, "other"), "print 1", timespan=None)
    assert refused.value.status_code == 403


def test_a_token_for_another_service_is_not_enough(emulator: Emulator) -> None:
    token = emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")[0]
    path = f"/v1/workspaces/{workspace_id(emulator, 'logs')}/query"
    headers = {"authorization": f"Bearer {token}"}
    answer = emulator.answer(
        Request("POST", "api.loganalytics.io", path, path, {}, headers, b'{"query": "print 1"}')
    )
    assert answer.status == 401


@pytest.mark.parametrize(("name", "query"), ASKED, ids=[name for name, _ in ASKED])
def test_the_estates_queries_run(emulator: Emulator, name: str, query: str) -> None:
    answer = client(emulator).query_workspace(workspace_id(emulator, "logs"), query, timespan=HOUR)
    found = rows(answer)
    fires = {"failures", "latency"}  # of the alerts, over the telemetry above
    if name in {"availability", "drift", "outliers", "telemetry-lost", "daily-cap", *fires}:
        assert bool(found) is (name in fires)


def test_the_query_of_the_docs_joins_the_parts_of_events(emulator: Emulator) -> None:
    (query,) = re.findall(r"```kusto\n(.*?)```", (REPOSITORY / "docs/scoring.md").read_text(), re.DOTALL)
    at = datetime.now(UTC) - timedelta(minutes=30)
    common = {"event_id": "e1", "parts": "2", "status": "drifted"}
    for part in ("1", "2"):
        own = {
            **common,
            "part": part,
            "drifted": f"f{part}",
            "counts": json.dumps({"counts": {f"f{part}": [1, 2]}}),
        }
        row = {**received(emulator, at), "Name": "scoring.drift", "Properties": own}
        emulator.telemetry.add([("AppEvents", row)])
    answer = client(emulator).query_workspace(workspace_id(emulator, "logs"), query, timespan=HOUR)
    assert isinstance(answer, LogsQueryResult)
    (row,) = answer.tables[0].rows
    assert (row["status"], json.loads(row["drifted"])) == ("drifted", ["f1", "f2"])
    assert json.loads(row["counts"]) == {"f1": [1, 2], "f2": [1, 2]}


def test_every_table_is_answered_with_its_columns(emulator: Emulator) -> None:
    held = Rows(emulator.telemetry, (), ticks_of(datetime.now(UTC)), 0, classic=True)
    for name, columns in SCHEMA.items():
        assert engine.run(f"{name} | take 0", held, 0).tables[0].columns == tuple(
            type(held.table(name).columns[0])(*column)
            for column in columns  # type: ignore[union-attr]
        )
    for name in CLASSIC:
        assert engine.run(f"{name} | where timestamp > ago(1h) | count", held, 0).tables[0].rows == [(0,)]
