import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from scoring.logs import Dropped
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.model.drift import evaluate
from scoring.scorer import Batch, judge
from scoring.settings import TelemetrySettings
from scoring.telemetry.events import MAX_PROPERTY, Privacy, batch_event, drift_event
from scoring.telemetry.moment import Moment, RequestRecord
from scoring.telemetry.queue import DriftRecord, Telemetry
from scoring.telemetry.tracecontext import continued
from scoring.window import RollingWindow
from tests.scoring.trained import Small


class Collecting:
    """A sink that remembers; may be slow or broken."""

    def __init__(self, do: Callable[[], None] = lambda: None) -> None:
        self.do = do
        self.seen: list[RequestRecord] = []
        self.drifts: list[DriftRecord] = []
        self.told_lost = self.drains = self.counted = 0
        self.wants = 1_000_000
        self.closed = False
        self.counts: list[tuple[str, int]] = []

    def count(self, name: str, number: int) -> None:
        self.counts.append((name, number))

    def requests(self, moment: Moment) -> None:
        self.do()
        self.seen.extend(moment.records)
        self.counted += moment.requests

    def wanted(self) -> int:
        return self.wants

    def drift(self, record: DriftRecord) -> None:
        self.drifts.append(record)

    def lost(self, records: int) -> None:
        self.told_lost += records

    def drained(self) -> None:
        self.drains += 1

    def close(self, seconds: float) -> None:
        self.closed = True


def record(batch: Batch | None = None) -> RequestRecord:
    return RequestRecord(
        "POST", "/score", 200, time.time_ns(), 1_000, "id", continued(None, "1" * 48), batch=batch
    )


def test_records_reach_the_sink_before_the_end() -> None:
    sink = Collecting()
    telemetry = Telemetry(lambda: sink)
    telemetry.start()
    for _ in range(100):
        telemetry.put([record()])
    assert telemetry.stop(5)
    assert len(sink.seen) == 100
    assert sink.closed
    assert telemetry.lost == 0


def test_without_a_sink_nothing_happens() -> None:
    telemetry = Telemetry(None)
    telemetry.start()
    telemetry.put([record()])
    assert telemetry.stop(1)


def test_a_stuck_sink_neither_blocks_nor_goes_unnoticed() -> None:
    release = threading.Event()

    def wait() -> None:
        release.wait(10)

    sink = Collecting(wait)
    telemetry = Telemetry(lambda: sink, capacity=10)
    telemetry.start()
    began = time.perf_counter()
    for _ in range(1_000):
        telemetry.put([record()])
    assert time.perf_counter() - began < 1
    assert telemetry.lost >= 980
    assert not telemetry.stop(0.2)
    release.set()
    assert telemetry.stop(5)
    assert len(sink.seen) + telemetry.lost == 1_000
    assert sink.told_lost == telemetry.lost


def test_what_waits_is_bounded_by_its_rows_too(artifact: Artifact, model: Small) -> None:
    release, large = threading.Event(), batch(artifact, model, 50)

    def wait() -> None:
        release.wait(10)

    sink = Collecting(wait)
    telemetry = Telemetry(lambda: sink, most_rows=120)
    telemetry.start()
    for _ in range(10):
        telemetry.put([record(large)])
        telemetry.put([record()])  # one without rows is kept
    assert telemetry.lost == 8
    release.set()
    until_handed_over(sink, 12)
    drains = sink.drains
    until(lambda: sink.drains >= drains + 2)  # the sink has let go of them
    telemetry.put([record(batch(artifact, model, 130))])  # when nothing waits, one may be larger
    assert telemetry.stop(5)
    assert telemetry.lost == sink.told_lost == 8
    assert len(sink.seen) == 13


