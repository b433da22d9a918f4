"""Drift watched while serving: requests only count rows, a thread of its own evaluates the window."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from scoring.drift import DriftReport, DriftRules, RollingWindow, WindowCounts, evaluate
from scoring.schema import Matrix
from scoring.sketch import DriftReference

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Evaluate after this many new rows, or this many seconds after the last time if there are any."""

    rows: int = 100
    seconds: float = 10.0


class DriftMonitor:
    """Thread-safe. `report` is the latest evaluation; it is replaced, never changed."""

    def __init__(
        self,
        reference: DriftReference,
        rules: DriftRules,
        pace: Pace,
        publish: Callable[[DriftReport, WindowCounts], None] = lambda report, window: None,
    ) -> None:
        self._reference, self._rules, self._pace, self._publish = reference, rules, pace, publish
        self._window = RollingWindow(reference, rules.window_rows)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._new_rows = 0
        self._thread: threading.Thread | None = None
        self.report = DriftReport(rules, 0, None, ())

    def observe(self, matrix: Matrix) -> None:
        """Count the rows of one request; wakes the evaluating thread when enough have come."""
        with self._lock:
            self._window.add(matrix)
            before = self._new_rows
            self._new_rows += len(matrix)
        if before == 0 or self._new_rows >= self._pace.rows > before:
            self._wake.set()

    def snapshot(self) -> WindowCounts:
        with self._lock:
            return self._window.snapshot()

    def evaluate(self) -> DriftReport:
        """Evaluate the window now and publish the report."""
        with self._lock:
            window = self._window.snapshot()
            self._new_rows = 0
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        report = evaluate(self._reference, window, self._rules, now)
        previous, self.report = self.report, report
        if report.drifted != previous.drifted:
            log.warning("drift changed", extra={"drifted": list(report.drifted), "window_rows": report.rows})
        self._publish(report, window)
        return report

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="drift", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._stopping:
            self._wake.wait()  # nothing to do until rows have come
            self._wake.clear()
            while not self._stopping and 0 < self._new_rows < self._pace.rows:
                remaining = last + self._pace.seconds - time.monotonic()
                if remaining <= 0 or not self._wake.wait(remaining):
                    break
                self._wake.clear()
            if self._stopping or self._new_rows == 0:
                continue
            try:
                self.evaluate()
            except Exception:  # one failed evaluation must not end the watching
                log.exception("the drift window could not be evaluated")
            last = time.monotonic()
