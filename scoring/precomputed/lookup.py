"""One look-up: the prediction of a key in the run that is visible now. The same SQL for both databases."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from scoring.precomputed.address import File, Server
from scoring.precomputed.server import Token, connect

if TYPE_CHECKING:
    from psycopg import Connection

# The run that is visible is named by a single row, so a run appears, and goes, as a whole. Comparing with
# that row's value lets PostgreSQL look into a single partition, by a plan that it makes once.
LOOK: Final = """
SELECT r.number, r.run, r.model, r.model_digest, r.release, r.scored_at, p.key IS NOT NULL,
       p.probability, p.label, p.outlier_score, p.outlier
FROM prediction_runs AS r
LEFT JOIN predictions AS p ON p.run = (SELECT number FROM published_run) AND p.key = {key}
WHERE r.number = (SELECT number FROM published_run)
"""
CONNECTION_SECONDS: Final = 1_800.0  # then a new one: rights that were withdrawn end with it


@dataclass(frozen=True, slots=True)
class Run:
    """The batch run that is visible. model: NAME:VERSION. scored_at: in UTC."""

    name: str
    model: str
    model_digest: str
    release: str
    scored_at: datetime


@dataclass(frozen=True, slots=True)
class Prediction:
    probability: float
    label: int
    outlier_score: float
    outlier: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """run: None when no run is visible. prediction: None when that run has none of this key."""

    run: Run | None
    prediction: Prediction | None


class Away(Exception):
    """The database cannot be asked; the text says why, for the log."""


class Reader(Protocol):
    """Looks up one key at a time; used by one thread. `look` blocks, and raises Away."""

    def look(self, key: str) -> Looked: ...

    def close(self) -> None: ...


class FileReader:
    """Reads a database of SQLite, and never writes to it."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None

    def look(self, key: str) -> Looked:
        try:
            if self._connection is None:
                self._connection = self._opened()
            return _looked(self._connection.execute(LOOK.format(key="?"), (key,)).fetchone())
        except sqlite3.Error as error:
            self.close()
            raise Away(f"{self._file.words}: {error}") from error

    def _opened(self) -> sqlite3.Connection:
        uri = f"{Path(self._file.path).absolute().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class ServerReader:
    """Reads a PostgreSQL server by a connection of its own, which it makes when it needs one.

    seconds: how long the server may take for an answer.
    """

    def __init__(self, server: Server, token: Token, seconds: float, authorities: Path | None = None) -> None:
        self._server, self._token, self._authorities = server, token, authorities
        self._settings = {
            "statement_timeout": str(max(round(seconds * 1000), 1)),
            "default_transaction_read_only": "on",
            "plan_cache_mode": "force_generic_plan",
            "jit": "off",
        }
        self._connection: Connection[Any] | None = None
        self._until = 0.0
        self._seen = 0  # the number of the run that the latest answer was of

    def look(self, key: str) -> Looked:
        import psycopg

        # A connection that the server ended while nobody asked shows it at the next question: ask anew, once.
        for last in (self._connection is None, True):
            try:
                return self._look(key)
            except psycopg.Error as error:
                broken = self._connection is None or self._connection.broken
                self.close()
                if last or not broken:
                    raise Away(f"{self._server.words}: {_first_line(error)}") from error
            except Exception as error:  # no token: what the Azure client raises is not told to callers
                self.close()
                raise Away(f"{self._server.words}: {type(error).__name__}: {_first_line(error)}") from error
        raise AssertionError("not reached")

    def _look(self, key: str) -> Looked:
        if self._connection is not None and time.monotonic() > self._until:
            self.close()
        if self._connection is None:
            self._connection = connect(self._server, self._token, self._settings, self._authorities)
            self._until = time.monotonic() + CONNECTION_SECONDS
        row = self._ask(self._connection, key)
        if row is not None and row[0] != self._seen:
            # The plan may be older than the partition of this run, whose rows it would not find.
            if not row[6]:
                row = self._ask(self._connection, key)
            self._seen = row[0] if row is not None else 0
        return _looked(row)

    def _ask(self, connection: Connection[Any], key: str) -> Sequence[Any] | None:
        return connection.execute(LOOK.format(key="%s"), (key,), prepare=True).fetchone()

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None


def _looked(row: Sequence[Any] | None) -> Looked:
    if row is None:
        return Looked(None, None)
    _, name, model, digest, release, scored_at, known, probability, label, score, outlier = row
    moment = datetime.fromisoformat(scored_at) if isinstance(scored_at, str) else scored_at
    run = Run(name, model, digest, release, moment)
    return Looked(run, Prediction(probability, label, score, bool(outlier)) if known else None)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
