"""Answered rows wait in a bounded queue; a thread writes them to the data lake in parts.

A request never waits for it and never fails by it. What is not kept is counted, by reason. Nothing is put on
a disk: a container's is gone with it, and rows about people would lie where nobody looks for them.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from scoring.kept.pace import Pace
from scoring.kept.part import Answered, Block, Layout, block

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.25  # between two looks at the queue: what came is then put into arrays
FIRST_WAIT, LAST_WAIT = 0.5, 30.0  # seconds until a write is tried again
FOLDER: Final = "parts"
KEPT: Final = "kept"  # counters of scoring.telemetry.instruments
LOST_FULL, LOST_REFUSED, LOST_UNSENT = "kept_lost_full", "kept_lost_refused", "kept_lost_unsent"
LOST_BROKEN: Final = "kept_lost_broken"


class RefusedError(Exception):
    """The store will not take this part, however often it is asked."""


class Store(Protocol):
    """Takes a part under a new name. Raises RefusedError, or another error when it may be tried again."""

    def put(self, name: str, data: bytes) -> None: ...


class Keeper:
    """One for each process. `put` is for the event loop's thread; `open_store` is called by the writing one.

    Parts of one process are written one after another, with a number that counts up: when one of them is
    there, those before it are there too, or will never be.
    """

    def __init__(
        self,
        layout: Layout,
        pace: Pace,
        open_store: Callable[[], Store],
        count: Callable[[str, int], None],
    ) -> None:
        self._layout, self._pace, self._open_store, self._count = layout, pace, open_store, count
        self._queue: deque[Answered] = deque()
        self._put = self._done = 0  # rows, each written by one thread only
        self._lost = 0  # rows that did not fit, written by the event loop's thread
        self._told_lost = 0
        self._blocks: list[Block] = []
        self._waiting = 0  # rows in the blocks
        self._since = 0.0  # when the first of them was taken
        self._sequence = 0
        self._boot = secrets.token_hex(8)
        self._store: Store | None = None
        self._stop = threading.Event()
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._work, name="kept", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, answered: Answered) -> None:
        """Keep these rows, or lose them. Never blocks, never raises."""
        rows = len(answered.batch.labels)
        if self._put - self._done + rows > self._pace.most_rows:
            self._lost += rows
            return
        self._put += rows
        self._queue.append(answered)

    def stop(self, seconds: float) -> bool:
        """Write what waits, for at most about so long; False when something was not written."""
        self._deadline = time.monotonic() + seconds
        self._stop.set()
        if self._thread.ident is None:
            return True
        self._thread.join(seconds + 1.0)
        return not self._thread.is_alive() and self._put == self._done

    def _work(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stop.wait(LOOK_SECONDS)
            try:
                self._gather()
                if self._waiting and (stopping or self._due()):
                    self._write()
            except Exception:
                log.exception("answered rows could not be written")
                self._lose(LOST_BROKEN)
            self._tell_lost()

    def _gather(self) -> None:
        """Put what waits into arrays, little at a time, so that no request waits long for this thread."""
        if moments := [self._queue.popleft() for _ in range(len(self._queue))]:
            rows = sum(moment.rows for moment in moments)
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting += rows  # first, so that they are counted when the next line fails
            self._blocks.append(block(moments))

    def _due(self) -> bool:
        return (
            self._waiting >= self._pace.part_rows or time.monotonic() - self._since >= self._pace.part_seconds
        )

    def _write(self) -> None:
        """Write one part, however often it takes, until the process is to end."""
        data = self._layout.stream(self._blocks)
        author = f"{self._layout.replica}-{self._boot}"
        name = f"{FOLDER}/{datetime.now(UTC):%Y-%m-%d}/{author}-{self._sequence:08}.arrow"
        self._sequence += 1
        wait, told = FIRST_WAIT, False
        while True:
            try:
                if self._store is None:
                    self._store = self._open_store()
                self._store.put(name, data)
                break
            except RefusedError as error:
                log.error("the data lake refuses answered rows", extra={"part": name, "reason": str(error)})
                self._lose(LOST_REFUSED)
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, the rows wait and it is logged
                if not told:
                    more = {"part": name, "rows": self._waiting, "reason": str(error)[:500]}
                    log.warning("answered rows wait for the data lake", extra=more)
                    told = True
            self._tell_lost()
            stopping = self._stop.is_set()
            wait = FIRST_WAIT if stopping else wait
            if time.monotonic() + wait > self._deadline:
                self._lose(LOST_UNSENT)
                return
            if stopping:
                time.sleep(wait)
            else:
                self._stop.wait(wait)
            wait = min(2 * wait, LAST_WAIT)
        self._count(KEPT, self._waiting)
        self._drop()

    def _lose(self, reason: str) -> None:
        if self._waiting:
            self._count(reason, self._waiting)
            self._drop()

    def _drop(self) -> None:
        self._done += self._waiting
        self._blocks, self._waiting = [], 0

    def _tell_lost(self) -> None:
        if (lost := self._lost) != self._told_lost:
            log.warning("answered rows were not kept: too many wait", extra={"rows": lost - self._told_lost})
            self._count(LOST_FULL, lost - self._told_lost)
            self._told_lost = lost
