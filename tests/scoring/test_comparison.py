"""Counts by which two releases are compared: one unit a request, whatever its rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from scoring.scorer import Batch
from scoring.telemetry.classes import BOUNDS_MS, DURATION, OUTLIERS, PROBABILITY
from scoring.telemetry.comparison import EDGES, Comparison, by_edge
from scoring.telemetry.moment import FEW_ROWS, counted
from tests.scoring.test_moment import request


def lower_edge(milliseconds: float) -> float:
    return EDGES[by_edge([round(milliseconds * 1e6)]).index(1)]


def batch(probabilities: list[float], outliers: list[bool]) -> Batch:
    rows = len(probabilities)
    matrix = np.zeros((rows, 2), dtype=np.float32)
    return Batch(matrix, probabilities, [0] * rows, [0.0] * rows, outliers)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=2 * FEW_ROWS))
def test_a_request_is_spread_over_the_tenths_and_is_one(probabilities: list[float]) -> None:
    moment = counted([request(1, batch(probabilities, [False] * len(probabilities)))])
    assert sum(moment.probability_shares) == pytest.approx(1)
    expected = [
        sum(int(p * 10) == tenth or (tenth == 9 and p == 1) for p in probabilities) / len(probabilities)
        for tenth in range(10)
    ]
    assert moment.probability_shares == pytest.approx(expected)


def test_a_probability_that_is_none_ends_nothing() -> None:
    for rows in (1, FEW_ROWS + 1):
        moment = counted([request(1, batch([float("nan")] * rows, [False] * rows))])
        assert sum(moment.probability_shares) == 0


def test_outliers_are_shares_of_each_request() -> None:
    records = [request(1, batch([0.1] * 4, [True, False, False, False])), request(1, batch([0.1], [True]))]
    assert counted(records).outlier_shares == pytest.approx(1.25)


@pytest.mark.parametrize(("milliseconds", "edge"), [(0.5, 0), (1.0, 0), (1.01, 1), (6.9, 5), (2000, 1000)])
def test_the_edge_below_a_duration(milliseconds: float, edge: float) -> None:
    assert lower_edge(milliseconds) == edge


def test_what_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    counts = Comparison("test")
    fast, slow = (
        request(1_500_000, batch([0.05], [False])),
        request(60_000_000, batch([0.95, 1.0], [True, False])),
    )
    counts.add(counted([fast, fast]))
    counts.add(counted([slow]))
    probe = request(1_500_000, None)
    probe.route = "/healthz"
    counts.add(counted([probe]))
    counts.pass_on()
    counts.pass_on()
    data = reader.get_metrics_data()
    assert data is not None
    found = {
        metric.name: {
            next(iter((point.attributes or {}).values()), ""): point.value
            for point in metric.data.data_points
        }
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
    }
    assert found[DURATION] == {"1": 2, "50": 1}
    assert found[PROBABILITY] == {"0": 2, "0.9": 1}
    assert found[OUTLIERS] == {"": 0.5}


def test_bounds_rise_and_twice_as_slow_is_always_another_class() -> None:
    assert list(BOUNDS_MS) == sorted(BOUNDS_MS)
    for milliseconds in np.geomspace(1.0, 990.0, 300):
        assert lower_edge(2 * milliseconds) > lower_edge(milliseconds)
