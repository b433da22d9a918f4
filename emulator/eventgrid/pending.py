"""Deliveries that are not done yet, and how many came to what end: one sqlite file, so that none is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from emulator.eventgrid.event import Event
from emulator.state import mark, open_database

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, subscription TEXT NOT NULL, event TEXT NOT NULL,
    published REAL NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL, outcome TEXT NOT NULL,
    attempted REAL NOT NULL, reason TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (subscription, due, id);
CREATE TABLE IF NOT EXISTS tally (
    subscription TEXT NOT NULL, what TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (subscription, what)) WITHOUT ROWID;
"""
COLUMNS: Final = "id, subscription, event, published, due, attempts, outcome, attempted, reason"
REMEDY: Final = (
    "Nothing was started: events that wait to be delivered are in it. Put a copy of the whole home back, or "
    "move the home away and begin with an empty Azure."
)
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one subscription (folded id). Times are seconds since the epoch.

    attempts: those that failed. outcome: of the last one, "" before it. reason: why it is a dead letter now,
    "" while it is not.
    """

    id: int
    subscription: str
    event: Event
    published: float
    due: float
    attempts: int = 0
    outcome: str = ""
    attempted: float = 0.0
    reason: str = ""


class Pending:
    """Thread-safe. Every change is in the file before the call returns."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = open_database(path, SCHEMA, REMEDY, VERSION)
        mark(self._db, VERSION)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def add(self, event: Event, due: Iterable[tuple[str, float]], now: float) -> int:
        """Let an event be delivered to subscriptions, each at a time; how many there are. All or none."""
        text = json.dumps(event.kept(), separators=(",", ":"))
        rows = [(subscription, text, now, at, 0, "", 0.0, "") for subscription, at in due]
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(
                    "INSERT INTO delivery (subscription, event, published, due, attempts, outcome, attempted,"
                    " reason) VALUES (?,?,?,?,?,?,?,?)",
                    rows,
                )
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        return len(rows)

    def due(self, subscription: str, now: float, limit: int) -> list[Delivery]:
        """Those of a subscription whose time has come, the longest waiting first."""
        with self._lock:
            rows = self._db.execute(
                f"SELECT {COLUMNS} FROM delivery WHERE subscription = ? AND due <= ? "  # noqa: S608
                "ORDER BY due, id LIMIT ?",
                (subscription, now, limit),
            ).fetchall()
        return [_delivery(row) for row in rows]

    def times(self) -> dict[str, float]:
        """By subscription: when the next delivery is due."""
        with self._lock:
            return dict(
                self._db.execute(
                    "SELECT subscription, MIN(due) FROM delivery GROUP BY subscription"
                ).fetchall()
            )

    def put(self, delivery: Delivery) -> None:
        """Write what became of one; nothing happens when it was taken away meanwhile."""
        with self._lock:
            self._db.execute(
                "UPDATE delivery SET due = ?, attempts = ?, outcome = ?, attempted = ?, reason = ? "
                "WHERE id = ?",
                (
                    delivery.due,
                    delivery.attempts,
                    delivery.outcome,
                    delivery.attempted,
                    delivery.reason,
                    delivery.id,
                ),
            )

    def done(self, delivery: Delivery) -> None:
        with self._lock:
            self._db.execute("DELETE FROM delivery WHERE id = ?", (delivery.id,))

    def count(self, subscription: str, what: str) -> None:
        """One more that came to such an end."""
        with self._lock:
            self._db.execute(
                "INSERT INTO tally VALUES (?, ?, 1) "
                "ON CONFLICT (subscription, what) DO UPDATE SET number = number + 1",
                (subscription, what),
            )

    def forget(self, subscription: str) -> None:
        """A subscription that is gone: nothing of it is delivered any more."""
        with self._lock:
            self._db.execute("DELETE FROM delivery WHERE subscription = ?", (subscription,))
            self._db.execute("DELETE FROM tally WHERE subscription = ?", (subscription,))

    def tallies(self) -> dict[str, dict[str, int]]:
        """By subscription: what came to which end, and what waits (`waiting`, of it `retried`)."""
        found: dict[str, dict[str, int]] = {}
        with self._lock:
            ends: list[Any] = self._db.execute("SELECT subscription, what, number FROM tally").fetchall()
            waiting: list[Any] = self._db.execute(
                "SELECT subscription, COUNT(*), SUM(attempts > 0) FROM delivery GROUP BY subscription"
            ).fetchall()
        for subscription, what, number in ends:
            found.setdefault(subscription, {})[what] = number
        for subscription, number, retried in waiting:
            found.setdefault(subscription, {}).update(waiting=number, retried=retried)
        return found


def _delivery(row: tuple[Any, ...]) -> Delivery:
    number, subscription, event, *rest = row
    return Delivery(number, subscription, Event(**json.loads(event)), *rest)
