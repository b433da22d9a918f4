"""The queue and its thread: nothing is lost uncounted, whatever the data lake does."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from scoring.kept import writer
from scoring.kept.pace import Pace
from scoring.kept.part import Answered
from scoring.kept.writer import RefusedError
from scoring.model.artifact import Artifact
from scoring.scorer import Batch
from tests.scoring.kept.kept import Counted, Memory, keeper

LATER = Pace(part_rows=1_000, part_seconds=3_600.0)


def moment(artifact: Artifact, name: str, rows: int = 1) -> Answered:
    matrix = np.zeros((rows, artifact.schema.width), dtype=np.float32)
    batch = Batch(matrix, [0.5] * rows, [1] * rows, [0.1] * rows, [False] * rows)
    return Answered(time.time_ns() // 1_000, [name], [rows], batch, None)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(writer, "FIRST_WAIT", 0.005)


def test_what_waits_is_written_when_the_service_stops(artifact: Artifact) -> None:
    store, counted = Memory(), Counted()
    kept = keeper(artifact, store, counted, LATER)
    kept.start()
    for name in "abc":
        kept.put(moment(artifact, name, 2))
    assert kept.stop(5.0)
    (name,) = store.parts
    assert [(row["request_id"], row["row"]) for row in store.rows] == [(r, n) for r in "abc" for n in (0, 1)]
    folder, _, file = name.rpartition("/")
    assert folder == f"parts/{time.strftime('%Y-%m-%d', time.gmtime())}"
    assert file.startswith("pod-a-")
    assert file.endswith("-00000000.arrow")
    assert counted == {"kept": 6}


def test_parts_are_numbered_in_their_order(artifact: Artifact) -> None:
    store, counted = Memory(), Counted()
    kept = keeper(artifact, store, counted)
    kept.start()
    for number, name in enumerate("abc"):
        kept.put(moment(artifact, name))
        assert _soon(lambda number=number: len(store.parts) > number)
    assert kept.stop(5.0)
    assert [name[-14:-6] for name in sorted(store.parts)] == ["00000000", "00000001", "00000002"]
    assert [row["request_id"] for row in store.rows] == ["a", "b", "c"]


def test_a_part_is_tried_again_until_it_is_taken(artifact: Artifact) -> None:
    outages = [OSError("no route"), TimeoutError(), OSError("reset")]

    def fail(_: str) -> None:
        if outages:
            raise outages.pop()

    store, counted = Memory(fail), Counted()
    kept = keeper(artifact, store, counted)
    kept.start()
    kept.put(moment(artifact, "a"))
    assert _soon(lambda: store.parts)
    assert kept.stop(5.0)
    assert counted == {"kept": 1}


def test_beyond_the_limit_rows_are_lost_and_counted(artifact: Artifact) -> None:
    store, counted = Memory(_broken), Counted()
    kept = keeper(artifact, store, counted, Pace(part_rows=4, most_rows=10))
    kept.start()
    kept.put(moment(artifact, "a", 6))
    assert store.asked.wait(5)
    kept.put(moment(artifact, "b", 4))
    kept.put(moment(artifact, "c", 3))
    kept.put(moment(artifact, "d", 1))
    store.fail = lambda _: None
    assert kept.stop(5.0)
    assert {row["request_id"] for row in store.rows} == {"a", "b"}
    assert counted == {"kept": 10, "kept_lost_full": 4}


def test_what_is_never_taken_is_given_up_at_the_end_alone(artifact: Artifact) -> None:
    store, counted = Memory(_broken), Counted()
    kept = keeper(artifact, store, counted)
    kept.start()
    kept.put(moment(artifact, "a", 3))
    assert store.asked.wait(5)
    kept.stop(0.05)
    assert counted == {"kept_lost_unsent": 3}


def test_a_refused_part_makes_room_for_the_next(artifact: Artifact) -> None:
    def fail(name: str) -> None:
        if "-00000000" in name:
            raise RefusedError("400: no")

    store, counted = Memory(fail), Counted()
    kept = keeper(artifact, store, counted)
    kept.start()
    kept.put(moment(artifact, "a"))
    assert _soon(lambda: counted["kept_lost_refused"])
    kept.put(moment(artifact, "b"))
    assert kept.stop(5.0)
    assert [row["request_id"] for row in store.rows] == ["b"]
    assert counted == {"kept": 1, "kept_lost_refused": 1}


def test_rows_that_cannot_be_written_do_not_end_the_writing(artifact: Artifact) -> None:
    store, counted = Memory(), Counted()
    kept = keeper(artifact, store, counted)
    kept.start()
    bad = moment(artifact, "a")
    bad.batch.probabilities.append(0.5)  # one more than it has rows
    kept.put(bad)
    assert _soon(lambda: counted["kept_lost_broken"])
    kept.put(moment(artifact, "b"))
    assert kept.stop(5.0)
    assert [row["request_id"] for row in store.rows] == ["b"]


def test_one_that_never_started_stops_at_once(artifact: Artifact) -> None:
    assert keeper(artifact, Memory(), Counted()).stop(5.0)


def _broken(_: str) -> None:
    raise OSError("no route")


def _soon(found: Callable[[], object]) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if found():
            return True
        time.sleep(0.005)
    return False
