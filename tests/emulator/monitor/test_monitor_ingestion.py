"""Ingestion of telemetry, from azure-monitor-opentelemetry's own exporters and by hand; and the report."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind
from rich.console import Console

from emulator.app import Emulator
from emulator.arm.service import Action
from emulator.errors import AzureError
from emulator.http import Request
from emulator.identity.directory import ENGINEERS, SIGNED_IN
from emulator.monitor import ingestion, report
from emulator.monitor.database import Database
from emulator.monitor.envelopes import InvalidEnvelope, rows
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport

TIME = "2030-01-31T12:00:00.5+01:00"


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """With the components ``open`` (local authentication) and ``closed`` (tokens only)."""
    emulator = estate.start(tmp_path)
    workspace = estate.resource(emulator, "Microsoft.OperationalInsights/workspaces/logs")
    for name, closed in (("open", False), ("closed", True)):
        properties = {"WorkspaceResourceId": workspace["id"], "DisableLocalAuth": closed}
        estate.resource(emulator, f"Microsoft.Insights/components/{name}", properties, kind="web")
    yield emulator
    emulator.close()


def component(emulator: Emulator, name: str) -> dict[str, Any]:
    return emulator.arm.get(f"{estate.GROUP}/providers/Microsoft.Insights/components/{name}")["properties"]


def envelope(key: str, kind: str, **base: Any) -> dict[str, Any]:
    tags = {"ai.cloud.role": "scoring", "ai.operation.id": "op1"}
    return {
        "name": "x",
        "time": TIME,
        "iKey": key,
        "tags": tags,
        "data": {"baseType": kind, "baseData": base},
    }


def send(emulator: Emulator, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    host = "westeurope-0.in.applicationinsights.azure.com"
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = emulator.answer(Request("POST", host, "/v2.1/track", "/v2.1/track", {}, sent, body))
    return answer.status, json.loads(answer.body)


def bearer(emulator: Emulator, audience: str = "https://monitor.azure.com/") -> str:
    return f"Bearer {emulator.identity.tokens.issue(SIGNED_IN, audience)[0]}"


def test_each_kind_goes_to_its_table(emulator: Emulator) -> None:
    key = component(emulator, "open")["InstrumentationKey"]
    request = {
        "id": "r1",
        "name": "POST /score",
        "duration": "0.00:00:01.250",
        "success": True,
        "responseCode": "200",
    }
    items = [
        envelope(key, "RequestData", **request, url="http://x/score", properties={"model": "3"}),
        envelope(key, "RemoteDependencyData", name="GET", id="d1", duration="00:00:00.010", target="kv"),
        envelope(key, "MessageData", message="hello", severityLevel="Warning"),
        envelope(
            key, "ExceptionData", exceptions=[{"typeName": "ValueError", "message": "boom"}], severityLevel=3
        ),
        envelope(
            key, "MetricData", metrics=[{"name": "latency", "value": 9.0, "count": 3, "min": 1, "max": 5}]
        ),
        envelope(key, "EventData", name="batch", properties={"rows": "12"}, measurements={"outliers": 2}),
    ]
    assert send(emulator, json.dumps(items).encode()) == (
        200,
        {"itemsReceived": 6, "itemsAccepted": 6, "errors": []},
    )
    telemetry = emulator.telemetry
    assert [(table.table, table.rows) for table in telemetry.summary() if table.rows] == [
        ("AppRequests", 1),
        ("AppDependencies", 1),
        ("AppTraces", 1),
        ("AppExceptions", 1),
        ("AppMetrics", 1),
        ("AppEvents", 1),
    ]
    [row] = telemetry.requests()
    assert (
        row["TimeGenerated"],
        row["DurationMs"],
        row["Success"],
        row["ResultCode"],
        row["OperationId"],
    ) == (
        "2030-01-31T11:00:00.500000Z",
        1250.0,
        1,
        "200",
        "op1",
    )
    assert (row["AppRoleName"], row["Properties"]) == ("scoring", {"model": "3"})
    assert telemetry.traces()[0]["SeverityLevel"] == 2
    [metric] = telemetry.metrics()
    assert (metric.name, metric.value, metric.points) == ("latency", 3.0, 1)
    assert telemetry.events(name="batch")[0]["Measurements"] == {"outliers": 2}
    assert telemetry.events(name="other") == []


def test_bodies_may_be_lines_and_compressed(emulator: Emulator) -> None:
    key = component(emulator, "open")["InstrumentationKey"]
    lines = "\n".join(json.dumps(envelope(key, "MessageData", message=str(n))) for n in range(3)).encode()
    assert send(emulator, gzip.compress(lines), content_encoding="gzip")[1]["itemsAccepted"] == 3
    one = json.dumps(envelope(key, "MessageData", message="single", sampleRate=25)).encode()
    assert send(emulator, one)[0] == 200
    assert send(emulator, b"[{]")[0] == 400
    assert send(emulator, b"not gzip", content_encoding="gzip")[0] == 400
    assert send(emulator, gzip.compress(lines)[:-9], content_encoding="gzip")[0] == 400
    assert send(emulator, one, content_encoding="br")[0] == 415


def test_a_batch_is_only_so_large_unpacked(emulator: Emulator) -> None:
    """Before anybody has said who sends it: no more is unpacked than is taken."""
    key = component(emulator, "open")["InstrumentationKey"]
    one = json.dumps(envelope(key, "MessageData", message="single")).encode()
    just = gzip.compress(one + b"\n" * (ingestion.MOST_BYTES - len(one)))
    assert send(emulator, just, content_encoding="gzip")[0] == 200
    for body in (
        gzip.compress(one + b"\n" * (ingestion.MOST_BYTES - len(one) + 1)),
        gzip.compress(bytes(1 << 26)),
    ):
        tracemalloc.start()
        status, answer = send(emulator, body, content_encoding="gzip")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (status, answer["itemsAccepted"]) == (413, 0)
        assert peak < 4 * ingestion.MOST_BYTES


def test_good_items_are_kept_beside_bad_ones(emulator: Emulator) -> None:
    key = component(emulator, "open")["InstrumentationKey"]
    items = [
        envelope(key, "MessageData", message="good"),
        envelope("00000000-0000-0000-0000-000000000000", "MessageData", message="of nobody"),
        envelope(key, "RequestData", id="r", duration="soon"),
        envelope(key, "SurpriseData"),
        "no object",
    ]
    status, answer = send(emulator, json.dumps(items).encode())
    assert (status, answer["itemsReceived"], answer["itemsAccepted"]) == (206, 5, 1)
    assert [(error["index"], error["statusCode"]) for error in answer["errors"]] == [
        (1, 400),
        (2, 400),
        (3, 400),
        (4, 400),
    ]
    assert "duration is 'soon'" in answer["errors"][1]["message"]
    assert send(emulator, json.dumps(items[1:2]).encode())[0] == 400
    assert [row["Message"] for row in emulator.telemetry.traces()] == ["good"]


def test_without_local_authentication_a_token_and_a_role_are_needed(emulator: Emulator) -> None:
    key = component(emulator, "closed")["InstrumentationKey"]
    body = json.dumps([envelope(key, "MessageData", message="x")]).encode()
    assert send(emulator, body)[0] == 401
    assert send(emulator, body, authorization=bearer(emulator, "https://storage.azure.com"))[0] == 401
    assert send(emulator, body, authorization=bearer(emulator))[0] == 403
    scope = f"{estate.GROUP}/providers/Microsoft.Insights/components/closed"
    estate.grant(emulator, ENGINEERS, estate.METRICS_PUBLISHER, scope)
    assert send(emulator, body, authorization=bearer(emulator))[0] == 200
    assert len(emulator.telemetry.traces()) == 1


def test_the_distro_s_exporter(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    monkeypatch.setenv("APPLICATIONINSIGHTS_SDKSTATS_DISABLED", "true")
    monkeypatch.setenv("APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED", "true")
    estate.grant(emulator, ENGINEERS, estate.METRICS_PUBLISHER)
    provider = TracerProvider(resource=Resource.create({"service.name": "scoring"}))
    exporter = AzureMonitorTraceExporter(
        tracer_provider=provider,
        connection_string=component(emulator, "closed")["ConnectionString"],
        credential=Credential(emulator),
        transport=transport(emulator),
        disable_offline_storage=True,
    )
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    attributes = {"http.request.method": "POST", "url.path": "/score", "http.response.status_code": 404}
    with provider.get_tracer("t").start_as_current_span(
        "POST /score", kind=SpanKind.SERVER, attributes=attributes
    ):
        pass
    [row] = emulator.telemetry.requests()
    assert (row["Name"], row["ResultCode"], row["Success"], row["AppRoleName"]) == (
        "POST /score",
        "404",
        0,
        "scoring",
    )


@given(
    st.integers(0, 40), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 9_999_999)
)
def test_durations(days: int, hours: int, minutes: int, seconds: int, ticks: int) -> None:
    text = f"{days}.{hours:02}:{minutes:02}:{seconds:02}.{ticks:07}"
    [(_, row)] = rows(envelope("k", "RequestData", id="r", duration=text))
    expected = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ticks / 10_000
    assert row["DurationMs"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("item", "named"),
    [
        ({"data": {}}, "baseData"),
        (envelope("k", "MessageData"), "message"),
        (envelope("k", "MessageData", message="m", severityLevel="loud"), "loud"),
        (envelope("k", "MetricData", metrics=[{"name": "m", "value": "many"}]), "many"),
        ({**envelope("k", "EventData", name="e"), "time": "yesterday"}, "yesterday"),
    ],
)
def test_errors_name_the_field(item: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidEnvelope, match=named):
        rows(item)


def test_what_components_and_workspaces_are_given(emulator: Emulator) -> None:
    first = component(emulator, "open")
    assert f"InstrumentationKey={first['InstrumentationKey']};" in first["ConnectionString"]
    assert (
        "IngestionEndpoint=https://westeurope-0.in.applicationinsights.azure.com/;"
        in first["ConnectionString"]
    )
    estate.resource(
        emulator,
        "Microsoft.Insights/components/open",
        {"WorkspaceResourceId": first["WorkspaceResourceId"], "RetentionInDays": 30},
        kind="web",
    )
    again = component(emulator, "open")
    same = ("InstrumentationKey", "AppId", "CreationDate", "ConnectionString")
    assert [again[key] for key in same] == [first[key] for key in same]
    with pytest.raises(AzureError, match="WorkspaceResourceId"):
        estate.resource(emulator, "Microsoft.Insights/components/classic", kind="web")


def test_shared_keys_of_a_workspace(emulator: Emulator) -> None:
    workspace = f"{estate.GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
    action = Action(workspace, "sharedKeys", {}, {}, {}, SIGNED_IN)
    keys = emulator.arm.act(action)
    assert emulator.arm.act(action) == keys and len(keys["primarySharedKey"]) == 88
    estate.resource(
        emulator, "Microsoft.OperationalInsights/workspaces/logs", {"features": {"disableLocalAuth": True}}
    )
    with pytest.raises(AzureError, match="LocalAuthDisabled"):
        emulator.arm.act(action)


def test_a_diagnostic_setting_needs_a_destination(emulator: Emulator) -> None:
    scope = f"{estate.GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
    setting = f"{scope}/providers/Microsoft.Insights/diagnosticSettings/all"
    logs = [{"categoryGroup": "allLogs", "enabled": True}]
    with pytest.raises(AzureError, match="destination"):
        emulator.arm.put(setting, {"properties": {"logs": logs}})
    made, created = emulator.arm.put(setting, {"properties": {"logs": logs, "workspaceId": scope}})
    assert created and made["properties"]["logs"] == logs


@pytest.mark.parametrize(
    ("properties", "code", "words"),
    [
        (
            {"logs": [{"category": "Everything", "enabled": True}]},
            "BadRequest",
            "Category 'Everything' is not",
        ),
        (
            {"logs": [{"category": "AuditEvent"}, {"categoryGroup": "allLogs"}]},
            "BadRequest",
            "does not support mix of log category and log category group",
        ),
        (
            {"metrics": [{"category": "AllMetrics", "retentionPolicy": {"enabled": True, "days": 7}}]},
            "BadRequest",
            "does not support retention for new diagnostic settings",
        ),
        (
            {"logs": [{"categoryGroup": "allLogs", "enabled": True}]},
            "Conflict",
            "is already used in diagnostic setting 'first' for category 'allLogs'",
        ),
    ],
)
def test_a_diagnostic_setting_says_what_its_type_has(
    emulator: Emulator, properties: dict[str, Any], code: str, words: str
) -> None:
    sink = f"{estate.GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
    vault = estate.resource(
        emulator,
        "Microsoft.KeyVault/vaults/kv-diagnostics",
        {"tenantId": "t", "sku": {"family": "A", "name": "standard"}},
    )["id"]
    settings = f"{vault}/providers/Microsoft.Insights/diagnosticSettings"
    logs = [{"categoryGroup": "allLogs", "enabled": True}]
    emulator.arm.put(f"{settings}/first", {"properties": {"logs": logs, "workspaceId": sink}})
    emulator.arm.put(f"{settings}/first", {"properties": {"logs": logs, "workspaceId": sink}})
    with pytest.raises(AzureError, match=words) as refusal:
        emulator.arm.put(f"{settings}/second", {"properties": {**properties, "workspaceId": sink}})
    assert refusal.value.code == code
    own = [{"category": "AzurePolicyEvaluationDetails", "enabled": True}]
    emulator.arm.put(f"{settings}/second", {"properties": {"logs": own, "workspaceId": sink}})


def test_live_metrics_are_refused_by_name(emulator: Emulator) -> None:
    host = "westeurope.livediagnostics.monitor.azure.com"
    answer = emulator.answer(
        Request("POST", host, "/QuickPulseService.svc/ping", "/QuickPulseService.svc/ping")
    )
    assert answer.status == 501 and b"enable_live_metrics" in answer.body


def test_the_report(emulator: Emulator, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    key = component(emulator, "open")["InstrumentationKey"]
    items = [
        envelope(key, "EventData", name="batch_scored", properties={"rows": "12"}),
        envelope(key, "RequestData", id="r", name="POST /score", duration="00:00:00.0421", responseCode=200),
        envelope(
            key, "MetricData", metrics=[{"name": "drift", "value": 0.25}], properties={"feature": "age"}
        ),
        *(envelope(key, "RequestData", id="p", name="GET /healthz", duration="00:00:01") for _ in range(30)),
        envelope(key, "MetricData", metrics=[{"name": "drift", "value": 0.5}], properties={"feature": "sex"}),
    ]
    send(emulator, json.dumps(items).encode())
    found = report.gather(emulator.home.telemetry)
    assert [event["Name"] for event in found["events"]] == ["batch_scored"]
    assert (found["counts"]["AppMetrics"], found["counts"]["AppTraces"]) == (2, 0)
    assert [(value["value"], value["properties"]) for value in found["metrics"]] == [
        (0.25, {"feature": "age"}),
        (0.5, {"feature": "sex"}),
    ]
    assert [row["Name"] for row in found["requests"]].count("GET /healthz") == 5
    assert [(one["name"], one["count"], one["failed"], one["p95_ms"]) for one in found["operations"]] == [
        ("GET /healthz", 30, 30, 1000.0),
        ("POST /score", 1, 1, pytest.approx(42.1)),
    ]
    printed = StringIO()
    console = Console(file=printed, width=160)
    report.render(found, console)
    text = printed.getvalue()
    assert all(
        part in text for part in ("batch_scored", "rows=12", "POST /score", "42.1 ms", "drift", "0.25")
    )
    assert report.show(emulator.home, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(found))
    Database(tmp_path / "empty.db").close()
    report.render(report.gather(tmp_path / "empty.db"), console)
    assert "No telemetry" in printed.getvalue()
