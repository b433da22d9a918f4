"""Predictions by key in a file of SQLite: the whole of them on one machine, without a server."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ml.errors import MlopsError
from ml.precomputed import store
from ml.precomputed.store import Batch, Run, Told
from scoring.precomputed.address import File

TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS prediction_runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL UNIQUE, model TEXT NOT NULL,
        model_digest TEXT NOT NULL, release TEXT NOT NULL, scored_at TEXT NOT NULL, rows INTEGER NOT NULL,
        loaded_at TEXT NOT NULL, shown_at TEXT) STRICT""",
    """CREATE TABLE IF NOT EXISTS published_run (
        one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL REFERENCES prediction_runs,
        since TEXT NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS predictions (
        run INTEGER NOT NULL, key TEXT NOT NULL, probability REAL NOT NULL, label INTEGER NOT NULL,
        outlier_score REAL NOT NULL, outlier INTEGER NOT NULL,
        PRIMARY KEY (run, key)) STRICT, WITHOUT ROWID""",
)
INSERT: Final = "INSERT INTO predictions VALUES (?, ?, ?, ?, ?, ?)"
REMOVE: Final = "DELETE FROM predictions WHERE run = ?"


class FileStore:
    """A whole load is one transaction: whoever reads meanwhile reads the run before."""

    def __init__(self, file: File) -> None:
        self.words = file.words
        path = Path(file.path)
        if not path.parent.is_dir():
            raise MlopsError(f"The folder of {path} is not there.", "Make it, or name another --database.")
        with self._honest():
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=10)
            self._connection.execute("PRAGMA journal_mode = WAL")  # readers go on while a load writes
            self._connection.execute("PRAGMA foreign_keys = ON")
            for statement in TABLES:
                self._connection.execute(statement)

    def load(self, batch: Batch, keep: int, told: Told) -> None:
        with self._honest(), self._transaction():
            if store.already(self._runs(), batch) is None:
                number = self._insert(batch, told)
                self._show(number)
            for one in store.to_remove(self._runs(), keep):
                self._connection.execute(REMOVE, (one.number,))
                self._connection.execute(store.FORGET_RUN.format("?"), (one.number,))

    def _insert(self, batch: Batch, told: Told) -> int:
        facts = (batch.run, batch.model, batch.model_digest, batch.release, batch.scored_at.isoformat())
        made = self._connection.execute(store.LOADED.format("?"), (*facts, batch.rows, _now()))
        number: int = made.fetchone()[0]
        done = 0
        for block in batch.blocks():
            columns = [column.to_pylist() for column in block.columns]
            self._connection.executemany(INSERT, ((number, *row) for row in zip(*columns, strict=True)))
            done += block.num_rows
            told(done, batch.rows)
        store.whole(batch, done)
        return number

    def show(self, number: int) -> None:
        with self._honest(), self._transaction():
            self._show(number)

    def _show(self, number: int) -> None:
        self._connection.execute(store.SHOW.format("?"), (number, _now()))
        self._connection.execute(store.SHOWN.format("?"), (_now(), number))

    def runs(self) -> list[Run]:
        with self._honest():
            return self._runs()

    def _runs(self) -> list[Run]:
        return [store.run_of(row) for row in self._connection.execute(store.RUNS)]

    def erase(self, key: str) -> int:
        with self._honest(), self._transaction():
            return self._connection.execute(store.ERASE.format("?"), (key,)).rowcount

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Generator[None]:
        """All that is written inside, or nothing. No other writer begins meanwhile."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _honest(self) -> Generator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise store.twice(error) from error
        except sqlite3.Error as error:
            raise MlopsError(
                f"The database {self.words} cannot be written: {error}.",
                "Name a file that this user may write, or wait for the load that is under way.",
            ) from error


def _now() -> Any:
    return dt.datetime.now(dt.UTC).isoformat()
