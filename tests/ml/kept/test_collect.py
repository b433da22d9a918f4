"""Each part is taken once: whoever dies, races, comes late or is broken."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from ml.errors import MlopsError
from ml.kept import collect as collecting
from ml.kept import parts
from ml.kept.collect import collect
from ml.lake import tables
from scoring.model.schema import NumberFeature
from tests.ml.kept.world import FEATURES, NOW, KilledError, World, days


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_what_replicas_wrote_is_in_the_table(world: World) -> None:
    world.write("a-1", 0, ["k-1", None])
    world.write("b-1", 0, [None])
    done = collect(world.place, 30, NOW)
    assert (done.parts, done.rows) == (2, 3)
    assert world.taken() == sorted(world.sent)
    assert world.below("parts/") == []
    first = world.rows()[0]
    assert (first["model"], first["replica"], first["release"]) == ("credit:1", "pod", None)
    assert (first["date"], first["scored_at"], first["sex"]) == (NOW.date(), NOW, "male")
    again = collect(world.place, 30, NOW)
    assert (again.parts, again.rows, again.repeated) == (0, 0, 0)


def test_killed_at_any_step_nothing_is_lost_or_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = _collected_with_a_death(World(tmp_path / "0"), 0, monkeypatch)
    assert steps > 8
    for at in range(1, steps + 1):
        _collected_with_a_death(World(tmp_path / str(at)), at, monkeypatch)


def _collected_with_a_death(world: World, at: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Collect, die at that step (0: at none), collect again, and check; how many steps there were."""
    for number in range(2):
        world.write("a-1", number, [None, None], NOW - days(40 * (1 - number)))
    more = (*FEATURES, NumberFeature("income", "a year", 0, 1e6, False))
    world.write("b-1", 0, [None], features=more, model="credit:2")
    world.place.files.write("parts/2026-11-30/c-1-00000000.arrow", b"none")
    monkeypatch.setattr(collecting, "MOST_ROWS", 2)  # more than one commit
    mortal, dying = world.mortal(monkeypatch, at)
    with pytest.raises(KilledError) if at else nullcontext():
        collect(mortal, 30, NOW)
    monkeypatch.undo()
    collect(world.place, 30, NOW)
    assert world.taken() == sorted(sent for sent in world.sent if sent[0] != "a-1/0")  # too old
    assert world.below("parts/") == []
    aside = [name for name in world.below("answers/quarantine/") if name.endswith(".arrow")]
    assert aside == ["answers/quarantine/2026-11-30/c-1-00000000.arrow"]
    return dying.steps


def test_a_part_that_was_taken_and_not_deleted_is_deleted(world: World) -> None:
    name = world.write("a-1", 3, [None])
    data = world.place.files.read(name)
    collect(world.place, 30, NOW)
    assert data is not None
    world.place.files.write(name, data)
    assert collect(world.place, 30, NOW).repeated == 1
    assert len(world.taken()) == 1


def test_of_two_collectors_each_part_is_taken_by_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write("a-1", 0, [None])
    collect(world.place, 30, NOW)
    world.write("a-1", 1, [None])
    world.write("b-1", 0, [None])
    real, raced = tables.append, []

    def race(*args: Any, **named: Any) -> None:
        if not raced:
            raced.append(1)
            collect(world.place, 30, NOW)  # another one is faster
        real(*args, **named)

    monkeypatch.setattr(tables, "append", race)
    done = collect(world.place, 30, NOW)
    assert world.taken() == sorted(world.sent)
    assert done.rows == 0


def test_one_that_never_gets_a_turn_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write("a-1", 0, [None])

    def lose(*_: Any, **__: Any) -> None:
        raise tables.TableChangedError

    monkeypatch.setattr(tables, "append", lose)
    with pytest.raises(MlopsError, match="changed by others at each of 20 attempts"):
        collect(world.place, 30, NOW)
    assert len(world.below("parts/")) == 1


def test_a_listing_that_misses_a_part_takes_none_after_it(world: World) -> None:
    early, late = world.write("a-1", 0, [None]), world.write("a-1", 1, [None])
    last = world.write("a-1", 2, [None])

    class Slow:
        calls = 0

        def names(self, prefix: str) -> list[str]:
            self.calls += 1
            return [late] if self.calls == 1 else [early, late, last]

    slow: Any = Slow()
    found, _ = parts.listed(slow)
    assert [one.name for one in found] == [early, late]


def test_a_new_models_features_become_columns(world: World) -> None:
    world.write("a-1", 0, [None])
    collect(world.place, 30, NOW)
    more = (FEATURES[0], NumberFeature("income", "a year", 0, 1e6, False))  # without sex
    world.write("a-1", 1, [None], features=more, model="credit:2")
    world.write("a-1", 2, [None])
    collect(world.place, 30, NOW)
    found = {row["request_id"]: (row["sex"], row["income"]) for row in world.rows()}
    assert found == {"a-1/0": ("male", None), "a-1/1": (None, 1.0), "a-1/2": ("male", None)}


def test_broken_parts_are_put_aside_with_their_reasons(world: World) -> None:
    world.write("a-1", 0, [None])
    other = (NumberFeature("age", "in fractions now", 0, 120, False), FEATURES[1])
    world.write("b-1", 0, [None], features=other)
    world.write("c-1", 0, [None], at=NOW + days(0.1))
    cut = world.write("d-1", 0, [None])
    data = world.place.files.read(cut)
    assert data is not None
    world.place.files.write(cut, data[:-200])
    world.place.files.write("parts/readme.txt", b"who put this here?")
    done = collect(world.place, 30, NOW)
    assert (done.parts, len(done.quarantined)) == (1, 4)
    reasons = " | ".join(sorted(done.quarantined.values()))
    assert "the table has other columns: age: float, in the table it is int64" in reasons
    assert "it is no Arrow stream" in reasons
    assert "it is not named like a part" in reasons
    assert "rows were scored at 2026-11-30T14:24Z, which is not yet" in reasons
    assert [name.rpartition("/")[2] for name in world.below("answers/quarantine/2026-11-30/b-1")] == [
        "b-1-00000000.arrow",
        "b-1-00000000.arrow.reason",
    ]
    assert collect(world.place, 30, NOW).quarantined == {}


def test_late_rows_go_to_their_day_and_too_late_ones_nowhere(world: World) -> None:
    world.write("a-1", 0, [None], at=NOW - days(29))
    world.write("a-1", 1, [None, None], at=NOW - days(31))
    done = collect(world.place, 30, NOW)
    assert (done.rows, done.expired) == (1, 2)
    assert [row["date"] for row in world.rows()] == [(NOW - days(29)).date()]


def test_days_that_are_over_leave_the_table_and_its_files(world: World) -> None:
    world.write("a-1", 0, ["k-1"], at=NOW - days(2))
    world.write("a-1", 1, ["k-2"])
    collect(world.place, 30, NOW)
    world.place.files.write("answers/quarantine/2026-10-01/x.arrow", b"old")
    done = collect(world.place, 1, NOW)
    assert done.removed_rows == 1
    assert world.taken() == [("a-1/1", 0)]
    assert world.below("answers/quarantine/2026-10-01/") == []
    assert world.place.answers.delete_old_versions(0) == 1  # a day later, when nobody reads it any more
    assert world.holds(b"k-1") == []
