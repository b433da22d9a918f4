"""Features over days: parts add up exactly, faults are named, false alarms are as rare as stated."""

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.quality.drift import features
from ml.quality.faults import fault, reference_quantiles
from ml.quality.judge import latest
from ml.quality.rules import Rules
from ml.quality.sums import Counter, DaySums
from scoring.model.drift import DriftRules, WindowCounts, evaluate
from scoring.model.schema import NumberFeature, Schema
from scoring.model.sketch import DriftReference

RULES = Rules()
SCHEMA = Schema(tuple(NumberFeature(f"x{number}", "", -1e6, 1e6, integer=False) for number in range(20)))


def normal(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, 20)).astype(np.float32)


@pytest.fixture(scope="module")
def reference() -> DriftReference:
    return DriftReference.learn(normal(24_000, 0), SCHEMA)


def summed(reference: DriftReference, *matrices: np.ndarray) -> DaySums:
    counter = Counter(reference)
    for matrix in matrices:
        rows = len(matrix)
        counter.add(matrix, np.full(rows, 0.2), np.zeros(rows), 0)
    return counter.sums


@given(cuts=st.lists(st.integers(0, 400), max_size=5), seed=st.integers(0, 100))
def test_windows_of_replicas_add_up_exactly(reference: DriftReference, cuts: list[int], seed: int):
    matrix = normal(400, seed)
    matrix[::7, 3] = np.nan
    parts = np.split(matrix, sorted(cuts))
    whole = summed(reference, matrix)
    together = DaySums.empty(reference)
    for part in parts:
        together = together + summed(reference, part)
    assert (together.bins == whole.bins).all()
    assert (together.nulls == whole.nulls).all()
    assert together.nulls[3] == len(matrix[::7])
    assert (together.scores.rows == whole.scores.rows).all()


def test_histograms_are_those_of_the_service(reference: DriftReference):
    """The service's windows and the days' sums count alike, so that they may be held against each other."""
    matrix = normal(1_000, 4)
    matrix[:, 0] += 0.5
    sums = summed(reference, matrix)
    report = evaluate(reference, WindowCounts(1_000, sums.bins), DriftRules(), None)
    assert report.drifted == ("x0",)


def test_sums_are_read_as_they_were_written(reference: DriftReference):
    matrix = normal(500, 5)
    matrix[:, 2] = np.nan
    sums = summed(reference, matrix)
    found = DaySums.from_json(json.loads(json.dumps(sums.to_json())), reference)
    assert (found.bins == sums.bins).all()
    assert (found.scores.expected == sums.scores.expected).all()
    assert np.array_equal(found.quantiles, sums.quantiles, equal_nan=True)
    other = DriftReference.learn(normal(2_000, 9)[:, :5], Schema(SCHEMA.features[:5]))
    with pytest.raises(ValueError, match="20"):
        DaySums.from_json(sums.to_json(), other)


def test_false_alarms_of_a_day_are_as_rare_as_the_level_says(reference: DriftReference):
    """At a level of 0.2 a day of 20 features, without a least size: 100 clean days of new references."""
    rules = Rules(false_alarms_a_year=0.2 * 365, least_psi=-1.0)
    alarms = 0
    for seed in range(100):
        both = normal(6_000, 1_000 + seed)
        fresh = DriftReference.learn(both[:4_000], SCHEMA)
        alarms += any(
            each.status == "drifted" for each in features(fresh, summed(fresh, both[4_000:]), None, rules)
        )
    assert alarms <= 35  # 20 are expected at most; more than 35 have a probability of 2e-4


def test_the_index_is_about_zero_where_nothing_moved(reference: DriftReference):
    psi = [
        each.psi
        for seed in range(20)
        for each in features(reference, summed(reference, normal(2_000, 50 + seed)), None, RULES)
    ]
    assert float(np.mean(psi)) == pytest.approx(0.0, abs=1e-3)


def test_a_change_that_last_year_had_as_well_is_the_season(reference: DriftReference):
    warm, warmer = normal(4_000, 11), normal(4_000, 12)
    warm[:, 0] += 0.4
    warmer[:, 0] += 0.4
    warmer[:, 1] += 0.4
    found = features(reference, summed(reference, warmer), summed(reference, warm), RULES)
    assert [each.status for each in found[:3]] == ["season", "drifted", "stable"]


def test_a_redacted_feature_is_not_watched(reference: DriftReference):
    matrix = normal(1_000, 6)
    matrix[:, 5] = np.nan
    found = features(reference, summed(reference, matrix), None, RULES)
    assert [each.name for each in found if each.status != "stable"] == ["x5"]
    assert found[5].status == "not kept"


def test_faults_have_names(reference: DriftReference):
    matrix = normal(2_000, 7)
    matrix[:100, 0] = np.nan
    matrix[:, 1] = 0.0
    matrix[:, 2] *= 1_000.0
    matrix[:, 3] /= 50.0
    matrix[:, 4] += 0.7
    found = features(reference, summed(reference, matrix), None, RULES)
    kinds = [each.fault.kind if each.fault else each.status for each in found[:6]]
    assert kinds == ["missing", "constant", "unit", "unit", "drifted", "stable"]
    assert found[0].fault is not None
    assert "5.0%" in found[0].fault.words


@given(factor=st.sampled_from([0.001, 0.01, 0.2, 5.0, 12.0, 1_000.0]), seed=st.integers(0, 300))
def test_a_change_of_unit_is_told_with_its_factor(reference: DriftReference, factor: float, seed: int):
    sums = summed(reference, normal(RULES.window_rows, seed)[:, :20] * np.float32(factor))
    sketch = reference.sketches[0]
    found = fault(sketch, sums.bins[0, : len(sketch.counts)], 0, sums.quantiles[0], RULES)
    assert found is not None
    if found.kind == "unit":  # values a thousand times smaller lie in one bin: constant is right too
        assert "about" in found.words
    else:
        assert found.kind == "constant"
        assert factor < 0.1


def test_quantiles_of_training_come_from_its_bins(reference: DriftReference):
    expected = np.quantile(normal(24_000, 0)[:, 0], np.arange(1, 20) / 20)
    assert reference_quantiles(reference.sketches[0]) == pytest.approx(expected, abs=0.02)


def test_a_window_has_as_few_whole_days_as_have_rows_enough():
    days = {dt.date(2026, 3, day): day for day in (1, 2, 3, 5)}
    span, found = latest(days, dt.date(2026, 3, 5), 7, 8, int) or (None, None)
    assert span is not None
    assert (span.first, span.last, span.rows, found) == (dt.date(2026, 3, 3), dt.date(2026, 3, 5), 8, 8)
    assert latest(days, dt.date(2026, 4, 5), 7, 8, int) is None
