"""Telemetry off the way of requests: requests put records in a bounded queue, one thread sends them.

A request never waits for it and never fails by it. What does not fit in the queue is counted as lost.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from scoring.drift import DriftReport, WindowCounts
from scoring.scorer import Batch
from scoring.tracecontext import TraceContext

log = logging.getLogger(__name__)

QUEUE_RECORDS = 8_192


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One answered request. `batch` is there when rows were scored."""

    method: str
    route: str
    status: int
    started_ns: int  # wall clock
    duration_ns: int
    request_id: str
    trace: TraceContext
    problem: str | None = None
    batch: Batch | None = None
    drift_status: str | None = None


@dataclass(frozen=True, slots=True)
class DriftRecord:
    report: DriftReport
    window: WindowCounts


class Sink(Protocol):
    """Where the telemetry thread hands records to; may block and may raise."""

    def request(self, record: RequestRecord) -> None: ...

    def drift(self, record: DriftRecord) -> None: ...

    def lost(self, records: int) -> None: ...

    def close(self, seconds: float) -> None:
        """Send what is buffered, for at most about this long."""


class Telemetry:
    """`open_sink` is called in the telemetry thread: importing the exporters takes a while."""

    def __init__(self, open_sink: Callable[[], Sink] | None, capacity: int = QUEUE_RECORDS) -> None:
        self._open_sink = open_sink
        self._queue: queue.Queue[RequestRecord | DriftRecord | None] = queue.Queue(capacity)
        self._thread: threading.Thread | None = None
        self.lost = 0

    def start(self) -> None:
        if self._open_sink is None:
            log.info("no APPLICATIONINSIGHTS_CONNECTION_STRING: telemetry goes nowhere but to this log")
            return
        self._thread = threading.Thread(target=self._work, name="telemetry", daemon=True)
        self._thread.start()

    def put(self, record: RequestRecord | DriftRecord) -> None:
        """Never blocks, never raises."""
        if self._thread is None:
            return
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self.lost += (
                1  # only the event loop's thread and the drift thread write it; an estimate is enough
            )

    def stop(self, seconds: float) -> bool:
        """Hand over what is queued and flush; False when that took longer than `seconds`."""
        if self._thread is None:
            return True
        try:
            self._queue.put(None, timeout=seconds / 2)
        except queue.Full:
            return False
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        assert self._open_sink is not None  # noqa: S101 - start() saw it
        try:
            sink = self._open_sink()
        except Exception:
            log.exception("telemetry could not be set up: nothing will be sent")
            self._discard()
            return
        told = 0
        while (record := self._queue.get()) is not None:
            try:
                if isinstance(record, RequestRecord):
                    sink.request(record)
                else:
                    sink.drift(record)
                if self.lost != told:
                    sink.lost(self.lost - told)
                    told = self.lost
            except Exception:
                log.exception("a telemetry record could not be handed over")
                self.lost += 1
        try:
            sink.close(seconds=5.0)
        except Exception:
            log.exception("telemetry could not be flushed")

    def _discard(self) -> None:
        while self._queue.get() is not None:
            self.lost += 1
