"""Requests over HTTP, and what is kept of them: whichever way they are answered, once, with their keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from scoring.model.artifact import Artifact
from scoring.telemetry.events import Privacy, batch_event
from scoring.telemetry.moment import Moment
from scoring.telemetry.queue import DriftRecord, Telemetry
from tests.scoring.conftest import Running
from tests.scoring.kept.kept import Counted, Memory, keeper

Serve = Callable[..., Running]
ARROW = "application/vnd.apache.arrow.stream"


def records(artifact: Artifact, count: int = 2) -> list[dict[str, Any]]:
    known = artifact.samples.request["records"]
    return [known[row % len(known)] for row in range(count)]


def as_arrow(rows: list[dict[str, Any]], **more: Any) -> bytes:
    table = pa.Table.from_pylist(rows)
    for name, values in more.items():
        table = table.append_column(name, values)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as written:
        written.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.fixture
def world(artifact: Artifact, serve: Serve) -> tuple[Running, Callable[[], list[dict[str, Any]]]]:
    store = Memory()
    kept = keeper(artifact, store, Counted())
    running = serve(keeper=kept)

    def rows() -> list[dict[str, Any]]:
        assert kept.stop(5.0)
        return store.rows

    return running, rows


def test_each_way_to_score_is_kept_once(artifact: Artifact, world: Any) -> None:
    running, kept = world
    few, many = records(artifact), records(artifact, 70)  # more than are answered directly
    columns = {name: [row[name] for row in few] for name in artifact.schema.names}
    own = {"x-request-id": "direct"}
    answers = {
        "direct": running.client.post("/score", json={"records": few, "keys": ["k-1", None]}, headers=own)
    }
    body = {"columns": columns, "keys": ["k-2", "k-3"]}
    answers["columns"] = running.client.post("/score", json=body, headers={"x-request-id": "columns"})
    own = {"x-request-id": "many"}
    answers["many"] = running.client.post("/score", json={"records": many}, headers=own)
    own = {"x-request-id": "arrow", "content-type": ARROW}
    keyed = as_arrow(few, key=pa.array(["k-4", None]))
    answers["arrow"] = running.client.post("/score", content=keyed, headers=own)
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 200)
    found = kept()
    for name, rows in (("direct", few), ("columns", few), ("many", many), ("arrow", few)):
        mine = [row for row in found if row["request_id"] == name]
        assert [row["row"] for row in mine] == list(range(len(rows)))
        assert [{key: row[key] for key in artifact.schema.names} for row in mine] == rows
        said = answers[name].json()
        assert [(row["probability"], row["label"]) for row in mine] == [
            (one["probability"], one["label"]) for one in said["predictions"]
        ]
        assert [(row["outlier_score"], row["outlier"]) for row in mine] == [
            (one["score"], one["flag"]) for one in said["outliers"]
        ]
    keys = [row["key"] for row in found if row["request_id"] != "many"]
    assert sorted(map(str, keys)) == ["None", "None", "k-1", "k-2", "k-3", "k-4"]
    assert {row["key"] for row in found if row["request_id"] == "many"} == {None}


class Told:
    """A sink that keeps what the service would tell."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def wanted(self) -> int:
        return 1_000

    def requests(self, moment: Moment) -> None:
        self.moments.append(moment)

    def drift(self, record: DriftRecord) -> None: ...

    def lost(self, records: int) -> None: ...

    def count(self, name: str, number: int) -> None: ...

    def drained(self) -> None: ...

    def close(self, seconds: float) -> None: ...


def test_no_key_reaches_telemetry_whichever_way_it_came(artifact: Artifact, serve: Serve) -> None:
    """So `mlops forget` finds telemetry by request ids alone."""
    told, key = Told(), "customer-4711"
    telemetry = Telemetry(lambda: told)
    telemetry.start()
    client = serve(telemetry=telemetry, keeper=keeper(artifact, Memory(), Counted())).client
    few, many = records(artifact), records(artifact, 70)
    client.post("/score", json={"records": few, "keys": [key, None]})
    client.post("/score", json={"records": many, "keys": [key] * 70})
    arrow = as_arrow(few, key=pa.array([key, None]))
    client.post("/score", content=arrow, headers={"content-type": ARROW})
    client.get(f"/predictions/{key}")
    assert telemetry.stop(5.0)
    records_ = [record for moment in told.moments for record in moment.records]
    assert len(records_) == 4
    scored = [record for record in records_ if record.batch is not None]
    everything = Privacy(frozenset(), frozenset(), b"k")
    events = [batch_event([record], artifact.schema, everything, 250).parts for record in scored]
    assert len(events) == 3
    assert key not in f"{records_}{events}"
    for record, parts in zip(scored, events, strict=True):
        assert record.request_id in "".join(part.get("requests", "") for part in parts)


def test_rows_of_tests_and_refused_ones_are_not_kept(artifact: Artifact, world: Any) -> None:
    running, kept = world
    body = {"records": records(artifact)}
    running.client.post("/score", json=body, headers={"x-synthetic": "true"})
    running.client.post("/score", json={"records": records(artifact, 70)}, headers={"x-synthetic": "1"})
    running.client.post("/explain", json=body)
    running.client.post("/score", json={"records": [{**records(artifact)[0], "age": -1}]})
    running.client.post("/score", json=body, headers={"x-request-id": "real"})
    assert {row["request_id"] for row in kept()} == {"real"}


@pytest.mark.parametrize(
    ("keys", "pointer", "code"),
    [
        ("k", "#/keys", "wrong_type"),
        (["k"], "#/keys", "wrong_length"),
        ([], "#/keys", "wrong_length"),
        ([None, 1], "#/keys/1", "wrong_type"),
        (["Ann Example", "k"], "#/keys/0", "wrong_type"),
        (["ann@example.org", "k"], "#/keys/0", "wrong_type"),
        (["k" * 65, None], "#/keys/0", "wrong_type"),
        (["", None], "#/keys/0", "wrong_type"),
    ],
)
def test_keys_that_are_none_are_refused(
    artifact: Artifact, serve: Serve, keys: Any, pointer: str, code: str
) -> None:
    answer = serve().client.post("/score", json={"records": records(artifact), "keys": keys})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert "Ann" not in answer.text  # whoever logs the refusal logs no key
    assert "ann" not in answer.text


def test_keys_of_an_arrow_stream_are_checked_too(artifact: Artifact, serve: Serve) -> None:
    body = as_arrow(records(artifact), key=pa.array(["two words", None]))
    answer = serve().client.post("/score", content=body, headers={"content-type": ARROW})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/columns/key/0"


def test_an_explanation_takes_no_keys(artifact: Artifact, serve: Serve) -> None:
    body = {"records": records(artifact), "keys": [None, None]}
    assert serve().client.post("/explain", json=body).status_code == 422
