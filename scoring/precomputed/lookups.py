"""Look-ups of all requests of a process: by a few threads, each with a connection of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from scoring.precomputed.lookup import Away, Looked, Reader

log = logging.getLogger(__name__)

AWAY_SECONDS: Final = 1.0  # for so long after a failure nobody asks: requests are answered at once
WAITING: Final = 64  # look-ups for each connection that may wait; with more, the last is late anyway


class Full(Exception):
    """More look-ups wait than is useful."""


@dataclass(frozen=True, slots=True)
class _Own:
    """What a thread has: `busy` is held while the reader waits, and no other thread may touch it then."""

    reader: Reader
    busy: threading.Lock


class Lookups:
    """One for each process. Only the event loop's thread calls `look`; it never waits for the database.

    A failure is told by the thread that meets it: its asker may have gone long before.

    open_reader: called in a thread of the pool, once for each connection.
    """

    def __init__(self, open_reader: Callable[[], Reader], connections: int, seconds: float) -> None:
        self._open, self._seconds = open_reader, seconds
        self._most, self._pending = connections * WAITING, 0
        self._threads = ThreadPoolExecutor(connections, "predictions")
        self._own = threading.local()
        self._readers: list[_Own] = []
        self._away_until, self._why = 0.0, ""
        self._saying = threading.Lock()

    async def look(self, key: str) -> Looked:
        """Raises Away, Full, or TimeoutError."""
        if time.monotonic() < self._away_until:
            raise Away(self._why)
        if self._pending >= self._most:
            raise Full
        self._pending += 1
        try:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(self._seconds):
                return await loop.run_in_executor(self._threads, self._look, key)
        finally:
            self._pending -= 1

    def _look(self, key: str) -> Looked:
        try:
            own: _Own | None = getattr(self._own, "reader", None)
            if own is None:
                own = self._own.reader = _Own(self._open(), threading.Lock())
                self._readers.append(own)
            with own.busy:
                return own.reader.look(key)
        except Away as error:
            self._say_away(str(error))
            raise

    def _say_away(self, why: str) -> None:
        with self._saying:
            now = time.monotonic()
            if now >= self._away_until:
                log.warning("the database of predictions cannot be asked", extra={"reason": why})
            self._why = why
            self._away_until = now + AWAY_SECONDS

    def close(self, seconds: float) -> None:
        """End the connections, but for those that still wait for the database after so long."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        end = time.monotonic() + seconds
        for own in self._readers:
            if own.busy.acquire(timeout=max(end - time.monotonic(), 0.0)):
                own.reader.close()
