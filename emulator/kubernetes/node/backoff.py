"""How long a node waits before it starts a container, or pulls an image, again: the kubelet's own numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FIRST_S: Final = 10.0
MOST_S: Final = 300.0


@dataclass(slots=True)
class Backoff:
    """Seconds double from 10 to 300, and begin again after twice the longest without a failure.

    at_once: whether the first time comes without a pause, as that of a container does, and no image's.
    """

    at_once: bool = True
    _next: float | None = None
    _failed: float | None = None

    def failed(self, at: float) -> float:
        """Something failed at a time; how many seconds to wait until it is tried again."""
        if self._failed is not None and at - self._failed > 2 * MOST_S:
            self._next = None
        wait = (0.0 if self.at_once else FIRST_S) if self._next is None else self._next
        self._next = min(MOST_S, wait * 2) if wait else FIRST_S
        self._failed = at
        return wait


def spell(seconds: float) -> str:
    """As Go writes a duration: 10s, 1m20s, 5m0s."""
    minutes, left = divmod(int(seconds), 60)
    return f"{minutes}m{left}s" if minutes else f"{left}s"
