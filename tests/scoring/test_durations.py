"""Durations reach Application Insights as their number, sum, least and largest, none left out."""

import threading
from typing import Any

from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter
from azure.monitor.opentelemetry.exporter.export._base import ExportResult
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from pytest import MonkeyPatch, approx

from scoring.telemetry.durations import NAME, Durations, Exporter
from scoring.telemetry.exports import Exports

KEY = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:1"
# Of the exporter; not from scoring.telemetry.azuremonitor, whose import sets them for all later tests.
OWN_CALLS = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
)
KINDS = [("/score", 200), ("/score", 422), ("/drift", 200)]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.lists(st.floats(0, 1e5), min_size=1)), max_size=12))
def test_nothing_is_left_out(added: list[tuple[tuple[str, int], list[float]]]) -> None:
    durations = Durations()
    expected: dict[tuple[str, int], list[float]] = {}
    for kind, values in added:
        durations.add(kind, values)
        expected.setdefault(kind, []).extend(values)
    found: dict[tuple[Any, Any], HistogramDataPoint] = {}
    for point in durations.taken():
        assert point.attributes is not None
        found[point.attributes["http.route"], point.attributes["http.response.status_code"]] = point
    assert found.keys() == expected.keys()
    for kind, values in expected.items():
        point = found[kind]
        assert (point.count, point.min, point.max) == (len(values), min(values), max(values))
        assert point.sum == approx(sum(values))
    assert durations.taken() == []


def test_what_is_added_while_it_is_taken_is_taken_once() -> None:
    durations, taken, done = Durations(), 0, threading.Event()

    def add() -> None:
        for _ in range(20_000):
            durations.add(KINDS[0], [1.0, 2.0])
        done.set()

    thread = threading.Thread(target=add)
    thread.start()
    while not done.is_set():
        taken += sum(point.count for point in durations.taken())
    thread.join()
    taken += sum(point.count for point in durations.taken())
    assert taken == 40_000


def test_they_are_sent_beside_the_other_metrics(monkeypatch: MonkeyPatch) -> None:
    sent: list[Any] = []

    def transmit(self: object, envelopes: list[Any]) -> Any:
        sent.extend(envelopes)
        return ExportResult.SUCCESS

    for name in OWN_CALLS:
        monkeypatch.setenv(name, "true")
    monkeypatch.setattr(AzureMonitorMetricExporter, "_transmit", transmit)
    durations = Durations()
    exporter = Exporter(durations, Exports(), "scoring", connection_string=KEY)
    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader]).get_meter("scoring")
    meter.create_counter("scoring.requests").add(3)
    durations.add(KINDS[0], [1.0, 5.0, 3.0])
    data = reader.get_metrics_data()
    assert data is not None
    exporter.export(data)
    metrics = {envelope.data.base_data.metrics[0].name: envelope.data.base_data for envelope in sent}
    assert metrics.keys() == {"scoring.requests", NAME}
    point = metrics[NAME].metrics[0]
    assert (point.value, point.count, point.min, point.max) == (9.0, 3, 1.0, 5.0)
    assert metrics[NAME].properties == {"http.route": "/score", "http.response.status_code": "200"}
