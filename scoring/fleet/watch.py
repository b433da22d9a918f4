"""Drift of all members that are in memory, watched by one thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from scoring.monitor import LOOK_SECONDS, REST, DriftMonitor, Pace

log = logging.getLogger(__name__)

STOP_SECONDS: Final = 5.0


class Watch:
    """Evaluates each member's window at the service's pace. It rests between two evaluations, so with many
    members reports come later, and requests do not wait for them."""

    def __init__(
        self, monitors: Mapping[str, DriftMonitor], pace: Pace, spoken: Callable[[str], str] = str
    ) -> None:
        """monitors: by member; others may change it meanwhile. spoken: how logs name a member."""
        self._monitors, self._pace, self._spoken = monitors, pace, spoken
        self._last: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="fleet-drift", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    def look(self, now: float) -> int:
        """Evaluate what is due at that time (seconds); the number of evaluations."""
        done = 0
        for member, monitor in list(self._monitors.items()):
            new, last = monitor.new_rows, self._last.get(member, float("-inf"))
            if new == 0 or (new < self._pace.rows and now - last < self._pace.seconds):
                continue
            self._last[member] = now
            began = time.monotonic()
            self._evaluate(member, monitor)
            done += 1
            if self._stop.wait(REST * (time.monotonic() - began)):
                break
        return done

    def _evaluate(self, member: str, monitor: DriftMonitor) -> None:
        try:
            monitor.evaluate()  # which tells what changed
        except Exception:  # one failed evaluation must not end the watching
            log.exception(
                "a member's drift window could not be evaluated", extra={"member": self._spoken(member)}
            )

    def _work(self) -> None:
        while not self._stop.wait(min(LOOK_SECONDS, self._pace.seconds)):
            self.look(time.monotonic())
