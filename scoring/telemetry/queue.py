"""Telemetry that requests do not wait for: they put records into a bounded queue, and a thread sends them.

A request never waits for it and never fails by it. What does not fit in the queue is counted as lost.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from scoring.model.drift import DriftReport, WindowCounts
from scoring.telemetry.moment import Moment, RequestRecord, counted

log = logging.getLogger(__name__)

QUEUE_RECORDS = 8_192  # that wait in the queue, or that the sink still holds
QUEUE_ROWS = 200_000  # of these records; a row takes about 200 bytes
DRAIN_SECONDS = 0.03  # telemetry took 5 to 12% of the throughput, 15% with 0.01 s, 11 to 18% with 0.1 s


@dataclass(frozen=True, slots=True)
class DriftRecord:
    report: DriftReport
    window: WindowCounts


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened; `name`: a key of `instruments.COUNTERS` or `REASONS`."""

    name: str
    number: int


class Sink(Protocol):
    """Takes the records from the telemetry thread; may block and may raise."""

    def requests(self, moment: Moment) -> None: ...

    def drift(self, record: DriftRecord) -> None: ...

    def lost(self, records: int) -> None: ...

    def count(self, name: str, number: int) -> None: ...

    def drained(self) -> None:
        """Pass on what was handed over, and hold none of it any longer. A pause follows."""

    def wanted(self) -> int:
        """How many records the sink can use until the end of the next pause; of more, counts will do."""
        ...

    def close(self, seconds: float) -> None:
        """Send what is buffered, for at most about this long."""


class Telemetry:
    """`open_sink` is called in the telemetry thread: importing the exporters takes a while.

    The thread looks at the queue in intervals: to wake it for each request would cost more than the record.
    """

    def __init__(
        self,
        open_sink: Callable[[], Sink] | None,
        capacity: int = QUEUE_RECORDS,
        most_rows: int = QUEUE_ROWS,
    ) -> None:
        self._open_sink, self._capacity, self._most_rows = open_sink, capacity, most_rows
        # each written by one thread only: the event loop's and the telemetry's
        self._put = self._taken = 0
        self._rows_put = self._rows_taken = 0
        self._kept = self._rows_kept = 0  # handed over, and perhaps still held by the sink
        self._wanted = capacity
        self._queue: deque[Moment | DriftRecord | Count] = deque()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.lost = 0

    def start(self) -> None:
        if self._open_sink is None:
            log.info("no APPLICATIONINSIGHTS_CONNECTION_STRING: telemetry goes nowhere but to this log")
            return
        self._thread = threading.Thread(target=self._work, name="telemetry", daemon=True)
        self._thread.start()

    def put(self, records: list[RequestRecord]) -> None:
        """Queue the records of one moment, all of one kind, or lose them. Never blocks, never raises.

        For the event loop's thread. Under much load most records are dropped here once they are counted:
        to keep records that no event or trace will tell of costs more than to count them.
        """
        if self._thread is None:
            return
        moment = counted(records)
        if self._wanted <= 0 and not moment.failed:
            moment.records = []
        if self._has_room(moment):
            self._put += moment.requests
            self._rows_put += moment.held_rows
            self._wanted -= len(moment.records)  # the other thread sets it: an estimate is enough
            self._queue.append(moment)
        elif len(records) == 1:
            self.lost += 1
        else:  # perhaps some of them fit
            for record in records:
                self.put([record])

    def put_drift(self, record: DriftRecord) -> None:
        """Queue a report, or lose it. For the thread that watches drift. Never blocks, never raises."""
        if self._thread is None:
            return
        if len(self._queue) < self._capacity:
            self._queue.append(record)
        else:
            self.lost += 1  # written by two threads; an estimate is enough

    def put_count(self, name: str, number: int) -> None:
        """Queue a count. For what happens seldom, or was added up before. Never blocks, never raises."""
        if self._thread is not None:
            self._queue.append(Count(name, number))

    def _has_room(self, moment: Moment) -> bool:
        if self._put - self._taken + moment.requests > self._capacity:
            return False
        waiting = self._rows_put - self._rows_taken
        return moment.held_rows == 0 or waiting == 0 or waiting + moment.held_rows <= self._most_rows

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
                self._hand_over(sink)
            try:
                if (lost := self.lost) != told:  # other threads go on counting
                    sink.lost(lost - told)
                    told = lost
                sink.drained()
                self._wanted = sink.wanted()
            except Exception:
                log.exception("telemetry could not be counted")
            self._make_room()
        try:
            sink.close(seconds=5.0)
        except Exception:
            log.exception("telemetry could not be flushed")

    def _hand_over(self, sink: Sink) -> None:
        """Hand the next record over; from here on only the sink holds it."""
        taken = self._queue.popleft()
        try:
            if isinstance(taken, DriftRecord):
                sink.drift(taken)
            elif isinstance(taken, Count):
                sink.count(taken.name, taken.number)
            else:
                sink.requests(taken)
        except Exception:
            log.exception("telemetry records could not be handed over")
            self._lose(taken)
        self._keep(taken)

    def _discard(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stop.wait(DRAIN_SECONDS)
            while self._queue:
                taken = self._queue.popleft()
                self._lose(taken)
                self._keep(taken)
            self._make_room()

    def _lose(self, taken: Moment | DriftRecord | Count) -> None:
        count = taken.requests if isinstance(taken, Moment) else 1
        self.lost += count  # without a call in it, no other thread counts in between

    def _keep(self, taken: Moment | DriftRecord | Count) -> None:
        if isinstance(taken, Moment):
            self._kept += taken.requests
            self._rows_kept += taken.held_rows

    def _make_room(self) -> None:
        """Count what was handed over as gone: the sink no longer holds it."""
        self._taken += self._kept
        self._rows_taken += self._rows_kept
        self._kept = self._rows_kept = 0
