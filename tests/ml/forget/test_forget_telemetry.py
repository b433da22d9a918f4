"""Telemetry about a person: events by request, the gateway's URLs by key, as Log Analytics answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from emulator.app import Emulator
from emulator.identity.directory import SIGNED_IN
from emulator.monitor import purge
from emulator.monitor.workspaces import WORKSPACE
from ml.errors import MlopsError
from ml.forget import telemetry
from ml.forget.telemetry import Workspace
from tests.emulator.monitor.test_logs import received
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport

KEY: Final = "customer:4711"
LONG_AGO: Final = timedelta(hours=2)
LOGS: Final = f"{estate.GROUP}/providers/{WORKSPACE}/logs"


@dataclass
class Stack:
    log_analytics_id: str = LOGS


@dataclass
class Signed:
    credential: Any
    estate: Stack
    limits: dict[str, Any]


@pytest.fixture
def emulator(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    emulator = estate.start(tmp_path_factory.mktemp("forget"))
    held = estate.resource(emulator, f"{WORKSPACE}/logs")
    estate.resource(
        emulator, "Microsoft.Insights/components/app", {"WorkspaceResourceId": held["id"]}, kind="web"
    )
    monkeypatch.setattr(purge, "TAKES", -purge.TAKES)
    emulator.telemetry.add([(table, {**row(emulator), **more}) for table, more in ROWS])
    yield emulator
    emulator.close()


def row(emulator: Emulator) -> dict[str, Any]:
    return received(emulator, datetime.now(UTC) - timedelta(minutes=1))


def event(number: int, *requests: str, part: int = 1) -> tuple[str, dict[str, Any]]:
    told = json.dumps([{"request_id": one, "trace_id": "t", "rows": 1} for one in requests])
    alone = {"request_id": requests[0]} if len(requests) == 1 else {}
    properties = {"event_id": f"e-{number}", "part": str(part), "inputs": "{}", **alone}
    if requests:
        properties["requests"] = told
    return "AppEvents", {"Name": "scoring.batch", "Properties": properties}


GATEWAY: Final = "https://gw.azure-api.net/scoring/predictions"
ROWS: Final = [
    event(1, "r-1", "r-9"),
    event(1, part=2),  # more inputs of the same event
    event(2, "r-2"),
    event(3, "r-2-other"),  # the words of r-2 are in it
    event(4, "r-8"),
    ("AppEvents", {"Name": "scoring.drift", "Properties": {"event_id": "d-1"}}),
    ("AppRequests", {"Name": "look-up", "Url": f"{GATEWAY}/{KEY}"}),
    ("AppRequests", {"Name": "look-up", "Url": f"{GATEWAY}/customer%3A4711?x=1"}),
    ("AppRequests", {"Name": "look-up", "Url": f"{GATEWAY}/{KEY}2"}),
    ("AppDependencies", {"Name": "look-up", "Data": f"http://10.0.0.4:8080/predictions/{KEY}"}),
]


def left(emulator: Emulator) -> list[str]:
    telemetry_ = emulator.telemetry
    return sorted(
        [
            *(one["Properties"]["event_id"] for one in telemetry_.events()),
            *(one["Url"] for one in telemetry_.latest("AppRequests")),
            *(one["Data"] for one in telemetry_.dependencies()),
        ]
    )


def logs(emulator: Emulator) -> Workspace:
    signed: Any = Signed(Credential(emulator, SIGNED_IN), Stack(), {})
    return Workspace(signed, transport(emulator))


def test_what_tells_of_the_person_is_purged_and_nothing_else(emulator: Emulator) -> None:
    workspace = logs(emulator)
    first = telemetry.erase(workspace, KEY, {"r-1", "r-2"}, {}, LONG_AGO)
    assert (first.state, first.rows) == ("under way", 3 + 3)
    last = telemetry.erase(workspace, KEY, {"r-1", "r-2"}, first.kept, LONG_AGO)
    assert (last.state, last.rows) == ("erased", 6)
    assert left(emulator) == ["d-1", "e-3", "e-4", f"{GATEWAY}/{KEY}2"]


def test_as_long_as_azure_purges_it_is_under_way_and_is_not_asked_again(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "TAKES", timedelta(days=30))
    workspace = logs(emulator)
    first = telemetry.erase(workspace, KEY, {"r-1"}, {}, LONG_AGO)
    again = telemetry.erase(workspace, KEY, {"r-1"}, json.loads(json.dumps(first.kept)), LONG_AGO)
    assert (again.state, again.kept) == ("under way", first.kept)
    assert len(emulator.arm.store.documents(purge.PURGES)) == 3


@pytest.mark.parametrize("over", [True, False], ids=["it had ended", "rows are left"])
def test_a_purge_that_azure_remembers_no_more_is_judged_by_what_is_left(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, over: bool
) -> None:
    """The command may be repeated after months, and an address that answers 404 must not fail it for good."""
    workspace = logs(emulator)
    with monkeypatch.context() as slow:
        slow.setattr(purge, "TAKES", purge.TAKES if over else timedelta(days=30))
        first = telemetry.erase(workspace, KEY, {"r-1"}, {}, LONG_AGO)
    assert not over or telemetry.erase(workspace, KEY, {"r-1"}, first.kept, LONG_AGO).state == "erased"
    for name in emulator.arm.store.documents(purge.PURGES):
        emulator.arm.store.delete_document(purge.PURGES, name)
    again = telemetry.erase(workspace, KEY, {"r-1"}, first.kept, LONG_AGO)
    assert again.state == ("erased" if over else "under way")


def test_more_purges_than_azure_takes_are_told_and_not_waited_for(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure's answer says to come again in an hour, and the client would sleep for it without a word."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr(purge, "MOST_AN_HOUR", 2)
    with pytest.raises(MlopsError, match="50 purges an hour"):
        telemetry.erase(logs(emulator), KEY, {"r-1"}, {}, LONG_AGO)
    assert slept == []


def test_where_nothing_tells_of_the_person_nothing_is_purged(emulator: Emulator) -> None:
    done = telemetry.erase(logs(emulator), "nobody", {"r-77"}, {}, LONG_AGO)
    assert (done.state, done.rows) == ("erased", 0)
    assert len(left(emulator)) == len(ROWS)
    assert emulator.arm.store.documents(purge.PURGES) == {}


def test_what_may_still_arrive_is_waited_for(emulator: Emulator) -> None:
    workspace = logs(emulator)
    early = telemetry.erase(workspace, "nobody", {"r-5"}, {}, timedelta(minutes=5))
    assert (early.state, early.kept) == ("under way", {"rows": 0})
    table, more = event(5, "r-5")
    emulator.telemetry.add([(table, {**row(emulator), **more})])
    later = telemetry.erase(workspace, "nobody", {"r-5"}, early.kept, LONG_AGO)
    assert (later.state, later.rows) == ("under way", 1)
    assert telemetry.erase(workspace, "nobody", {"r-5"}, later.kept, LONG_AGO).state == "erased"
