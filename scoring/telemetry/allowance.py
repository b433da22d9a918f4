"""Limits how often something is done: a rate, and a reserve of what was not used in the last seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil

RESERVE = 2.0  # seconds


class Allowance:
    """A token bucket that starts full; it holds what comes in `reserve` seconds. Not thread-safe."""

    def __init__(
        self, per_second: float, reserve: float = RESERVE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second, self._clock = per_second, clock
        self._most = self._left = per_second * reserve
        self._at = clock()

    def left(self) -> int:
        """How many times it may be done now."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        return max(0, int(self._left))

    def soon(self, seconds: float) -> int:
        """How many times, at most, it may be done when so many seconds have passed."""
        self.left()
        return max(0, ceil(min(self._most, self._left + seconds * self._per_second)))

    def take(self) -> bool:
        """Use one, if there is one; whether there was."""
        if self.left() < 1:
            return False
        self._left -= 1.0
        return True

    def spend(self, times: int) -> None:
        """Use so many, although there may be fewer; what is missing now is not there later."""
        self.left()
        self._left -= times
