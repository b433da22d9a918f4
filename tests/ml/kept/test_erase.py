"""A person's rows go, wherever they are, and the record does not say whose they were."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ml.errors import MlopsError
from ml.forget.run import forget
from ml.forget.where import Where
from ml.kept import erasures
from ml.kept.collect import collect
from ml.kept.erasures import Erasure
from ml.kept.place import KeptPlace
from ml.lake import answers, tables
from ml.quality.labels import table as of_labels
from tests.ml.kept.world import NOW, KilledError, World, days

KEY = "customer-4711"


def erased(place: KeptPlace, now: datetime = NOW) -> Erasure:
    return forget(Where(place, 30), KEY, "request 12", "somebody", 14, now)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return filled(tmp_path)


def filled(folder: Path) -> World:
    """Rows of the person on two days, in a part and aside; another's; labels by key and by request."""
    world = World(folder)
    world.write("a-1", 0, [KEY, "other-1"], at=NOW - days(1))
    world.write("a-1", 1, ["other-2", None, KEY])
    collect(world.place, 30, NOW)
    world.write("a-1", 2, [KEY, "other-3"])
    assert world.place.labels is not None
    labels = [("a-1/0", 0, None), ("a-1/0", 1, None), ("x", 0, KEY), ("y", 0, "other-9")]
    days_ = (NOW.date(), (NOW - days(1)).date())
    rows = [{"request_id": r, "row": n, "key": k, "label": 1, "date": days_[n]} for r, n, k in labels]
    columns = of_labels.schema()
    made = tables.make_table(world.place.labels.where, columns, partition=[of_labels.PARTITION])
    tables.append(made, pa.Table.from_pylist(rows, schema=columns))
    aside = world.write("b-1", 0, [KEY], at=NOW + days(2))
    data = world.place.files.read(aside)
    assert data is not None
    world.place.files.delete(aside)
    world.place.files.write("answers/quarantine/2026-12-02/b-1-00000000.arrow", data)
    world.place.files.write("answers/quarantine/2026-12-02/c-1-00000000.arrow", b"unreadable")
    return world


def check(world: World) -> None:
    assert world.holds(KEY.encode()) == []
    assert {row["key"] for row in world.rows()} == {"other-1", "other-2", "other-3", None}
    assert world.place.labels is not None
    assert {(row["request_id"], row["row"]) for row in world.rows(world.place.labels)} == {
        ("a-1/0", 1),
        ("y", 0),
    }
    assert world.below("answers/quarantine/") == []
    (record,) = erasures.all_of(world.place.files)
    assert record.finished_at is not None
    assert record.of(KEY)
    assert not record.of("other-1")


def test_labels_are_looked_for_where_they_are() -> None:
    assert (answers.LABELS_CONTAINER, answers.LABELS) == (of_labels.CONTAINER, of_labels.TABLE)


def test_no_file_holds_the_person_any_more(world: World) -> None:
    assert world.holds(KEY.encode()) != []
    record = erased(world.place)
    check(world)
    assert (record.rows, record.labels, record.quarantined) == (2, 2, 2)
    assert record.recoverable_until == "2026-12-16"
    told = json.dumps([one.history() for one in _tables(world)], default=str)
    assert KEY not in told
    assert record.id in told


def test_killed_at_any_step_it_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = _erased_with_a_death(filled(tmp_path / "0"), 0, monkeypatch)
    assert steps > 12
    for at in range(1, steps + 1):
        _erased_with_a_death(filled(tmp_path / str(at)), at, monkeypatch)


def _erased_with_a_death(world: World, at: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Erase, die at that step (0: at none), erase again unless it was done, and check; how many steps."""
    mortal, dying = world.mortal(monkeypatch, at)
    with pytest.raises(KilledError) if at else nullcontext():
        erased(mortal)
    monkeypatch.undo()
    done = [one for one in erasures.all_of(world.place.files) if one.finished_at]
    record = done[0] if done else erased(world.place, NOW + days(0.01))
    check(world)
    assert (record.rows, record.labels) == (2, 2)
    return dying.steps


def test_rows_that_come_later_are_dropped_when_they_were_scored_before(world: World) -> None:
    erased(world.place)
    world.write("c-1", 0, [KEY, "other-4"], at=NOW - days(0.1))  # waited in a replica's memory
    world.write("c-1", 1, [KEY], at=NOW + days(0.1))  # the person came back
    done = collect(world.place, 30, NOW + days(1))
    assert done.erased == 1
    mine = [row["request_id"] for row in world.rows() if row["key"] == KEY]
    assert mine == ["c-1/1"]


def test_again_it_finds_nothing_and_writes_a_record_of_its_own(world: World) -> None:
    erased(world.place)
    before = [one.version() for one in _tables(world)]
    again = erased(world.place, NOW + days(1))
    assert (again.rows, again.labels, again.quarantined) == (0, 0, 0)
    assert [one.version() for one in _tables(world)] == before
    assert len(erasures.all_of(world.place.files)) == 2


def test_where_nothing_is_kept_yet_a_record_is_written(tmp_path: Path) -> None:
    record = erased(World(tmp_path).place)
    assert (record.rows, record.labels) == (0, 0)


def test_two_records_of_one_key_share_no_digest(world: World) -> None:
    first, second = erased(world.place), erased(world.place, NOW + days(1))
    assert first.digest != second.digest


@pytest.mark.parametrize(
    ("key", "reason"), [("a b", "x"), ("", "x"), ("k'--", "x"), (KEY, " "), (KEY, f"for {KEY}")]
)
def test_what_is_no_key_or_tells_it_is_refused_before_anything_is_written(
    tmp_path: Path, key: str, reason: str
) -> None:
    world = World(tmp_path)
    with pytest.raises(MlopsError) as caught:
        forget(Where(world.place, 30), key, reason, "somebody", None, NOW)
    assert not key.strip() or key not in caught.value.problem
    assert world.below("") == []


def test_a_record_that_cannot_be_read_stops_the_collecting(world: World) -> None:
    world.place.files.write("answers/erasures/x.json", b"{")
    with pytest.raises(MlopsError, match=r"answers/erasures/x\.json cannot be read"):
        collect(world.place, 30, NOW)


def _tables(world: World) -> list[Any]:
    found = [world.place.answers.open()]
    if world.place.labels is not None:
        found.append(world.place.labels.open())
    return found
