"""Runs in a file of SQLite: visible whole, gone back from, removed when they are too many."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.errors import MlopsError
from ml.precomputed.sqlite import FileStore
from ml.precomputed.store import before, visible
from scoring.precomputed.address import File
from scoring.precomputed.lookup import FileReader, Looked
from tests.ml.precomputed.made import answers, batch, quiet

KEYS = [f"c-{number}" for number in range(10)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "predictions.db"


@pytest.fixture
def store(path: Path) -> FileStore:
    return FileStore(File(str(path)))


def look(path: Path, key: str) -> Looked:
    return FileReader(File(str(path))).look(key)


def name(looked: Looked) -> str | None:
    return looked.run and looked.run.name


def test_a_loaded_run_is_looked_up_and_replaces_the_one_before(store: FileStore, path: Path) -> None:
    assert look(path, "c-0") == Looked(None, None)
    first, second = answers(KEYS, 0.25), answers(KEYS[:5], 0.75)
    store.load(batch(1, first), 3, quiet)
    found = look(path, "c-3")
    assert found.run is not None and found.prediction is not None
    assert (found.run.name, found.run.release) == ("b-1", "r-0123456789abcdef")
    assert found.run.scored_at == batch(1, first).scored_at
    told = found.prediction
    assert (told.probability, told.label, told.outlier_score, told.outlier) == first["c-3"]
    store.load(batch(2, second), 3, quiet)
    assert name(look(path, "c-3")) == "b-2"
    assert look(path, "c-7").prediction is None  # of the run before, and no more of this one


def test_a_reader_that_stays_open_sees_the_next_run(store: FileStore, path: Path) -> None:
    reader = FileReader(File(str(path)))
    for number in (1, 2, 3):
        store.load(batch(number, answers(KEYS, 0.1 * number)), 2, quiet)
        assert name(reader.look("c-1")) == f"b-{number}"


def test_what_breaks_half_way_changes_nothing_and_the_next_load_begins_anew(
    store: FileStore, path: Path
) -> None:
    store.load(batch(1, answers(KEYS, 0.1)), 3, quiet)
    with pytest.raises(ConnectionError):
        store.load(batch(2, answers(KEYS, 0.2), fails_after=2), 3, quiet)
    assert [one.run for one in store.runs()] == ["b-1"]
    assert name(look(path, "c-1")) == "b-1"
    store.load(batch(2, answers(KEYS, 0.2)), 3, quiet)
    assert name(look(path, "c-9")) == "b-2"


def test_killed_half_way_the_run_before_is_visible_and_the_same_load_ends_it(path: Path) -> None:
    program = """
        import os, signal, sys
        from ml.precomputed.sqlite import FileStore
        from scoring.precomputed.address import File
        from tests.ml.precomputed.made import answers, batch
        store = FileStore(File(sys.argv[1]))
        keys = [f"c-{number}" for number in range(5_000)]
        store.load(batch(1, answers(keys, 0.1), 1_000), 3, lambda done, rows: None)
        store.load(batch(2, answers(keys, 0.2), 1_000), 3,
                   lambda done, rows: os.kill(os.getpid(), signal.SIGKILL) if done > 3_000 else None)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert name(look(path, "c-4999")) == "b-1"
    store = FileStore(File(str(path)))
    assert [one.run for one in store.runs()] == ["b-1"]
    store.load(batch(2, answers(["c-4999"], 0.2)), 3, quiet)
    assert name(look(path, "c-4999")) == "b-2"


def test_going_back_and_forth_and_what_was_gone_back_from_is_not_loaded_again(
    store: FileStore, path: Path
) -> None:
    for number in (1, 2):
        store.load(batch(number, answers(KEYS, 0.1)), 3, quiet)
    store.show(before(store.runs(), None).number)
    assert name(look(path, "c-1")) == "b-1"
    with pytest.raises(MlopsError, match="somebody went back from it"):
        store.load(batch(2, answers(KEYS, 0.1)), 3, quiet)
    assert name(look(path, "c-1")) == "b-1"
    with pytest.raises(MlopsError, match="no run before b-1; the database has b-2, b-1"):
        before(store.runs(), None)
    with pytest.raises(MlopsError, match="no run b-7; it has b-2, b-1"):
        before(store.runs(), "b-7")
    store.show(before(store.runs(), "b-2").number)
    store.load(batch(2, answers(KEYS, 0.1)), 3, quiet)  # it is there and visible: nothing to do
    assert [one.run for one in store.runs()] == ["b-2", "b-1"]


@settings(max_examples=60)
@given(steps=st.lists(st.sampled_from(["load", "back"]), min_size=1, max_size=12), keep=st.integers(2, 4))
def test_so_many_runs_are_kept_and_the_visible_one_is_among_them(steps: list[str], keep: int) -> None:
    store = FileStore(File(":memory:"))
    loaded, expected = 0, None
    for step in steps:
        if step == "load":
            loaded += 1
            store.load(batch(loaded, answers(["c-1"], 0.5)), keep, quiet)
            expected = f"b-{loaded}"
        else:
            older = [one for one in store.runs() if expected and one.number < int(expected[2:])]
            if not older:
                with pytest.raises(MlopsError):
                    before(store.runs(), None)
                continue
            store.show(before(store.runs(), None).number)
            expected = older[0].run
        runs = store.runs()
        assert len(runs) == min(loaded, keep)
        now = visible(runs)
        assert now is not None and now.run == expected
        rows = store._connection.execute("SELECT run FROM predictions ORDER BY run DESC").fetchall()
        assert [number for (number,) in rows] == [one.number for one in runs]
    store.close()


def test_a_key_that_occurs_twice_and_rows_that_lack_are_refused(store: FileStore) -> None:
    from dataclasses import replace

    from tests.ml.precomputed.made import block

    rows = answers(KEYS, 0.1)
    twice = replace(batch(1, rows), blocks=lambda: iter([block(rows), block(rows)]))
    with pytest.raises(MlopsError, match="a key that occurs twice"):
        store.load(twice, 3, quiet)
    with pytest.raises(MlopsError, match="has 10 rows, and its record says 11"):
        store.load(replace(batch(1, rows), rows=11), 3, quiet)
    assert store.runs() == []


def test_a_person_s_rows_go_from_all_runs(store: FileStore, path: Path) -> None:
    for number in (1, 2):
        store.load(batch(number, answers(KEYS, 0.1)), 3, quiet)
    assert store.erase("c-4") == 2
    assert look(path, "c-4").prediction is None
    assert look(path, "c-5").prediction is not None


def test_a_folder_that_is_not_there_and_a_file_that_is_no_database_are_named(tmp_path: Path) -> None:
    with pytest.raises(MlopsError, match="is not there"):
        FileStore(File(str(tmp_path / "none" / "p.db")))
    wrong = tmp_path / "p.db"
    wrong.write_text("no database " * 100)
    with pytest.raises(MlopsError, match="file is not a database"):
        FileStore(File(str(wrong)))
