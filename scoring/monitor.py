"""Drift is watched while the service answers: requests only record their rows, a thread evaluates them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from scoring.logs import some
from scoring.model.drift import DriftReport, DriftRules, WindowCounts, evaluate
from scoring.model.schema import Matrix
from scoring.model.sketch import DriftReference
from scoring.told import Told
from scoring.window import RollingWindow

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.25  # between two looks at the number of new rows
REST: Final = 20  # the thread then rests at least this many times as long as the evaluation took


@dataclass(frozen=True, slots=True)
class Pace:
    """Evaluate after this many new rows, or this many seconds after the last time if there are any."""

    rows: int = 100
    seconds: float = 10.0


class DriftMonitor:
    """Thread-safe. `report` is the latest evaluation; it is replaced, never changed.

    `publish` is given each report. Processes that share a window see the same rows: `told` lets a change be
    logged by one of them alone. `named` says in the log whose it is.
    """

    def __init__(
        self,
        reference: DriftReference,
        rules: DriftRules,
        pace: Pace,
        publish: Callable[[DriftReport, WindowCounts], None] | None = None,
        window: RollingWindow | None = None,
        told: Told | None = None,
        named: Mapping[str, object] | None = None,
    ) -> None:
        self._reference, self._rules, self._pace, self._publish = reference, rules, pace, publish
        self._window = RollingWindow(reference, rules.window_rows) if window is None else window
        self._told, self._named = told or Told(), named or {}
        self.observe: Callable[[Matrix], None] = self._window.add  # counts the rows of one request
        self.snapshot: Callable[[], WindowCounts] = self._window.snapshot
        self._stop = threading.Event()
        self._evaluated = 0  # how many rows had been written at the latest evaluation
        self._thread: threading.Thread | None = None
        self.report = DriftReport(rules, 0, None, ())

    @property
    def new_rows(self) -> int:
        """Rows that came since the latest evaluation."""
        return self._window.written - self._evaluated

    def evaluate(self) -> DriftReport:
        """Evaluate the window now and publish the report."""
        self._evaluated = written = self._window.written
        window = self._window.snapshot()
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        report = evaluate(self._reference, window, self._rules, now)
        self.report = report
        if self._told.is_news(written, report.drifted):
            more = {**self._named, "drifted": some(report.drifted), "window_rows": report.rows}
            log.warning("drift changed", extra=more)
        if self._publish is not None:
            self._publish(report, window)
        return report

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="drift", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)

    def _watch(self) -> None:
        last, rest = time.monotonic(), 0.0
        while not self._stop.wait(max(rest, min(LOOK_SECONDS, self._pace.seconds))):
            rest = 0.0
            new_rows = self.new_rows
            due = new_rows >= self._pace.rows or time.monotonic() - last >= self._pace.seconds
            if new_rows == 0 or not due:
                continue
            last = time.monotonic()
            try:
                self.evaluate()
            except Exception:  # one failed evaluation must not end the watching
                log.exception("the drift window could not be evaluated")
            rest = REST * (time.monotonic() - last)
