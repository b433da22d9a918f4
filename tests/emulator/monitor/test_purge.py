"""A purge of a workspace: what it deletes and when, who may ask for it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.http import Request, Response
from emulator.identity.directory import SIGNED_IN, Principal
from emulator.monitor import purge
from emulator.monitor.workspaces import WORKSPACE
from tests.emulator.monitor.test_logs import LOG_READER, received, stored
from tests.emulator.storage import estate

DATA_PURGER = "150f5e0c-0603-4f03-8c7f-cf70034c4e90"
LOGS = f"{estate.GROUP}/providers/{WORKSPACE}/logs"
EVENTS = {"column": "Properties", "key": "event_id", "operator": "in", "value": ["e-1", "e-2"]}


@pytest.fixture
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """With four events of the workspace ``logs``, the last one of another workspace."""
    emulator = estate.start(tmp_path_factory.mktemp("purge"))
    for name in ("logs", "other"):
        estate.resource(emulator, f"{WORKSPACE}/{name}")
    held = estate.resource(emulator, f"{WORKSPACE}/logs")
    estate.resource(
        emulator, "Microsoft.Insights/components/app", {"WorkspaceResourceId": held["id"]}, kind="web"
    )
    at = datetime.now(UTC) - timedelta(minutes=1)
    for number in (1, 2, 3, 1):
        event = {"Name": "scoring.batch", "Properties": {"event_id": f"e-{number}", "rows": str(number)}}
        emulator.telemetry.add([("AppEvents", {**received(emulator, at), **event})])
    other = emulator.arm.get(f"{estate.GROUP}/providers/{WORKSPACE}/other")["properties"]["customerId"]
    row = {**received(emulator, at), "TenantId": other, "Properties": {"event_id": "e-1"}}
    emulator.telemetry.add([("AppEvents", row)])
    yield emulator
    emulator.close()


def call(
    emulator: Emulator, method: str, path: str, body: Any = None, who: Principal = SIGNED_IN
) -> Response:
    token, _ = emulator.identity.tokens.issue(who, "https://management.azure.com")
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    content = b"" if body is None else json.dumps(body).encode()
    query = {"api-version": "2025-07-01"}
    return emulator.answer(Request(method, "management.azure.com", path, path, query, headers, content))


def asked(emulator: Emulator, who: Principal = SIGNED_IN, **more: Any) -> Response:
    body = {"table": "AppEvents", "filters": [EVENTS], **more}
    return call(emulator, "POST", f"{LOGS}/purge", body, who)


def left(emulator: Emulator) -> list[str]:
    return sorted(row["Properties"]["event_id"] for row in emulator.telemetry.events())


def state(emulator: Emulator, answer: Response, who: Principal = SIGNED_IN) -> str:
    where = answer.headers["x-ms-status-location"]
    assert where.startswith(
        f"https://management.azure.com{LOGS}/operations/{json.loads(answer.body)['operationId']}"
    )
    path = where.removeprefix("https://management.azure.com").partition("?")[0]
    return json.loads(call(emulator, "GET", path, who=who).body)["status"]


def test_rows_go_some_time_after_the_answer(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = asked(emulator)
    assert answer.status == 202
    assert state(emulator, answer) == "pending"
    monkeypatch.setattr(purge, "TAKES", -purge.TAKES)
    again = asked(emulator)
    assert left(emulator) == ["e-1", "e-1", "e-1", "e-2", "e-3"]
    late = {**received(emulator, datetime.now(UTC) + timedelta(seconds=5)), "Properties": {"event_id": "e-1"}}
    emulator.telemetry.add([("AppEvents", late)])
    assert state(emulator, again) == "completed"
    assert left(emulator) == ["e-1", "e-1", "e-3"], "the other workspace's, and what came after the request"


@pytest.mark.parametrize(
    ("filters", "gone"),
    [
        ([{"column": "Name", "operator": "=~", "value": "SCORING.batch"}, EVENTS], 3),
        ([{"column": "Name", "operator": "==", "value": "SCORING.batch"}], 0),
        ([{"column": "Properties", "key": "event_id", "operator": "in~", "value": ["E-3"]}], 1),
        ([{"column": "Properties", "key": "no", "operator": "==", "value": "e-3"}], 0),
        ([{"column": "ItemCount", "operator": "between", "value": [1, 2]}], 4),
        ([{"column": "ItemCount", "operator": ">", "value": 1}], 0),
        ([{"column": "TimeGenerated", "operator": ">=", "value": "2017-09-01T00:00:00"}], 4),
    ],
)
def test_operators_are_those_of_kql(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, filters: list[Any], gone: int
) -> None:
    monkeypatch.setattr(purge, "TAKES", -purge.TAKES)
    assert state(emulator, asked(emulator, filters=filters)) == "completed"
    assert len(left(emulator)) == 5 - gone


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"table": "Nothing"}, "The table 'Nothing' is not in the workspace"),
        ({"filters": []}, "at least one is needed"),
        ({"filters": [{**EVENTS, "column": "no"}]}, "The column 'no' is not in the table AppEvents"),
        ({"filters": [{**EVENTS, "operator": "contains"}]}, "==, =~, >, >=, <, <=, in, in~, between"),
        ({"filters": [{**EVENTS, "column": "Name"}]}, "Name of AppEvents is string and has no properties"),
        ({"filters": [{**EVENTS, "operator": "=="}]}, "== takes one value"),
        ({"filters": [{**EVENTS, "value": "e-1"}]}, "in takes a list"),
        ({"filters": [{**EVENTS, "operator": "between", "value": ["e"]}]}, "between takes two values"),
        (
            {"filters": [{"column": "ItemCount", "operator": "==", "value": "x"}]},
            "ItemCount of AppEvents is int",
        ),
    ],
)
def test_what_is_no_purge_is_refused_before_anything_goes(
    emulator: Emulator, more: dict[str, Any], said: str
) -> None:
    answer = asked(emulator, **more)
    assert answer.status == 400
    assert said in json.loads(answer.body)["error"]["message"]
    assert len(left(emulator)) == 5


@pytest.mark.parametrize("plan", ["Basic", "Auxiliary"])
def test_a_table_of_a_cheaper_plan_cannot_be_purged(emulator: Emulator, plan: str) -> None:
    emulator.arm.put(f"{LOGS}/tables/AppEvents", {"properties": {"plan": plan}})
    answer = asked(emulator)
    assert (answer.status, f"its plan is {plan}" in answer.body.decode()) == (400, True)


def test_fifty_in_an_hour_and_no_more(emulator: Emulator) -> None:
    filters = [{"column": "Name", "operator": "==", "value": "nothing"}]
    assert [asked(emulator, filters=filters).status for _ in range(50)] == [202] * 50
    answer = asked(emulator, filters=filters)
    assert answer.status == 429
    assert 3_500 < int(answer.headers["retry-after"]) <= 3_600
    at = datetime.now(UTC) + timedelta(minutes=61)
    later = purge.Purges(emulator.arm, emulator.telemetry, emulator.identity, lambda: at)
    later._throttle(LOGS.lower(), at)


def test_who_may_read_the_logs_may_not_purge_them(emulator: Emulator) -> None:
    reader, purger = estate.identity(emulator, "reader"), estate.identity(emulator, "purger")
    estate.grant(emulator, reader.object_id, LOG_READER, LOGS)
    estate.grant(emulator, purger.object_id, DATA_PURGER, LOGS)
    refused = asked(emulator, reader)
    assert refused.status == 403
    assert "Microsoft.OperationalInsights/workspaces/purge/action" in refused.body.decode()
    assert state(emulator, asked(emulator, purger), purger) == "pending"
    for name in ("purge-00000000-0000-4000-8000-000000000000",):
        assert call(emulator, "GET", f"{LOGS}/operations/{name}").status == 404


def test_rows_of_a_purge_that_is_due_are_in_no_query(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.emulator.monitor.test_logs import client, rows, workspace_id

    monkeypatch.setattr(purge, "TAKES", -purge.TAKES)
    asked(emulator)
    query = "AppEvents | summarize by tostring(Properties.event_id)"
    answer = client(emulator).query_workspace(workspace_id(emulator, "logs"), query, timespan=None)
    assert rows(answer) == [["e-3"]]
    assert stored(datetime.now(UTC)).endswith("Z")
