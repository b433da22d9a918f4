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
from ml.precomputed.store import before, known, visible
from scoring.precomputed.address import File
from scoring.precomputed.lookup import Away, FileReader
from tests.ml.precomputed.behaviour import KEYS, Behaviour, Look, name
from tests.ml.precomputed.made import answers, batch, quiet


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "predictions.db"


@pytest.fixture
def store(path: Path) -> FileStore:
    return FileStore(File(str(path)))


@pytest.fixture
def look(path: Path) -> Look:
    return lambda key: FileReader(File(str(path))).look(key)


class TestSqlite(Behaviour):
    """As in both databases."""


def test_a_reader_that_stays_open_sees_the_next_run(store: FileStore, path: Path) -> None:
    reader = FileReader(File(str(path)))
    for number in (1, 2, 3):
        store.load(batch(number, answers(KEYS, 0.1 * number)), 2, quiet)
        assert name(reader.look("c-1")) == f"b-{number}"


def test_killed_half_way_the_run_before_is_visible_and_the_same_load_ends_it(path: Path, look: Look) -> None:
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
    assert name(look("c-4999")) == "b-1"
    store = FileStore(File(str(path)))
    assert [one.run for one in store.runs()] == ["b-1"]
    store.load(batch(2, answers(["c-4999"], 0.2)), 3, quiet)
    assert name(look("c-4999")) == "b-2"


@settings(max_examples=60)
@given(steps=st.lists(st.sampled_from(["load", "back"]), min_size=1, max_size=12), keep=st.integers(2, 4))
def test_so_many_runs_are_kept_and_the_visible_one_is_among_them(steps: list[str], keep: int) -> None:
    store = FileStore(File(":memory:"))
    loaded, expected, shown = 0, None, list[str]()  # shown: each once, by its last showing
    for step in steps:
        if step == "load":
            loaded += 1
            store.load(batch(loaded, answers(["c-1"], 0.5)), keep, quiet)
            expected = f"b-{loaded}"
        else:
            older = [name for name in shown if expected and int(name[2:]) < int(expected[2:])]
            older = [name for name in older if known(store.runs(), name)]
            if not older:
                with pytest.raises(MlopsError):
                    before(store.runs(), None)
                continue
            store.show(before(store.runs(), None).number)
            expected = older[-1]
        shown = [*(name for name in shown if name != expected), expected]
        runs = store.runs()
        assert {one.run for one in runs} <= set(shown[-keep:])
        assert len(runs) == min(loaded, keep)
        now = visible(runs)
        assert now is not None and now.run == expected
        rows = store._connection.execute("SELECT run FROM predictions ORDER BY run DESC").fetchall()
        assert [number for (number,) in rows] == [one.number for one in runs]
    store.close()


def test_a_folder_that_is_not_there_and_a_file_that_is_no_database_are_named(tmp_path: Path) -> None:
    with pytest.raises(MlopsError, match="is not there"):
        FileStore(File(str(tmp_path / "none" / "p.db")))
    wrong = tmp_path / "p.db"
    wrong.write_text("no database " * 100)
    with pytest.raises(MlopsError, match="file is not a database"):
        FileStore(File(str(wrong)))


def test_a_reader_of_a_file_that_is_not_there_says_so_and_makes_none(path: Path, look: Look) -> None:
    with pytest.raises(Away, match="unable to open database file"):
        look("c-1")
    assert list(path.parent.iterdir()) == []
