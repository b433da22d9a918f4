"""Telemetry belongs to its workspace: it outlives the component, goes and comes back with the workspace."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.home import Home
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN
from emulator.monitor import retention
from emulator.monitor.database import Database
from emulator.monitor.tables import TABLES
from tests.emulator.storage import estate

from .test_monitor_ingestion import component, envelope, send

LOGS = "Microsoft.OperationalInsights/workspaces/logs"
WORKSPACE = f"{estate.GROUP}/providers/{LOGS}"
COMPONENT = f"{estate.GROUP}/providers/Microsoft.Insights/components/app"


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """With the component ``app``, which has sent one trace."""
    emulator = estate.start(tmp_path)
    make(emulator)
    assert trace(emulator, "first") == (200, [])
    yield emulator
    emulator.close()


def make(emulator: Emulator) -> str:
    """The id by which the workspace's tables know it."""
    workspace = estate.resource(emulator, LOGS)
    properties = {"WorkspaceResourceId": workspace["id"]}
    estate.resource(emulator, "Microsoft.Insights/components/app", properties, kind="web")
    return workspace["properties"]["customerId"]


def trace(emulator: Emulator, text: str) -> tuple[int, list[str]]:
    key = component(emulator, "app")["InstrumentationKey"]
    status, answer = send(emulator, json.dumps([envelope(key, "MessageData", message=text)]).encode())
    return status, [error["message"] for error in answer["errors"]]


def traces(emulator: Emulator) -> list[str]:
    return [row["Message"] for row in emulator.telemetry.traces()]


def kept(emulator: Emulator) -> int:
    return emulator.telemetry.query("SELECT COUNT(*) AS n FROM Deleted_AppTraces")[0]["n"]


def delete(emulator: Emulator, path: str, **query: str) -> int:
    token, _ = emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")
    query = {"api-version": "2023-09-01", **query}
    headers = {"authorization": f"Bearer {token}"}
    return emulator.answer(Request("DELETE", "management.azure.com", path, path, query, headers)).status


def test_it_outlives_its_component(emulator: Emulator) -> None:
    emulator.arm.delete(COMPONENT)
    assert traces(emulator) == ["first"]
    emulator.arm.delete(WORKSPACE)
    assert (traces(emulator), kept(emulator)) == ([], 1)


def test_a_workspace_of_the_same_name_within_two_weeks_is_the_same(emulator: Emulator) -> None:
    before = emulator.arm.get(WORKSPACE)["properties"]
    emulator.arm.delete(WORKSPACE)
    assert trace(emulator, "to nowhere") == (
        400,
        [f"The workspace {WORKSPACE} of component {COMPONENT} does not exist."],
    )
    assert make(emulator) == before["customerId"]
    assert (traces(emulator), kept(emulator)) == (["first"], 0)
    assert emulator.arm.get(WORKSPACE)["properties"]["createdDate"] == before["createdDate"]
    assert trace(emulator, "second")[0] == 200


def test_force_and_time_purge(emulator: Emulator) -> None:
    first = make(emulator)
    assert delete(emulator, WORKSPACE, force="true") == 200
    assert (traces(emulator), kept(emulator)) == ([], 0)
    assert make(emulator) != first
    trace(emulator, "second")
    emulator.arm.delete(WORKSPACE)
    later = datetime.now(UTC) + timedelta(days=14, seconds=1)
    retention.Retention(emulator.arm, emulator.telemetry, lambda: later).settle()
    assert kept(emulator) == 0


def test_a_deletion_of_the_group_takes_it_too_and_force_there_means_something_else(
    emulator: Emulator,
) -> None:
    assert delete(emulator, estate.GROUP, force="true") == 200
    assert (traces(emulator), kept(emulator)) == ([], 1)


def test_a_start_finishes_what_was_cut_off(emulator: Emulator) -> None:
    """Killed after the workspace was deleted, and before its rows were moved."""
    emulator.store.delete(WORKSPACE)
    assert traces(emulator) == ["first"]
    again = Emulator(emulator.home)
    again.started()
    assert traces(again) == []
    again.close()


def test_a_workspace_that_comes_back_while_others_are_settled_loses_nothing(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.arm.delete(WORKSPACE)
    documents, others = emulator.store.documents, list[threading.Thread]()

    def and_meanwhile(kind: str, prefix: str = "") -> dict[str, Any]:
        if kind == retention.DELETED and not others:
            others.append(threading.Thread(target=make, args=(emulator,)))
            others[0].start()
            others[0].join(0.5)
        return documents(kind, prefix)

    monkeypatch.setattr(emulator.store, "documents", and_meanwhile)
    emulator.started()
    others[0].join(20)
    assert (traces(emulator), kept(emulator)) == (["first"], 0)


def test_tables_of_before_get_their_column_and_what_is_of_nobody_goes(tmp_path: Path) -> None:
    path = Home(tmp_path / "old").prepare().telemetry
    Database(path).close()
    with sqlite3.connect(path) as old:
        for table in TABLES:
            old.execute(f"DROP TABLE Deleted_{table}")
            old.execute(f"DROP INDEX IF EXISTS {table}_time")
            old.execute(f"ALTER TABLE {table} DROP COLUMN TenantId")
        for owner in ("/of/nobody", "/of/someone"):
            old.execute("INSERT INTO AppTraces (Message, _ResourceId) VALUES (?, ?)", (owner, owner))
    old.close()
    database = Database(path)
    database.settle({"w1"}, set(), {"/of/someone": "w1"})
    assert [(row["Message"], row["TenantId"]) for row in database.traces()] == [("/of/someone", "w1")]
    database.close()
