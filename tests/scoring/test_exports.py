"""What an ingestion endpoint refuses is counted, and counts arrive when it accepts again."""

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from scoring.telemetry.durations import NAME, Durations, Exporter
from scoring.telemetry.exports import Answer, Exports, Records, Spans
from tests.scoring.ingestion import CLOSED, Ingestion
from tests.scoring.test_durations import KINDS, OWN_CALLS

REFUSALS = [400, 401, 402, 403, 404, 408, 413, 429, 439, 500, 502, 503, 504]
PARTIAL = 206


@pytest.fixture
def ingestion(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingestion]:
    for name in OWN_CALLS:
        monkeypatch.setenv(name, "true")
    endpoint = Ingestion()
    yield endpoint
    endpoint.close()


class Counting:
    """A service's metrics, exported when it is told to."""

    def __init__(self, ingestion: Ingestion) -> None:
        self.exports, self.durations = Exports(), Durations()
        exporter = Exporter(
            self.durations, self.exports, "scoring", connection_string=ingestion.connection_string
        )
        self.provider = MeterProvider(
            [PeriodicExportingMetricReader(exporter, export_interval_millis=math.inf)], shutdown_on_exit=False
        )
        meter = self.provider.get_meter("scoring")
        self.requests = meter.create_counter("scoring.requests")
        self.always = meter.create_counter("scoring.telemetry.failed")
        self.psi = meter.create_gauge("scoring.drift.psi")
        self.waiting = exporter._waiting

    def interval(self, milliseconds: list[float]) -> None:
        """Requests of so many milliseconds, then an export."""
        self.always.add(0)
        if milliseconds:
            self.psi.set(float(len(milliseconds)))
            for number, value in enumerate(milliseconds):
                kind = KINDS[number % len(KINDS)]
                self.requests.add(1, {"route": kind[0], "status": kind[1]})
                self.durations.add(kind, [value])
        self.provider.force_flush()


def assert_all_arrived(ingestion: Ingestion, values: list[float]) -> None:
    assert sum(metric["value"] for metric in ingestion.metrics("scoring.requests")) == len(values)
    told = ingestion.metrics(NAME)
    assert sum(metric["count"] for metric in told) == len(values)
    assert sum(metric["value"] for metric in told) == pytest.approx(sum(values))
    assert min(metric["min"] for metric in told) == min(values)
    assert max(metric["max"] for metric in told) == max(values)


@pytest.mark.parametrize("status", [*REFUSALS, PARTIAL, CLOSED])
def test_sums_are_those_of_all_requests_once_it_accepts_again(ingestion: Ingestion, status: int) -> None:
    counting = Counting(ingestion)
    ingestion.answers.extend([status, status])
    counting.interval([1.0, 2.0, 3.0, 4.0])
    counting.interval([10.0, 0.5])
    assert counting.exports.failed == 2
    assert len(counting.waiting) > 0
    counting.interval([])  # nothing new, and yet what waits is sent
    assert_all_arrived(ingestion, [1.0, 2.0, 3.0, 4.0, 10.0, 0.5])
    assert len(counting.waiting) == 0
    assert (counting.exports.failed, counting.exports.lost) == (2, 0)
    assert ingestion.metrics("scoring.drift.psi")[-1]["value"] == 2.0  # the newest, not a sum


@given(
    st.lists(
        st.tuples(
            st.sampled_from([200, PARTIAL, 402, 503, CLOSED]), st.lists(st.floats(0.25, 1e5), max_size=6)
        ),
        max_size=6,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_it_answers_nothing_is_missing_or_twice(
    ingestion: Ingestion, intervals: list[tuple[int, list[float]]]
) -> None:
    ingestion.items.clear()
    ingestion.answers.clear()
    counting = Counting(ingestion)
    for status, milliseconds in intervals:
        ingestion.answers.append(status)
        counting.interval(milliseconds)
    counting.interval([1.0])
    assert_all_arrived(ingestion, [1.0, *(value for _, values in intervals for value in values)])


def spans(exports: Exports, ingestion: Ingestion, count: int) -> None:
    exporter = Spans(exports, connection_string=ingestion.connection_string, retry_backoff_factor=0.0)
    provider = TracerProvider(shutdown_on_exit=False)
    collected: list[Any] = []
    provider.add_span_processor(SimpleSpanProcessor(Collected(collected)))
    for _ in range(count):
        provider.get_tracer("test").start_span("one").end()
    exporter.export(collected)


def records(exports: Exports, ingestion: Ingestion, count: int) -> None:
    exporter = Records(exports, connection_string=ingestion.connection_string, retry_backoff_factor=0.0)
    provider = LoggerProvider(shutdown_on_exit=False)
    collected: list[Any] = []
    provider.add_log_record_processor(SimpleLogRecordProcessor(Collected(collected)))
    for _ in range(count):
        provider.get_logger("test").emit(timestamp=time.time_ns(), body="one")
    exporter.export(collected)


class Collected:
    """An exporter of spans or log records that keeps them."""

    def __init__(self, into: list[Any]) -> None:
        self.into = into

    def export(self, batch: Any) -> None:
        self.into.extend(batch)

    def shutdown(self) -> None: ...

    def force_flush(self, timeout_millis: int = 0) -> bool:
        return True


@pytest.mark.parametrize("send", [spans, records])
@pytest.mark.parametrize("status", [*REFUSALS, PARTIAL, CLOSED])
def test_records_that_are_refused_are_counted_as_lost(ingestion: Ingestion, send: Any, status: int) -> None:
    exports = Exports()
    ingestion.answers.extend([status] * 8)  # more than the client tries
    send(exports, ingestion, 5)
    ingestion.answers.clear()
    send(exports, ingestion, 5)
    kind = "RemoteDependencyData" if send is spans else "MessageData"
    taken = len(ingestion.data(kind))
    assert exports.failed == 1
    assert exports.lost + taken == 10
    assert 0 < exports.lost <= 5


def test_what_ingestion_samples_out_is_no_failure() -> None:
    class Response:
        status_code = PARTIAL

        def json(self) -> Any:
            return {
                "errors": [{"index": 1, "message": "Telemetry sampled out."}, {"index": 3, "message": "no"}]
            }

    class Pipeline:
        http_response = Response()

    answer = Answer()
    answer.hook(Pipeline())
    assert answer.refused(taken=False, items=5) == {3}
    answer.forget()
    assert answer.refused(taken=False, items=2) == {0, 1}  # none came
