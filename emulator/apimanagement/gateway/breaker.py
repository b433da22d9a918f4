"""The circuit breaker of one backend, and the choice among the members of a pool.

"Backends in API Management" (learn.microsoft.com, read 2026-11): failures within an interval are counted;
when there are as many as the rule says, nothing is sent for the time of the trip, and 503 is the answer; then
the circuit closes. Azure says that each instance of the gateway counts for itself, and so about.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

CONNECTION: Final = 500  # the status that stands for a backend that was not reached
LONGEST_WAIT_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Rule:
    """count: failures within interval_s that open the circuit for trip_s. statuses: ranges with both ends.

    reasons: errors of the gateway's own (lower case). accept_retry_after: whether the backend's Retry-After
    takes the place of trip_s.
    """

    name: str
    count: int
    interval_s: float
    statuses: tuple[tuple[int, int], ...]
    reasons: frozenset[str]
    trip_s: float
    accept_retry_after: bool = False

    def fails(self, status: int, reason: str = "") -> bool:
        """Whether an answer, or an error of the gateway's own, counts."""
        return reason.lower() in self.reasons or any(low <= status <= high for low, high in self.statuses)


class Breaker:
    """Closed, or open until a time. Safe for threads."""

    def __init__(self, rule: Rule, clock: Callable[[], float] = time.monotonic) -> None:
        self.rule = rule
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: deque[float] = deque()
        self._until = 0.0
        self.trips = 0

    def open_for(self) -> float:
        """Seconds until requests are let through again, 0 while the circuit is closed."""
        return max(0.0, self._until - self._clock())

    def note(self, status: int, reason: str = "", retry_after: str = "") -> None:
        """What came of a request."""
        if not self.rule.fails(status, reason):
            return
        now = self._clock()
        with self._lock:
            if self._until > now:
                return
            self._failures.append(now)
            while self._failures and self._failures[0] <= now - self.rule.interval_s:
                self._failures.popleft()
            if len(self._failures) >= self.rule.count:
                self._failures.clear()
                self._until = now + self._trip_s(retry_after)
                self.trips += 1

    def _trip_s(self, retry_after: str) -> float:
        if self.rule.accept_retry_after and retry_after.strip().isdecimal():
            return min(float(retry_after), LONGEST_WAIT_S)
        return self.rule.trip_s


@dataclass(frozen=True, slots=True)
class Member:
    """Of a pool. backend: folded id. priority: the lowest number is asked first. weight: None for none."""

    backend: str
    weight: int | None = None
    priority: int = 1


class Chooser:
    """Chooses members; by turns where no weight is said. Safe for threads."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret depends on it
        self._turn = 0
        self._lock = threading.Lock()

    def choose(self, members: Sequence[Member], is_open: Callable[[str], bool]) -> str | None:
        """The backend of the next request: of the best priority that has one whose circuit is closed.

        None where all are open. A weight of 0 gets nothing while another of its priority gets something.
        """
        for priority in sorted({one.priority for one in members}):
            left = [one for one in members if one.priority == priority and not is_open(one.backend)]
            if not left:
                continue
            if all(one.weight is None for one in left):
                with self._lock:
                    self._turn += 1
                    return left[self._turn % len(left)].backend
            weights = [1 if one.weight is None else one.weight for one in left]
            with self._lock:
                return self._random.choices(left, weights if any(weights) else None)[0].backend
        return None
