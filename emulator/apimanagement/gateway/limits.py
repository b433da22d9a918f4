"""Counters of calls: sliding windows of rate limits, fixed ones of quotas, calls under way.

Each service has its own, in memory: Azure's are of each region, and a restart of the gateway forgets those of
rate limits too. Here a restart of the emulator forgets all.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

MOST_KEYS: Final = 10_000  # counters; those that have nothing to count any more go first


@dataclass(frozen=True, slots=True)
class Room:
    """Whether a call fits. left: calls that fit after it. wait_s: seconds until one does, where none does."""

    fits: bool
    left: int
    wait_s: float = 0.0


@dataclass(slots=True)
class Used:
    """What a quota's period has used so far."""

    since: float
    calls: int = 0
    kilobytes: float = 0.0


@dataclass(slots=True)
class Counters:
    """Safe for threads. clock: seconds, monotonic."""

    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _calls: dict[tuple[str, ...], deque[float]] = field(default_factory=dict[tuple[str, ...], "deque[float]"])
    _used: dict[tuple[str, ...], Used] = field(default_factory=dict[tuple[str, ...], Used])
    _under_way: dict[tuple[str, ...], int] = field(default_factory=dict[tuple[str, ...], int])

    def rate(self, key: tuple[str, ...], most: int, period_s: float, *, count: int = 1) -> Room:
        """Whether a call fits into the last `period_s` seconds; it is counted if it does.

        count: how much it counts, 0 to look only
        """
        now = self.clock()
        with self._lock:
            held = self._calls.get(key)
            if held is None:
                self._tidy(now)
                held = self._calls[key] = deque()
            while held and held[0] <= now - period_s:
                held.popleft()
            if len(held) + max(count, 1) > most:
                wait = held[0] + period_s - now if held else period_s
                return Room(False, 0, max(wait, 0.0))
            held.extend([now] * count)
            return Room(True, most - len(held))

    def quota(self, key: tuple[str, ...], period_s: float) -> tuple[Used, float]:
        """A copy of what the period has used, and the seconds until the next begins. 0: one without end."""
        now = self.clock()
        with self._lock:
            used = self._period(key, period_s, now)
            return Used(used.since, used.calls, used.kilobytes), used.since + period_s - now

    def use(self, key: tuple[str, ...], period_s: float, calls: int, kilobytes: float) -> None:
        """Add to what the period has used."""
        with self._lock:
            used = self._period(key, period_s, self.clock())
            used.calls += calls
            used.kilobytes += kilobytes

    @contextmanager
    def under_way(self, key: tuple[str, ...], most: int) -> Generator[bool]:
        """True while one more call may be under way, and counts; False where there are as many already."""
        with self._lock:
            fits = self._under_way.get(key, 0) < most
            if fits:
                self._under_way[key] = self._under_way.get(key, 0) + 1
        try:
            yield fits
        finally:
            if fits:
                with self._lock:
                    self._under_way[key] -= 1
                    if not self._under_way[key]:
                        del self._under_way[key]

    def _period(self, key: tuple[str, ...], period_s: float, now: float) -> Used:
        held = self._used.get(key)
        if held is None or (period_s and held.since + period_s <= now):
            # Periods follow one another from the first call on.
            since = now if held is None else now - (now - held.since) % period_s
            held = self._used[key] = Used(since)
        return held

    def _tidy(self, now: float) -> None:
        if len(self._calls) < MOST_KEYS:
            return
        for key in [key for key, held in self._calls.items() if not held or held[-1] < now - 3600]:
            del self._calls[key]
        while len(self._calls) >= MOST_KEYS:
            self._calls.pop(next(iter(self._calls)))
