"""What is counted of requests, and whose records go on."""

import time
from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scoring.scorer import Batch
from scoring.telemetry.allowance import Allowance
from scoring.telemetry.events import MAX_REQUESTS
from scoring.telemetry.moment import RequestRecord, counted
from scoring.telemetry.queue import Telemetry
from scoring.telemetry.tracecontext import continued
from tests.scoring.test_telemetry import Collecting, record

FLAGS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=5)


def scored(flags: list[tuple[bool, bool]]) -> Batch:
    labels, outliers = [int(label) for label, _ in flags], [outlier for _, outlier in flags]
    values = [0.5] * len(flags)
    return Batch(np.zeros((len(flags), 2), dtype=np.float32), values, labels, values, outliers)


def request(duration_ns: int, batch: Batch | None, status: int = 200) -> RequestRecord:
    trace = continued(None, "1" * 48)
    return RequestRecord("POST", "/score", status, time.time_ns(), duration_ns, "id", trace, batch=batch)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.none() | FLAGS), min_size=1, max_size=20))
def test_all_of_a_moment_is_counted(requests: list[tuple[int, list[tuple[bool, bool]] | None]]) -> None:
    records = [request(ns, None if flags is None else scored(flags)) for ns, flags in requests]
    moment = counted(records)
    rows = [row for _, flags in requests for row in flags or ()]
    assert moment.kind == ("/score", 200)
    assert moment.durations_ns == [ns for ns, _ in requests]
    assert moment.requests == len(requests)
    assert moment.scored == sum(flags is not None for _, flags in requests)
    assert moment.rows == moment.held_rows == len(rows)
    assert moment.positives == sum(label for label, _ in rows)
    assert moment.outliers == sum(outlier for _, outlier in rows)
    moment.records = []
    assert (moment.rows, moment.held_rows) == (len(rows), 0)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_records_beyond_what_is_wanted_are_counted_only_but_for_failures() -> None:
    sink = Collecting()
    sink.wants = 0
    telemetry = Telemetry(lambda: sink)
    telemetry.start()
    drains = sink.drains
    until(lambda: sink.drains > drains + 1)  # it has said what it wants
    for _ in range(30):
        telemetry.put([record(), record()])
    telemetry.put([request(1, None, status=500)])
    until(lambda: sink.counted == 61)
    assert [one.status for one in sink.seen] == [500]
    sink.wants = 3
    drains = sink.drains
    until(lambda: sink.drains > drains + 1)
    sink.do = lambda: time.sleep(0.2)  # so that all of these come in one pause
    for _ in range(8):
        telemetry.put([record(scored([(True, False)]))])
    assert telemetry.stop(5)
    assert sink.counted == 69
    assert 1 + 3 <= len(sink.seen) < 1 + 8
    assert telemetry.lost == 0


def test_records_that_are_left_out_take_no_room_for_rows() -> None:
    sink = Collecting()
    sink.wants = 0
    telemetry = Telemetry(lambda: sink, most_rows=10)
    telemetry.start()
    drains = sink.drains
    until(lambda: sink.drains > drains + 1)
    for _ in range(100):
        telemetry.put([record(scored([(True, True)] * 5))])
    assert telemetry.stop(5)
    assert (sink.counted, telemetry.lost) == (100, 0)


def test_what_will_be_allowed_soon() -> None:
    now = [0.0]
    allowance = Allowance(10, reserve=2, clock=lambda: now[0])
    assert allowance.soon(0.0) == allowance.soon(5.0) == 20  # no more than it holds
    while allowance.take():
        pass
    assert (allowance.soon(0.0), allowance.soon(0.05), allowance.soon(0.25)) == (0, 1, 3)
    now[0] += 0.06
    assert not allowance.take()  # to look ahead takes nothing
    assert allowance.soon(0.05) == 2
    assert MAX_REQUESTS * Allowance(0).soon(1.0) == 0
