"""The thresholds of decision and outlier flag: no other one would be better on the same rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.steps.evaluate.metrics import cost
from ml.steps.train.thresholds import cheapest, outlier_threshold

share = st.integers(1, 999).map(lambda thousandths: thousandths / 1_000)
scores = st.lists(share, min_size=1, max_size=200)


@given(scores, st.floats(0.001, 0.5))
def test_outlier_threshold_is_the_least_that_keeps_the_share(values: list[float], share: float) -> None:
    array = np.array(values, dtype=np.float32)
    threshold = outlier_threshold(array, share)
    assert (array > threshold).mean() <= share + 1e-9
    below = array[array < threshold]
    if below.size:
        assert (array > below.max()).mean() > share - 1e-9


@given(
    st.lists(st.tuples(share, st.booleans()), min_size=1, max_size=60),
    st.floats(0.1, 10),
)
@settings(max_examples=60)
def test_no_threshold_is_cheaper(rows: list[tuple[float, bool]], false_negative_cost: float) -> None:
    probability = np.array([row[0] for row in rows], dtype=np.float32)
    labels = np.array([row[1] for row in rows], dtype=np.int64)
    found = cheapest(labels, probability, false_negative_cost, 1.0)
    candidates = [*probability.tolist(), 0.0, 1.0]  # among them to flag all, and to flag nobody
    least = min(cost(labels, probability, each, false_negative_cost, 1.0) for each in candidates)
    assert cost(labels, probability, found, false_negative_cost, 1.0) == pytest.approx(least)
    assert 0 < found < 1 and found == float(np.float32(found))


def test_nobody_is_flagged_where_that_is_cheaper() -> None:
    labels, probability = np.array([0, 1]), np.array([0.9, 0.1], dtype=np.float32)
    found = cheapest(labels, probability, 0.1, 1.0)
    assert found == float(np.nextafter(np.float32(0.9), np.float32(1)))
    assert cost(labels, probability, found, 0.1, 1.0) == pytest.approx(0.05)


def test_where_nobody_costs_as_much_the_threshold_stays_on_a_row() -> None:
    labels, probability = np.array([0, 1]), np.array([0.2, 0.9], dtype=np.float32)
    assert cheapest(np.array([1, 0]), probability, 1.0, 1.0) == pytest.approx(0.2)
    assert cheapest(labels, probability, 1.0, 1.0) == pytest.approx(0.9)


@pytest.mark.parametrize("highest", [1.0, 1 - 2**-24, 1 - 2**-23])
def test_a_threshold_is_below_one_also_beside_probabilities_of_one(highest: float) -> None:
    probability = np.array([highest, 0.1], dtype=np.float32)
    found = cheapest(np.array([0, 1]), probability, 0.1, 1.0)
    assert 0 < np.float32(found) < 1
    assert cost(np.array([0, 1]), probability, found, 0.1, 1.0) <= (0.55 if highest > 1 - 2**-23 else 0.05)


@given(
    st.lists(st.tuples(st.integers(-40, 40), st.booleans()), min_size=1, max_size=200),
    st.floats(0.1, 3),
    st.floats(-2, 2),
    st.sampled_from([1.0, 5.0]),
)
def test_scaling_on_the_same_rows_moves_no_row_over_the_threshold(
    rows: list[tuple[int, bool]], slope: float, shift: float, false_negative_cost: float
) -> None:
    """Why Platt scaling and the decision threshold may share rows: the margin alone says who is flagged."""
    margin = np.array([row[0] / 20 for row in rows])
    labels = np.array([row[1] for row in rows], dtype=np.int64)
    plain, scaled = (1 / (1 + np.exp(-each)) for each in (margin, slope * margin + shift))
    flagged = [
        each >= cheapest(labels, each.astype(np.float64), false_negative_cost, 1.0)
        for each in (plain, scaled)
    ]
    assert (flagged[0] == flagged[1]).all()