def test_what_the_sink_keeps_until_it_is_drained_waits_too(artifact: Artifact, model: Small) -> None:
    """Else as much could be kept there as in the queue, and all be twice what is allowed."""
    calls = 0
    put, second, release = threading.Event(), threading.Event(), threading.Event()

    def wait_at_the_second() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            second.set()
            release.wait(10)

    sink, large = Collecting(wait_at_the_second), batch(artifact, model, 50)

    def opened() -> Collecting:
        put.wait(10)
        return sink

    telemetry = Telemetry(opened, most_rows=120)
    telemetry.start()
    for _ in range(2):
        telemetry.put([record(large)])
    put.set()
    assert second.wait(10)
    telemetry.put([record(large)])  # the first one was handed over, but is still kept
    assert telemetry.lost == 1
    release.set()
    assert telemetry.stop(5)
    assert len(sink.seen) == 2


def test_what_is_lost_while_losses_are_told_is_told_too() -> None:
    class Interrupted(Collecting):
        def lost(self, records: int) -> None:
            if not self.told_lost:
                telemetry.put([record()])
            super().lost(records)

    sink = Interrupted()
    telemetry = Telemetry(lambda: sink, capacity=0)
    telemetry.start()
    telemetry.put([record()])
    until(lambda: sink.told_lost == telemetry.lost == 2)
    assert telemetry.stop(5)


def until_handed_over(sink: Collecting, count: int) -> None:
    until(lambda: len(sink.seen) >= count)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_a_broken_sink_loses_records_but_not_the_thread() -> None:
    def fail() -> None:
        raise RuntimeError("no")

    sink = Collecting(fail)
    telemetry = Telemetry(lambda: sink)
    telemetry.start()
    telemetry.put([record()])
    telemetry.put([record()])
    assert telemetry.stop(5)
    assert telemetry.lost == 2
    assert sink.closed


def test_a_sink_that_does_not_open_is_survived() -> None:
    def fail() -> Collecting:
        raise ValueError("bad connection string")

    telemetry = Telemetry(fail)
    telemetry.start()
    telemetry.put([record()])
    assert telemetry.stop(5)
    assert telemetry.lost == 1


def batch(artifact: Artifact, model: Small, rows: int) -> Batch:
    matrix = np.resize(model.test_matrix, (rows, artifact.schema.width))
    return judge(Composite(artifact.composite, artifact.schema.width), artifact.thresholds, matrix)


EVERYTHING = Privacy(frozenset(), frozenset(), b"k")


def event(
    artifact: Artifact, records: list[RequestRecord], privacy: Privacy = EVERYTHING, max_rows: int = 50
) -> dict[str, Any]:
    """The properties of the event of all the requests."""
    told = batch_event(records, artifact.schema, privacy, max_rows)
    assert told.requests == len(records)
    (properties,) = told.parts
    return properties


def test_event_holds_inputs_and_outputs(artifact: Artifact, model: Small) -> None:
    found = event(artifact, [record(batch(artifact, model, 3))])
    inputs, outputs = json.loads(found["inputs"]), json.loads(found["outputs"])
    assert inputs == artifact.schema.columns(model.test_matrix[:3])
    assert set(outputs) == {"probability", "label", "outlier_score", "outlier"}
    assert (found["rows"], found["rows_included"]) == (3, 3)


def test_features_can_be_left_out_or_hashed(artifact: Artifact, model: Small) -> None:
    privacy = Privacy(frozenset({"age"}), frozenset({"sex", "limit_bal"}), b"key")
    found = event(artifact, [record(batch(artifact, model, 5))], privacy)
    assert "female" not in found["inputs"]
    inputs, plain = json.loads(found["inputs"]), artifact.schema.columns(model.test_matrix[:5])
    assert "age" not in inputs
    assert len(set(inputs["sex"])) == len(set(plain["sex"]))
    assert inputs["pay_0"] == plain["pay_0"]
    other = Privacy(frozenset(), frozenset({"sex"}), b"another key")
    assert other.columns({"sex": ["female"]}) != privacy.columns({"sex": ["female"]})


