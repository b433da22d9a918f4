from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from ml.steps.contract import SCHEMA
from ml.steps.errors import StepError
from ml.steps.evaluate.metrics import cost
from ml.steps.matrix import matrix_of
from ml.steps.train import graph, parity, training
from ml.steps.train.candidates import CANDIDATES, Candidate, Parameters, compete, outlier_detector
from ml.steps.train.thresholds import cheapest, outlier_threshold
from ml.steps.train.trees import average_path_length, boosted_trees, forest_trees, isolation_trees
from scoring.artifact import Artifact
from scoring.composite import Composite
from tests.scoring.trained import SETTINGS, Small

share = st.integers(1, 999).map(lambda thousandths: thousandths / 1_000)
scores = st.lists(share, min_size=1, max_size=200)


def test_every_exportable_candidate_equals_scikit_learn(model: Small) -> None:
    matrix, labels = matrix_of(model.rows, SCHEMA), model.rows["default"].to_numpy()
    detector = outlier_detector(Parameters(1), matrix)
    trees = {"hist_gradient_boosting": boosted_trees, "random_forest": forest_trees}
    for candidate in CANDIDATES:
        if not candidate.exportable:
            assert candidate.name not in graph.EXPORTS
            continue
        classifier = candidate.build(Parameters(1, learning_rate=0.2), SCHEMA).fit(matrix, labels)
        composite = Composite(
            graph.composite(candidate.name, classifier, detector, SCHEMA.width), SCHEMA.width
        )
        splits = [*trees[candidate.name](classifier), *isolation_trees(detector)]
        rows = np.concatenate(
            [model.test_matrix, parity.adversarial_rows(SCHEMA, model.test_matrix, splits, seed=3)]
        )
        assert np.isnan(rows).any()
        differences = parity.largest_differences(composite, classifier, detector, rows)
        assert max(differences.values()) <= parity.TOLERANCE
        parity.hold(differences, "rows")


def test_a_wrong_export_is_refused(model: Small, monkeypatch) -> None:
    monkeypatch.setattr(
        graph,
        "rounded_down",
        lambda thresholds: np.nextafter(thresholds.astype(np.float32), np.float32(np.inf)),
    )
    with pytest.raises(StepError, match=r"export refused: .* differs by"):
        training.train(model.rows, model.test, SETTINGS)


@pytest.mark.parametrize("difference", [2e-5, float("nan"), float("inf")])
def test_the_gate(difference: float) -> None:
    parity.hold({"probability": 1e-5}, "test rows")
    with pytest.raises(StepError, match="probability differs"):
        parity.hold({"probability": difference}, "test rows")


def test_native_categories_have_no_export() -> None:
    random = np.random.default_rng(0)
    matrix = random.integers(0, 8, size=(500, 2)).astype(np.float32)
    labels = np.isin(matrix[:, 0], (1, 4, 6)).astype(int)
    classifier = HistGradientBoostingClassifier(categorical_features=[0], max_iter=5).fit(matrix, labels)
    with pytest.raises(ValueError, match="native categories"):
        list(boosted_trees(classifier))


def test_thresholds_are_rounded_so_that_float32_values_decide_alike() -> None:
    thresholds = np.array([0.1, 1 / 3, 1e7 + 0.5, -0.7, 5.0, 1e-40])
    rounded = graph.rounded_down(thresholds)
    above = np.nextafter(rounded, np.float32(np.inf))
    assert (rounded.astype(np.float64) <= thresholds).all()
    assert (above.astype(np.float64) > thresholds).all()


def test_path_lengths_are_those_of_scikit_learn() -> None:
    from sklearn.ensemble._iforest import _average_path_length

    counts = np.array([0, 1, 2, 3, 10, 256, 10_000])
    assert average_path_length(counts) == pytest.approx(_average_path_length(counts), rel=1e-12)


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
    least = min(cost(labels, probability, float(value), false_negative_cost, 1.0) for value in probability)
    assert cost(labels, probability, found, false_negative_cost, 1.0) == pytest.approx(least)


def test_the_outlier_flag_fires(model: Small, artifact: Artifact) -> None:
    random = np.random.default_rng(5)
    low, high = parity.limits(SCHEMA)
    strange = random.uniform(low, high, size=(300, SCHEMA.width)).astype(np.float32)
    composite, threshold = Composite(artifact.composite, SCHEMA.width), artifact.thresholds.outlier
    clean, injected = composite.run(model.test_matrix)[1], composite.run(strange)[1]
    assert 0 < (clean > threshold).mean() < 3 * artifact.thresholds.outlier_share
    assert (injected > threshold).mean() > 0.95
    labels = np.repeat([0, 1], [clean.size, injected.size])
    assert roc_auc_score(labels, np.concatenate([clean, injected])) > 0.98


def test_the_same_rows_and_seed_give_the_same_artifact(model: Small, artifact: Artifact) -> None:
    shuffled = model.rows.sample(frac=1, random_state=1).sort_values("id")
    assert training.train(shuffled, model.test, SETTINGS).artifact.digest == artifact.digest
    other = replace(SETTINGS, parameters=Parameters(8, 0.1))
    assert training.train(model.rows, model.test, other).artifact.digest != artifact.digest


def test_artifact_tells_how_it_came_about(model: Small, artifact: Artifact) -> None:
    contest = model.trained.contest
    assert artifact.estimator == contest.selected
    for name in ("hist_gradient_boosting", "random_forest", "logistic_regression"):
        assert 0.6 < artifact.metrics[f"validation.{name}.roc_auc"] < 0.9
    assert artifact.metrics["export.difference.probability"] <= 1e-5
    assert {"train_sha256", "test_sha256", "seed", "scikit-learn"} <= set(artifact.lineage)
    assert artifact.drift.rows == len(model.rows)


class Perfect:
    """A baseline that cannot lose."""

    def fit(self, matrix: np.ndarray, labels: np.ndarray) -> "Perfect":
        return self

    def predict_proba(self, matrix: np.ndarray) -> np.ndarray:
        return np.repeat([[1 - self.share, self.share]], len(matrix), axis=0)

    share = 0.22


def test_a_winner_without_an_export_is_named_but_not_selected(model: Small) -> None:
    class Hopeless(Perfect):
        share = 0.999

    candidates = (
        Candidate("hist_gradient_boosting", lambda parameters, schema: Hopeless(), exportable=True),
        Candidate("baseline", lambda parameters, schema: Perfect(), exportable=False),
    )
    rows = model.test_matrix, model.test["default"].to_numpy()
    contest = compete(Parameters(1), SCHEMA, rows, rows, candidates)
    assert (contest.best, contest.selected) == ("baseline", "hist_gradient_boosting")


def test_rows_outside_the_schema_are_named(model: Small) -> None:
    broken: pd.DataFrame = model.test.assign(age=5)
    with pytest.raises(StepError, match=r"columns/age/0: expected an integer from 18 to 120"):
        matrix_of(broken, SCHEMA)
    with pytest.raises(StepError, match="no column pay_0"):
        matrix_of(model.test.drop(columns="pay_0"), SCHEMA)
