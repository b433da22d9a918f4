"""The figures of a card, each counted once more from the model's answers."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from ml.steps.bounds import Bound, broken, check
from ml.steps.card import dependence, drift, importance, outliers, threshold
from ml.steps.card.sections import origin, quality, service
from ml.steps.card.subject import Subject
from ml.steps.evaluate.evaluation import evaluate
from scoring.model.drift import DriftRules
from scoring.model.drift import evaluate as evaluate_drift
from tests.scoring.trained import Small

LABEL = {"positive": "won", "negative": "lost", "event": "a win"}


@pytest.fixture(scope="module")
def subject(model: Small) -> Subject:
    return Subject(model.trained.artifact, model.rows, model.test)


def test_fewer_outliers_than_stated_break_the_bound_too(subject: Subject) -> None:
    artifact = subject.artifact
    never = replace(artifact, thresholds=replace(artifact.thresholds, outlier=0.99))
    found = outliers.measure(Subject(never, subject.train, subject.test))
    assert found["share"] == 0.0
    assert found["share_deviation"] == pytest.approx(artifact.thresholds.outlier_share)
    (finding,) = check({"outliers": found}, [Bound("maximum_outlier_share_deviation", 0.01)])
    assert broken([finding.to_json()]) == [
        "maximum_outlier_share_deviation is 0.020, at most 0.010 is allowed"
    ]


@pytest.mark.parametrize("feature", ["pay_0", "education"])
def test_partial_dependence_is_a_mean_of_probabilities(subject: Subject, feature: str) -> None:
    found = dependence.measure(subject, [feature])[feature]
    column = subject.artifact.schema.names.index(feature)
    values = range(len(found["values"])) if found["type"] == "category" else found["values"]
    for value, probability in zip(values, found["probability"], strict=True):
        rows = subject.matrix.copy()  # fewer than are drawn: all of them
        rows[:, column] = value
        assert len(rows) < dependence.ROWS
        assert probability == pytest.approx(float(subject.composite.run(rows)[0].mean()), abs=1e-6)
    assert max(found["probability"]) - min(found["probability"]) > 1e-3


@pytest.mark.parametrize(("width", "changed"), [(1, [1]), (3, [2, 3]), (5, [2, 4, 5]), (23, [2, 4, 8])])
def test_no_more_values_are_replaced_than_a_row_has(width: int, changed: list[int]) -> None:
    assert outliers.changes(width) == changed


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.25, "0.25"),
        (float(np.float32(0.1)), "0.1"),
        (0.0, "0"),
        (-12.345, "-12.3"),
        (28.0, "28"),
        (310_000.5, "310,000"),
        (-1_234.5, "-1,234"),
        (0.00012345, "0.000123"),
    ],
)
def test_small_numbers_of_the_data_keep_their_digits(value: float, shown: str) -> None:
    assert origin.figure(value) == shown


def test_clean_windows_seldom_alarm_and_shifted_ones_mostly_do(subject: Subject) -> None:
    """Windows of the very rows that the reference was learned from."""
    found = drift.measure(Subject(subject.artifact, subject.train, subject.train))
    assert found["false_alarms"] < 0.01
    assert found["power"] > 0.9


def test_tests_that_are_left_out_change_no_answer(subject: Subject) -> None:
    """Windows of moved rows among clean ones, with rules from strict to none, against all tests."""
    random, reference = np.random.default_rng(3), subject.artifact.drift
    width = subject.matrix.shape[1]
    answers: set[bool] = set()
    for number in range(60):
        rows = subject.train_matrix[drift.drawn(random, len(subject.train_matrix), 400)]
        if number % 3:
            rows = drift.moved(subject, rows, number % width, random)
        window = drift.counted(reference, rows)
        rate, least = (float(random.choice(each)) for each in ([1e-6, 0.01, 0.5], [0.0, 0.02, 0.1]))
        rules = replace(DriftRules(), false_discovery_rate=rate, least_psi=least, least_rows=300 + number * 2)
        found = evaluate_drift(reference, window, rules, None).drifted
        names = subject.artifact.schema.names
        assert drift.alarmed(reference, window, rules) == bool(found)
        for column in range(width):
            answer = drift.alarmed(reference, window, rules, column)
            assert answer == (names[column] in found)
            answers.add(answer)
    assert answers == {True, False}


def test_a_window_is_a_fresh_sample_of_the_rows() -> None:
    """A row that stands in a window twice would count the chance of the test rows twice."""
    random = np.random.default_rng(0)
    windows = [drift.drawn(random, 1_500, 1_000) for _ in range(50)]
    assert all(len(np.unique(window)) == 1_000 for window in windows)
    assert len({window.tobytes() for window in windows}) == 50


def test_windows_of_a_small_test_set_alarm_no_more_often_than_those_of_all_rows(subject: Subject) -> None:
    """1,200 rows that differ from the reference by chance alone."""
    few = subject.train.sample(1_200, random_state=5)
    assert drift.measure(Subject(subject.artifact, subject.train, few))["false_alarms"] <= 0.02


def test_fewer_rows_than_a_window_say_nothing_of_drift(subject: Subject) -> None:
    found = drift.measure(subject)
    assert found["rows"] == len(subject.test) < found["window_rows"]
    assert (found["false_alarms"], found["power"], found["least_power"]) == (None, None, None)
    text = service.drift({"drift": found, "model": {"features": subject.artifact.schema.names}})
    assert "Not measured: a window holds 1,000 rows" in text
    assert text.count("\N{EN DASH}</td>") == 3


def test_without_the_first_feature_the_model_is_worse_by_both_measures(subject: Subject) -> None:
    losses = importance.permutation(subject)["pay_0"]
    assert losses["log_loss_gained"] > 0.01
    assert losses["auc_lost"] > 0.01


def test_the_cost_is_that_at_the_decision_threshold(subject: Subject) -> None:
    found = threshold.measure(subject)
    flagged = subject.probabilities >= subject.artifact.thresholds.decision
    (_, alarms), (misses, _) = confusion_matrix(subject.labels, flagged)
    assert found["cost"] == pytest.approx((5 * misses + alarms) / len(subject.labels))
    assert evaluate(subject.artifact, subject.test).metrics["cost"] == pytest.approx(found["cost"], abs=1e-8)


def test_the_page_shows_the_confusion_as_it_is_counted(subject: Subject) -> None:
    calibration: dict[str, Any] = {"method": "-", "error": 0.0, "error_deviation": 0.0}
    pictures = {"calibration": (), "threshold": ()}
    text = quality.threshold(
        {"threshold": threshold.measure(subject), "calibration": calibration, "label": LABEL}, pictures
    )
    (content,) = re.findall(r"<h3>Test rows at the threshold</h3>.*?</table>", text)
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)<", row) for row in content.split("<tr")[1:]]
    flagged = subject.probabilities >= subject.artifact.thresholds.decision
    (tn, fp), (fn, tp) = confusion_matrix(subject.labels, flagged).tolist()
    assert len({tn, fp, fn, tp}) == 4
    assert rows == [
        ["", "flagged", "not flagged", "all"],
        ["won", f"{tp:,}", f"{fn:,}", f"{tp + fn:,}"],
        ["lost", f"{fp:,}", f"{tn:,}", f"{fp + tn:,}"],
    ]
    assert np.isclose(threshold.measure(subject)["recall"], tp / (tp + fn))
    assert np.isclose(threshold.measure(subject)["precision"], tp / (tp + fp))