def test_an_event_says_for_each_request_which_member_of_a_fleet_was_asked_for(
    artifact: Artifact, model: Small
) -> None:
    asked = [record(batch(artifact, model, rows)) for rows in (1, 2, 3)]
    asked[0].member, asked[2].member = "2/female", "3/male"
    told = json.loads(event(artifact, asked)["requests"])
    assert [one["rows"] for one in told] == [1, 2, 3]
    assert [one.get("member", "none is named") for one in told] == ["2/female", "none is named", "3/male"]


@pytest.mark.parametrize("rows", [1, 50, 1_000])
def test_event_fits_into_application_insights(artifact: Artifact, model: Small, rows: int) -> None:
    privacy = Privacy(frozenset(), frozenset(artifact.schema.names), b"k")
    found = event(artifact, [record(batch(artifact, model, rows))], privacy, 10_000)
    assert all(len(value) <= MAX_PROPERTY for value in found.values() if isinstance(value, str))
    assert found["rows"] == rows
    assert 0 < found["rows_included"] <= rows
    assert len(json.loads(found["outputs"])["label"]) == found["rows_included"]


def test_no_rows_in_events_when_so_set(artifact: Artifact, model: Small) -> None:
    found = event(artifact, [record(batch(artifact, model, 5))], max_rows=0)
    assert found["rows_included"] == 0
    assert json.loads(found["inputs"])["age"] == []
    assert found["outlier_rows"] >= 0


def test_drift_event_carries_counts_that_merge(artifact: Artifact, model: Small) -> None:
    from scoring.model.drift import DriftRules

    window = RollingWindow(artifact.drift, 1_000)
    window.add(model.test_matrix)
    counts = window.snapshot()
    report = evaluate(artifact.drift, counts, DriftRules(), "2026-01-01T00:00:00Z")
    (found,) = drift_event(DriftRecord(report, counts), artifact.drift, EVERYTHING)
    assert json.loads(found["counts"]) == counts.to_json(artifact.drift)
    assert orjson.loads(found["psi_and_p"]).keys() == set(artifact.schema.names)


def test_counts_of_features_that_must_not_leave_do_not(artifact: Artifact, model: Small) -> None:
    from scoring.model.drift import DriftRules

    window = RollingWindow(artifact.drift, 1_000)
    window.add(model.test_matrix[:1])  # its counts say what the one row holds
    counts = window.snapshot()
    report = evaluate(artifact.drift, counts, DriftRules(), None)
    privacy = Privacy(frozenset({"age"}), frozenset({"sex"}), b"k")
    (found,) = drift_event(DriftRecord(report, counts), artifact.drift, privacy)
    told = json.loads(found["counts"])
    assert set(told["counts"]) == set(artifact.schema.names) - {"age", "sex"}
    assert told["rows"] == 1


def test_sampling_is_stated() -> None:
    assert TelemetrySettings().trace_ratio == 1.0


class Stuck(SpanExporter):
    """A backend that takes nothing until it is let."""

    def __init__(self) -> None:
        self.begun, self.release, self.taken = threading.Event(), threading.Event(), 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.begun.set()
        self.release.wait(10)
        self.taken += len(spans)
        return SpanExportResult.SUCCESS


def test_what_the_queues_of_opentelemetry_drop_is_counted() -> None:
    dropped, exporter = Dropped(), Stuck()
    provider = TracerProvider()
    provider.add_span_processor(
        BatchSpanProcessor(exporter, max_queue_size=16, schedule_delay_millis=50, max_export_batch_size=4)
    )
    tracer = provider.get_tracer("test")
    tracer.start_span("one").end()
    assert exporter.begun.wait(10)  # its one thread is stuck: nothing leaves the queue any more
    for _ in range(200):
        tracer.start_span("one").end()
    exporter.release.set()
    provider.shutdown()
    logging.getLogger(Dropped.LOGGER).removeFilter(dropped)
    assert dropped.count == 200 - 16
    assert exporter.taken == 1 + 16
