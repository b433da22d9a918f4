"""`GET /predictions/{key}`: answered from a database, refused in words, never in the way of scoring."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from scoring.http.authentication import DigestOfKey
from scoring.http.openapi import document
from scoring.model.artifact import Artifact
from scoring.precomputed.address import File
from scoring.precomputed.answer import body
from scoring.precomputed.lookup import Away, FileReader, Looked, Prediction, Run
from scoring.precomputed.lookups import WAITING, Lookups
from scoring.settings import KeyDigest, Limits
from scoring.telemetry.queue import Telemetry
from tests.ml.precomputed.made import NOON, answers, batch, quiet
from tests.scoring.conftest import Running

RUN = Run("b-1", "credit:default:3", "sha256:ab", "r-1", NOON)


class Scripted:
    """A reader that answers, fails or waits, as it is told."""

    def __init__(self) -> None:
        self.wait, self.fails, self.asked = threading.Event(), False, 0
        self.wait.set()

    def look(self, key: str) -> Looked:
        self.asked += 1
        self.wait.wait(10)
        if self.fails:
            raise Away("db.example: connection refused")
        return Looked(RUN, Prediction(0.5, 1, 0.25, False) if key == "c-1" else None)

    def close(self) -> None:
        self.wait.set()


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


def serving(serve: Callable[..., Running], reader: Any, seconds: float = 5.0) -> httpx.Client:
    return serve(lookups=Lookups(lambda: reader, 2, seconds)).client


def problem(answer: httpx.Response, status: int, name: str) -> str:
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert found["type"] == f"urn:scoring:problem:{name}"
    return found["detail"]


def test_a_key_is_answered_from_what_a_batch_has_loaded(
    serve: Callable[..., Running], artifact: Artifact, tmp_path: Path
) -> None:
    from ml.precomputed.sqlite import FileStore

    file = File(str(tmp_path / "predictions.db"))
    store = FileStore(file)
    client = serving(serve, FileReader(file))
    assert "no batch has been loaded" in problem(client.get("/predictions/c-1"), 503, "unavailable")
    store.load(batch(1, answers(["c-1", "c-2"], 0.25)), 3, quiet)
    answer = client.get("/predictions/c-2", headers={"x-request-id": "q-1"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    openapi = document(artifact, Limits())
    schema = {"$ref": "#/components/schemas/PrecomputedResponse", "components": openapi["components"]}
    Draft202012Validator(schema).validate(found)
    assert found["prediction"] == {"probability": 0.25 + 1e-6, "label": 1}
    assert found["outlier"] == {"score": 0.25, "flag": False}
    assert found["model"] == {"name": "credit-default", "version": "3", "digest": "sha256:" + "a" * 64}
    assert (found["run"], found["release"], found["request_id"]) == ("b-1", "r-0123456789abcdef", "q-1")
    assert found["scored_at"] == "2026-11-30T13:00:00+00:00"
    assert client.head("/predictions/c-2").status_code == 200
    store.load(batch(2, answers(["c-2"], 0.75)), 3, quiet)
    assert client.get("/predictions/c-2").json()["run"] == "b-2"
    detail = problem(client.get("/predictions/c-1"), 404, "no-prediction")
    assert detail == ("the run b-2 has no prediction for this key; POST the row's features to /score instead")


def test_the_answer_says_how_old_it_is() -> None:
    looked = Looked(RUN, Prediction(0.5, 1, 0.25, False))
    found = body(looked, RUN, "c-1", "q-1", NOON + timedelta(hours=1, milliseconds=250))
    assert found["age_seconds"] == 3600.25
    assert found["model"] == {"name": "credit:default", "version": "3", "digest": "sha256:ab"}
    assert body(looked, RUN, "c-1", "q-1", NOON - timedelta(seconds=9))["age_seconds"] == 0.0
    assert datetime.fromisoformat(found["scored_at"]).astimezone(UTC) == NOON


def test_without_a_database_the_path_is_not_there_and_says_what_to_do(serve: Callable[..., Running]) -> None:
    detail = problem(serve().client.get("/predictions/c-1"), 404, "not-found")
    assert detail == "this service has no predictions by key; POST the row's features to /score instead"


def test_callers_need_their_key(serve: Callable[..., Running], scripted: Scripted) -> None:
    digest = DigestOfKey(KeyDigest("0" * 64))
    client = serve(authenticator=digest, lookups=Lookups(lambda: scripted, 1, 5.0)).client
    problem(client.get("/predictions/c-1"), 401, "unauthorized")
    assert scripted.asked == 0


@pytest.mark.parametrize("path", ["a b", "ann%40example.com", "a/b", "a%2Fb", "%C3%A9", "k" * 65, "a%00b"])
def test_what_is_no_key_is_not_looked_up(
    serve: Callable[..., Running], scripted: Scripted, path: str
) -> None:
    detail = problem(serving(serve, scripted).get(f"/predictions/{path}"), 404, "no-prediction")
    assert detail.startswith("no key is like that")
    assert scripted.asked == 0


def test_other_methods_and_the_folder_itself_are_refused(
    serve: Callable[..., Running], scripted: Scripted
) -> None:
    client = serving(serve, scripted)
    problem(client.post("/predictions/c-1"), 405, "method-not-allowed")
    problem(client.get("/predictions/"), 404, "not-found")


def test_a_database_that_is_away_fails_look_ups_at_once_and_scoring_goes_on(
    serve: Callable[..., Running], scripted: Scripted, artifact: Artifact
) -> None:
    client = serving(serve, scripted)
    scripted.fails = True
    for _ in range(5):
        answer = client.get("/predictions/c-1")
        detail = problem(answer, 503, "unavailable")
        assert "cannot be asked" in detail and "/score" in detail and "db.example" not in detail
        assert answer.headers["retry-after"] == "2"
    assert scripted.asked == 1  # the others did not wait for it
    assert client.post("/score", json=artifact.samples.request).status_code == 200
    scripted.fails = False
    deadline = time.monotonic() + 10
    while client.get("/predictions/c-1").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_database_that_is_silent_keeps_nobody_waiting_for_long(
    serve: Callable[..., Running], scripted: Scripted, artifact: Artifact
) -> None:
    client = serving(serve, scripted, seconds=0.2)
    scripted.wait.clear()
    assert "in time" in problem(client.get("/predictions/c-1"), 503, "unavailable")
    assert client.post("/score", json=artifact.samples.request).status_code == 200
    assert client.get("/healthz").status_code == 200
    scripted.wait.set()
    assert client.get("/predictions/c-1").status_code == 200


def test_a_failure_that_comes_when_its_asker_has_gone_is_logged_and_the_next_is_refused_at_once(
    scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.wait.clear()
    scripted.fails = True
    lookups = Lookups(lambda: scripted, 1, 0.05)

    async def ask() -> None:
        with pytest.raises(TimeoutError):
            await lookups.look("c-1")
        assert caplog.records == []
        scripted.wait.set()
        deadline = time.monotonic() + 10
        while not caplog.records:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        with pytest.raises(Away, match="connection refused"):
            await lookups.look("c-1")

    with caplog.at_level(logging.WARNING, "scoring.precomputed.lookups"):
        asyncio.run(ask())
    assert [one.message for one in caplog.records] == ["the database of predictions cannot be asked"]
    assert scripted.asked == 1
    lookups.close(1.0)


def test_only_so_many_look_ups_wait(serve: Callable[..., Running], scripted: Scripted) -> None:
    scripted.wait.clear()
    lookups = Lookups(lambda: scripted, 1, 5.0)

    async def ask() -> list[Any]:
        waiting = [asyncio.create_task(lookups.look("c-1")) for _ in range(WAITING + 1)]
        await asyncio.sleep(0.05)
        scripted.wait.set()
        return await asyncio.gather(*waiting, return_exceptions=True)

    found = asyncio.run(ask())
    assert [type(one).__name__ for one in found] == ["Looked"] * WAITING + ["Full"]
    lookups.close(1.0)


def test_telemetry_knows_the_route_and_no_key(
    serve: Callable[..., Running], scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    telemetry, records = Telemetry(None), list[Any]()
    monkeypatch.setattr(telemetry, "put", records.extend)
    client = serve(telemetry=telemetry, lookups=Lookups(lambda: scripted, 1, 5.0)).client
    client.get("/predictions/c-1")
    client.get("/predictions/c-2")
    deadline = time.monotonic() + 5
    while len(records) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [(one.route, one.status, one.problem) for one in records] == [
        ("/predictions/{key}", 200, None),
        ("/predictions/{key}", 404, "no-prediction"),
    ]
    assert "c-1" not in repr(records)
