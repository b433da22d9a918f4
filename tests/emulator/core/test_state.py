"""Databases of a newer version: they are left as they are, and said to be newer."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from emulator.app import Emulator
from emulator.home import Home
from emulator.state import StateError, mark, open_database, refuse_newer

SCHEMA = "CREATE TABLE IF NOT EXISTS t (x)"


def contents(root: Path) -> dict[str, bytes]:
    """The files; a -shm is no state but what sqlite's readers share while they read."""
    files = [path for path in root.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
    return {str(path): path.read_bytes() for path in files}


def test_an_emulator_leaves_each_newer_database_alone(home: Home) -> None:
    Emulator(home).close()
    databases = {"emulator.db", "telemetry.db", "blobs/index.db", "queues.db", "events.db"}
    kept = {path.relative_to(home.root).as_posix() for path in home.root.rglob("*.db")}
    assert kept == databases  # a new one has a version too
    for name in databases:
        path = home.root / name
        with closing(sqlite3.connect(path)) as database:
            [version] = database.execute("PRAGMA user_version").fetchone()
            assert version >= 1
            database.execute(f"PRAGMA user_version = {version + 1}")
        before = contents(home.root)
        with pytest.raises(StateError, match=f"{name} is of version {version + 1}; this emulator knows"):
            Emulator(home)
        assert contents(home.root) == before
        with closing(sqlite3.connect(path)) as database:
            database.execute(f"PRAGMA user_version = {version}")
    Emulator(home).close()


def test_a_version_that_a_killed_process_left_in_the_log_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(open_database(path, SCHEMA, "", 1)) as database:
        mark(database, 7)
        killed = tmp_path / "killed"
        killed.mkdir()
        for file in (path, tmp_path / "a.db-wal"):
            shutil.copy(file, killed)
    before = contents(killed)
    with pytest.raises(StateError, match="version 7"):
        open_database(killed / "a.db", SCHEMA, "", 1)
    assert contents(killed) == before
    refuse_newer(killed / "a.db", 7)


def test_an_older_database_is_brought_up_by_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(SCHEMA)
    with closing(open_database(path, SCHEMA, "", 3)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == 0
        mark(database, 3)
    with closing(open_database(path, SCHEMA, "", 3)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == 3
