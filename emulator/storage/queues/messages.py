"""Messages of all queues: one sqlite file. What was taken comes back when it is not deleted in time."""

from __future__ import annotations

import base64
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from emulator.state import mark, open_database
from emulator.storage.errors import failure

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS message (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, queue TEXT NOT NULL, id TEXT NOT NULL,
    text TEXT NOT NULL, inserted REAL NOT NULL, expires REAL NOT NULL, visible REAL NOT NULL,
    dequeued INTEGER NOT NULL, receipt TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS message_next ON message (account, queue, visible, sequence);
CREATE UNIQUE INDEX IF NOT EXISTS message_id ON message (account, queue, id);
"""
COLUMNS: Final = "id, text, inserted, expires, visible, dequeued, receipt"
REMEDY: Final = (
    "Nothing was started: the messages of queues are in it. Put a copy of the whole home back, or move the "
    "home away and begin with an empty Azure."
)
VERSION: Final = 1
NEVER: Final = 253_402_300_799.0  # 9999-12-31T23:59:59Z: when messages expire that do not
IN: Final = "account = ? AND queue = ?"
ONE: Final = f"{IN} AND id = ?"


@dataclass(frozen=True, slots=True)
class Message:
    """Times are seconds since the epoch. receipt: of whoever took, put or updated it last."""

    id: str
    text: str
    inserted: float
    expires: float
    visible: float
    dequeued: int
    receipt: str


class Messages:
    """Thread-safe. Every change is in the file before the call returns."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._db = open_database(path, SCHEMA, REMEDY, VERSION)
        mark(self._db, VERSION)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def put(self, account: str, queue: str, text: str, delay_s: int, ttl_s: int) -> Message:
        """Append a message that is seen after a delay. ttl_s: -1 for one that never expires."""
        now = self._clock()
        expires = NEVER if ttl_s == -1 else now + ttl_s
        made = Message(str(uuid.uuid4()), text, now, expires, now + delay_s, 0, _receipt())
        with self._lock:
            self._db.execute(
                f"INSERT INTO message (account, queue, {COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)",  # noqa: S608
                (account, queue, made.id, text, now, expires, made.visible, 0, made.receipt),
            )
        return made

    def take(self, account: str, queue: str, count: int, hidden_s: int) -> list[Message]:
        """Messages that can be seen, the oldest first; nobody else sees them for so long."""
        with self._transaction() as now:
            found = self._visible(account, queue, count, now)
            taken = [
                Message(
                    one.id,
                    one.text,
                    one.inserted,
                    one.expires,
                    now + hidden_s,
                    one.dequeued + 1,
                    _receipt(),
                )
                for one in found
            ]
            for one in taken:
                self._write(account, queue, one)
        return taken

    def peek(self, account: str, queue: str, count: int) -> list[Message]:
        """Messages that can be seen; they stay so."""
        with self._transaction() as now:
            return self._visible(account, queue, count, now)

    def update(
        self, account: str, queue: str, message_id: str, receipt: str, hidden_s: int, text: str | None
    ) -> Message:
        """Hide it from now on for so long, under a new receipt. text: None leaves it as it is."""
        with self._transaction() as now:
            held = self._held(account, queue, message_id, receipt, now)
            new = held.text if text is None else text
            changed = Message(
                held.id, new, held.inserted, held.expires, now + hidden_s, held.dequeued, _receipt()
            )
            self._write(account, queue, changed)
        return changed

    def delete(self, account: str, queue: str, message_id: str, receipt: str) -> None:
        with self._transaction() as now:
            self._held(account, queue, message_id, receipt, now)
            self._db.execute(f"DELETE FROM message WHERE {ONE}", (account, queue, message_id))  # noqa: S608

    def count(self, account: str, queue: str) -> int:
        """How many there are, those that cannot be seen now among them."""
        with self._transaction():
            found: Any = self._db.execute(
                f"SELECT COUNT(*) FROM message WHERE {IN}",  # noqa: S608
                (account, queue),
            ).fetchone()
        return int(found[0])

    def clear(self, account: str, queue: str | None = None) -> None:
        """Forget all messages of a queue, or of an account."""
        where, values = ("account = ?", [account]) if queue is None else (IN, [account, queue])
        with self._lock:
            self._db.execute(f"DELETE FROM message WHERE {where}", values)  # noqa: S608

    @contextmanager
    def _transaction(self) -> Generator[float]:
        """All or nothing, at one time, at which nothing is there that has expired."""
        with self._lock:
            now = self._clock()
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.execute("DELETE FROM message WHERE expires <= ?", (now,))
                yield now
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _visible(self, account: str, queue: str, count: int, now: float) -> list[Message]:
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM message WHERE {IN} AND visible <= ? ORDER BY visible, sequence LIMIT ?",  # noqa: S608
            (account, queue, now, count),
        ).fetchall()
        return [Message(*row) for row in rows]

    def _held(self, account: str, queue: str, message_id: str, receipt: str, now: float) -> Message:
        """404 MessageNotFound; 400 PopReceiptMismatch when somebody has taken it meanwhile."""
        row = self._db.execute(
            f"SELECT {COLUMNS} FROM message WHERE {ONE}",  # noqa: S608
            (account, queue, message_id),
        ).fetchone()
        if row is None:
            raise failure("MessageNotFound", f"{queue}/messages/{message_id}")
        held = Message(*row)
        if held.receipt != receipt:
            raise failure("PopReceiptMismatch", f"Message {message_id} of {queue}.")
        return held

    def _write(self, account: str, queue: str, message: Message) -> None:
        self._db.execute(
            f"UPDATE message SET text = ?, visible = ?, dequeued = ?, receipt = ? WHERE {ONE}",  # noqa: S608
            (message.text, message.visible, message.dequeued, message.receipt, account, queue, message.id),
        )


def _receipt() -> str:
    """Opaque, as Azure's are: base64, so that clients have to encode it in an address."""
    return base64.b64encode(secrets.token_bytes(12)).decode()
