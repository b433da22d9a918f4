"""How often something may be done: a rate, and what was left unused for some seconds."""

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
        """How often it may be done now."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        return max(0, int(self._left))

    def soon(self, seconds: float) -> int:
        """How often, at most, it may be done after so long."""
        self.left()
        return max(0, ceil(min(self._most, self._left + seconds * self._per_second)))

    def take(self) -> bool:
        """Whether it may be done once more now."""
        if self.left() < 1:
            return False
        self._left -= 1.0
        return True

    def spend(self, times: int) -> None:
        """It was done so often, allowed or not; what was not allowed is missing later."""
        self.left()
        self._left -= times
