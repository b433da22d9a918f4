"""Telemetry off the way of requests: requests put records in a bounded queue, one thread sends them.

A request never waits for it and never fails by it. What does not fit in the queue is counted as lost.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from scoring.drift import DriftReport, WindowCounts
from scoring.scorer import Batch
from scoring.tracecontext import TraceContext

log = logging.getLogger(__name__)

QUEUE_RECORDS = 8_192
QUEUE_ROWS = 200_000  # of all queued records: about 200 bytes each
DRAIN_SECONDS = 0.1


@dataclass(slots=True)
class RequestRecord:
    """One request, written by the layers that answer it. `batch` is there when rows were scored."""

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

    def drained(self) -> None:
        """What was queued has been handed over; more comes after a pause."""

    def close(self, seconds: float) -> None:
        """Send what is buffered, for at most about this long."""


class Telemetry:
    """`open_sink` is called in the telemetry thread: importing the exporters takes a while.

    The thread looks at the queue in intervals: waking it for each request would cost more than the record.
    """

    def __init__(
        self,
        open_sink: Callable[[], Sink] | None,
        capacity: int = QUEUE_RECORDS,
        most_rows: int = QUEUE_ROWS,
    ) -> None:
        self._open_sink, self._capacity, self._most_rows = open_sink, capacity, most_rows
        # each written by one thread only: the event loop's and the telemetry's
        self._rows_put = self._rows_taken = 0
        self._queue: deque[RequestRecord | DriftRecord] = deque()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
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
        if len(self._queue) < self._capacity and self._has_room(rows := _rows(record)):
            if rows:  # so no record of drift, which is of another thread
                self._rows_put += rows
            self._queue.append(record)
        else:  # written by the event loop's thread and the drift thread only; an estimate is enough
            self.lost += 1

    def _has_room(self, rows: int) -> bool:
        waiting = self._rows_put - self._rows_taken
        return rows == 0 or waiting == 0 or waiting + rows <= self._most_rows

    def stop(self, seconds: float) -> bool:
        """Hand over what is queued and flush; False when that took longer than `seconds`."""
        if self._thread is None:
            return True
        self._stop.set()
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
        told, stopping = 0, False
        while not stopping:
            stopping = self._stop.wait(DRAIN_SECONDS)  # then one last time
            for _ in range(len(self._queue)):  # what comes meanwhile is for the next time
                record = self._queue.popleft()
                self._hand_over(sink, record)
                self._rows_taken += _rows(record)
                del record  # or the last one stays until the next
            try:
                if self.lost != told:
                    sink.lost(self.lost - told)
                    told = self.lost
                sink.drained()
            except Exception:
                log.exception("telemetry could not be counted")
        try:
            sink.close(seconds=5.0)
        except Exception:
            log.exception("telemetry could not be flushed")

    def _hand_over(self, sink: Sink, record: RequestRecord | DriftRecord) -> None:
        try:
            if isinstance(record, RequestRecord):
                sink.request(record)
            else:
                sink.drift(record)
        except Exception:
            log.exception("a telemetry record could not be handed over")
            self.lost += 1

    def _discard(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stop.wait(DRAIN_SECONDS)
            while self._queue:
                self._rows_taken += _rows(self._queue.popleft())
                self.lost += 1


def _rows(record: RequestRecord | DriftRecord) -> int:
    batch = record.batch if isinstance(record, RequestRecord) else None
    return 0 if batch is None else batch.rows
