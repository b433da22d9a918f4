"""Quality over histograms is what scikit-learn says row by row; intervals hold what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from ml.quality.metrics import Costs, all_of, label_noise, ranking
from ml.quality.sums import LabelledSums, ScoreSums
from ml.steps.evaluate.metrics import cost

COSTS = Costs(5.0, 1.0)


def drawn(rows: int, seed: int, steep: float = 1.2):
    """Calibrated probabilities and labels that are drawn from them."""
    random = np.random.default_rng(seed)
    probability = 1 / (1 + np.exp(1.4 - steep * random.standard_normal(rows)))
    return probability, (random.random(rows) < probability).astype(int)


def test_measured_metrics_are_those_of_scikit_learn():
    probability, label = drawn(20_000, 1)
    predicted = probability >= 0.3
    found = all_of(LabelledSums.of(probability, predicted, label).measured(), COSTS)
    expected = {
        "roc_auc": sk.roc_auc_score(label, probability),
        "average_precision": sk.average_precision_score(label, probability),
        "brier": sk.brier_score_loss(label, probability),
        "log_loss": sk.log_loss(label, probability),
        "cost": cost(label, probability, 0.3, 5.0, 1.0),
    }
    # Rows of one bin are ties; that takes most from average precision.
    assert {name: each.value for name, each in found.items()} == pytest.approx(expected, abs=1e-3)
    assert found["roc_auc"].value == pytest.approx(expected["roc_auc"], abs=3e-5)
    assert found["cost"].value == pytest.approx(expected["cost"], abs=1e-12)
    for each in found.values():
        assert each.low < each.value < each.high


@given(seed=st.integers(0, 10_000), parts=st.integers(2, 5))
def test_sums_of_parts_are_the_sum_of_all(seed: int, parts: int):
    probability, label = drawn(300, seed)
    predicted = probability >= 0.3
    whole = LabelledSums.of(probability, predicted, label)
    places = np.random.default_rng(seed).integers(0, parts, 300)
    together = LabelledSums.empty()
    for part in range(parts):
        mine = places == part
        together = together + LabelledSums.of(probability[mine], predicted[mine], label[mine])
    assert (together.scores.rows == whole.scores.rows).all()
    assert (together.positives == whole.positives).all()
    assert together.scores.expected == pytest.approx(whole.scores.expected, abs=1e-12)


def test_intervals_hold_the_true_value_as_often_as_they_say():
    """Of measured and of estimated quality alike; labels are drawn from the very probabilities."""
    probability, label = drawn(1_000_000, 2)
    true = {
        "roc_auc": sk.roc_auc_score(label, probability),
        "average_precision": sk.average_precision_score(label, probability),
        "brier": sk.brier_score_loss(label, probability),
        "log_loss": sk.log_loss(label, probability),
    }
    within = {(kind, name): 0 for kind in ("measured", "estimated") for name in true}
    for seed in range(200):
        few, labels = drawn(2_000, 100 + seed)
        sums = LabelledSums.of(few, few >= 0.3, labels)
        for kind, outcomes in (("measured", sums.measured()), ("estimated", sums.scores.estimated())):
            found = all_of(outcomes, COSTS)
            for name, value in true.items():
                within[kind, name] += found[name].low <= value <= found[name].high
    for (kind, name), held in within.items():
        assert held >= 180, (kind, name)  # of 200 at 95%: fewer than 180 has a probability of 1e-3
        assert kind == "estimated" or held < 200, (kind, name)


def test_label_noise_is_what_labels_make_of_the_same_scores():
    probability, _ = drawn(3_000, 3)
    random = np.random.default_rng(4)
    drawn_labels = [random.random(3_000) < probability for _ in range(300)]
    measured = [sk.roc_auc_score(labels, probability) for labels in drawn_labels]
    expected = ScoreSums.of(probability, probability >= 0.3).estimated()
    assert label_noise(expected) == pytest.approx(np.std(measured), rel=0.15)
    estimate = ranking(expected)
    assert estimate is not None
    assert estimate.value == pytest.approx(np.mean(measured), abs=0.002)


def test_quality_is_not_told_where_one_label_has_no_rows():
    probability = np.full(100, 0.2)
    sums = LabelledSums.of(probability, np.zeros(100), np.zeros(100))
    found = all_of(sums.measured(), COSTS)
    assert set(found) == {"brier", "log_loss", "cost"}


@pytest.mark.parametrize("value", [0.0, 1.0, 1e-300, 1 - 1e-16])
def test_probabilities_at_the_ends_are_counted(value: float):
    sums = ScoreSums.of(np.array([value, 0.5]), np.array([0, 1]))
    assert sums.total == 2
    assert sums.estimated().positives == pytest.approx(value + 0.5)
