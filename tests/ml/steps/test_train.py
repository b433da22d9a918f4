import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from ml.steps.contract import SCHEMA
from ml.steps.errors import StepError
from ml.steps.evaluate.metrics import ranking
from ml.steps.matrix import matrix_of
from ml.steps.train import additive, candidates, explanation, graph, parity, training
from ml.steps.train.calibration import calibrated
from ml.steps.train.candidates import (
    CANDIDATES,
    Candidate,
    Contest,
    Parameters,
    compete,
    fitted,
    outlier_detector,
    probabilities,
)
from ml.steps.train.trees import average_path_length, boosted_trees, isolation_trees
from ml.steps.train.tuning import STARTUP_TRIALS, Dimension, Values, first, search
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.model.explain import Explainer, Explanation
from tests.scoring.trained import SETTINGS, Small


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_every_candidate_equals_scikit_learn(candidate: Candidate, model: Small) -> None:
    matrix, labels = matrix_of(model.rows, SCHEMA), model.rows["default"].to_numpy()
    detector = outlier_detector(Parameters(1), matrix)
    classifier = calibrated(
        fitted(candidate, candidate.start, 1, SCHEMA, (matrix[:1500], labels[:1500])),
        matrix[1500:],
        labels[1500:],
    )
    margin = additive.read(candidate.name, classifier)
    composite = Composite(graph.composite(margin, detector), SCHEMA.width)
    explainer = Explainer(explanation.explanation(margin, matrix[:200]))
    splits = [*margin.trees, *isolation_trees(detector)]
    rows = np.concatenate(
        [model.test_matrix, parity.adversarial_rows(SCHEMA, model.test_matrix, splits, seed=3)]
    )
    assert np.isnan(rows).any()
    differences = parity.all_differences(composite, classifier, detector, explainer, {"": rows})[""]
    assert set(differences) == set(parity.OUTPUTS)
    assert max(differences.values()) <= parity.TOLERANCE
    parity.hold(differences, "rows")


def test_a_wrong_explanation_is_refused(model: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    right = explanation.explanation

    def wrong(margin: additive.Additive, background: np.ndarray) -> Explanation:
        found = right(margin, background)
        return replace(found, value=found.value * 1.01)

    monkeypatch.setattr(explanation, "explanation", wrong)
    with pytest.raises(StepError, match=r"export refused: explanation differs by"):
        training.train(model.rows, model.test, SETTINGS)


def test_calibration_and_thresholds_rest_on_rows_of_their_own(model: Small) -> None:
    """Other labels on the calibration rows move the margin's line and the threshold, and nothing else."""
    part = training.parts(model.rows["id"].tolist())
    shares = {name: float((part == name).mean()) for name in training.PARTS}
    assert shares == pytest.approx({"fit": 0.65, "selection": 0.15, "calibration": 0.2}, abs=0.04)
    labels = model.rows["default"].where(part != "calibration", 1 - model.rows["default"])
    other = training.train(model.rows.assign(default=labels), model.test, SETTINGS)
    assert other.contest.metrics == model.trained.contest.metrics
    before, after = (
        Composite(trained.artifact.composite, SCHEMA.width).run(model.test_matrix)
        for trained in (model.trained, other)
    )
    assert (before[1] == after[1]).all()
    margins = [np.log(each / (1 - each)) for each in (before[0], after[0])]
    assert np.corrcoef(*margins)[0, 1] == pytest.approx(-1.0, abs=1e-4)


@pytest.mark.parametrize("part", training.PARTS)
def test_a_part_without_both_labels_is_named(part: str, model: Small) -> None:
    here = training.parts(model.rows["id"].tolist()) == part
    rows = model.rows.assign(default=model.rows["default"].where(~here, 0))
    with pytest.raises(StepError, match=f"the {part} rows, {here.sum()}, do not hold both labels"):
        training.train(rows, model.test, SETTINGS)


def test_platt_scaling_mends_probabilities_that_exaggerate(model: Small) -> None:
    matrix, labels = matrix_of(model.rows, SCHEMA), model.rows["default"].to_numpy()
    eager = {**CANDIDATES[0].start, "max_iter": 400, "min_samples_leaf": 5, "l2_regularization": 0.0}
    classifier = fitted(CANDIDATES[0], eager, 1, SCHEMA, (matrix[:1500], labels[:1500]))
    mended = calibrated(classifier, matrix[1500:], labels[1500:])
    known, test = model.test["default"].to_numpy(), model.test_matrix
    before, after = (ranking(known, probabilities(each, test)) for each in (classifier, mended))
    assert after["log_loss"] < before["log_loss"] - 0.05
    assert after["roc_auc"] == pytest.approx(before["roc_auc"])


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


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"outlier_share": 0.0}, "outlier_share is 0.0: expected a share above 0 and below 1"),
        ({"outlier_share": 1.0}, "outlier_share is 1.0"),
        ({"outlier_share": float("nan")}, "outlier_share is nan"),
        ({"false_negative_cost": 0.0}, "false_negative_cost is 0.0: expected a finite number above 0"),
        ({"false_positive_cost": float("inf")}, "false_positive_cost is inf"),
        ({"false_positive_cost": float("nan")}, "false_positive_cost is nan"),
        ({"parameters": Parameters(7, trials=0)}, "trials is 0: expected 1 or more"),
        ({"parameters": Parameters(-1)}, "seed is -1: expected a whole number from 0 to 4294967295"),
        ({"parameters": Parameters(2**32)}, "seed is 4294967296"),
        (
            {"parameters": Parameters(7, 1, {"learning_rate": float("nan")})},
            "learning_rate is nan: expected a number from 0.001 to 1",
        ),
        (
            {"parameters": Parameters(7, 1, {"max_iter": 0})},
            "max_iter is 0: expected a whole number from 1 to",
        ),
        ({"parameters": Parameters(7, 1, {"depth": 3})}, "'depth' is no value of hist_gradient_boosting"),
    ],
)
def test_settings_of_which_no_model_can_come_are_named(
    model: Small, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(StepError, match=re.escape(says)):
        training.train(model.rows, model.test, replace(SETTINGS, **change))


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
    other = replace(SETTINGS, parameters=replace(SETTINGS.parameters, seed=8))
    assert training.train(model.rows, model.test, other).artifact.digest != artifact.digest


def test_artifact_tells_how_it_came_about(model: Small, artifact: Artifact) -> None:
    contest = model.trained.contest
    assert artifact.estimator == contest.selected
    for name in ("hist_gradient_boosting", "random_forest", "logistic_regression"):
        assert 0.6 < artifact.metrics[f"selection.{name}.roc_auc"] < 0.9
    assert artifact.metrics["export.difference.probability"] <= 1e-5
    assert {"train_sha256", "test_sha256", "seed", "scikit-learn"} <= set(artifact.lineage)
    assert artifact.drift.rows == len(model.rows)


class Constant:
    def __init__(self, share: float) -> None:
        self.share = share

    def fit(self, matrix: np.ndarray, labels: np.ndarray) -> "Constant":
        return self

    def predict_proba(self, matrix: np.ndarray) -> np.ndarray:
        return np.repeat([[1 - self.share, self.share]], len(matrix), axis=0)


def test_the_least_log_loss_is_selected_after_tuning(model: Small) -> None:
    """A candidate may find what its start was not; trials are shared out."""
    space = (Dimension("share", 0.01, 0.99),)

    def build(values: Values, seed: int, schema: object) -> Constant:
        return Constant(values["share"])

    both = (
        Candidate("tuned", build, {"share": 0.98}, space, share=1.0),
        Candidate("bad", build, {"share": 0.9}, (), share=0.1),
    )
    rows = model.test_matrix, model.test["default"].to_numpy()
    contest = compete(Parameters(1, trials=20), SCHEMA, rows, rows, both)
    assert contest.selected == "tuned"
    assert contest.trials == {"tuned": 20, "bad": 2}
    assert contest.values["tuned"]["share"] == pytest.approx(rows[1].mean(), abs=0.05)
    assert contest.metrics["tuned"]["log_loss"] < contest.metrics["bad"]["log_loss"]


def quadratic(values: Values) -> float:
    return (values["x"] - 0.7) ** 2 + (values["n"] - 3) ** 2


SPACE = (Dimension("x", 0.001, 1.0, log=True), Dimension("n", 1, 9, integer=True))


def test_the_search_begins_at_its_start_and_is_repeated_by_its_seed() -> None:
    seen: list[Values] = []

    def loss(values: Values) -> float:
        seen.append(dict(values))
        return quadratic(values)

    start = {"x": 0.5, "n": 9, "fixed": 4.0}
    best = search(loss, start, SPACE, 15, seed=3)
    assert seen[0] == start
    assert len(seen) == 15
    assert all(0.001 <= each["x"] <= 1 and 1 <= each["n"] <= 9 and each["fixed"] == 4.0 for each in seen)
    assert all(isinstance(each["n"], int) for each in seen)
    assert quadratic(best) == min(map(quadratic, seen))
    again = list(seen)
    seen.clear()
    assert search(loss, start, SPACE, 15, seed=3) == best
    assert seen == again
    assert search(loss, start, SPACE, 15, seed=4) != best


@pytest.mark.parametrize("start", [{"x": 0.5, "n": 2}, {"x": 5.0, "n": 20}], ids=["within", "outside"])
@pytest.mark.parametrize("trials", [1, 2, 4, 5, 6, 7, 15])
def test_what_is_tried_first_is_known_before_any_loss(start: Values, trials: int) -> None:
    """So that all of it can be fitted at once."""
    seen: list[Values] = []
    search(lambda values: seen.append(dict(values)) or quadratic(values), start, SPACE, trials, seed=3)
    ahead = first(start, SPACE, trials, seed=3)
    assert ahead == seen[: len(ahead)]
    assert len(ahead) >= min(trials, STARTUP_TRIALS)


def test_how_many_models_are_fitted_at_once_changes_nothing(
    model: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = model.test_matrix, model.test["default"].to_numpy()
    found: list[Contest] = []
    for count in (1, 3):
        monkeypatch.setattr(candidates, "cores", lambda count=count: count)
        found.append(compete(Parameters(5, trials=8), SCHEMA, rows, rows))
    one, three = found
    assert one.history == three.history
    assert (one.values, one.metrics, one.selected) == (three.values, three.metrics, three.selected)
    assert [len(each) for each in one.history.values()] == list(one.trials.values())


def test_a_fit_that_fails_fails_the_contest(model: Small) -> None:
    def build(values: Values, seed: int, schema: object) -> Constant:
        raise FloatingPointError("no such model")

    rows = model.test_matrix, model.test["default"].to_numpy()
    broken = (Candidate("broken", build, {"share": 0.9}, (), share=1.0),)
    with pytest.raises(FloatingPointError, match="no such model"):
        compete(Parameters(1, trials=2), SCHEMA, rows, rows, broken)


def test_one_trial_is_the_start_itself_even_outside_the_space() -> None:
    start = {"x": 5.0, "n": 20}
    assert search(quadratic, start, SPACE, 1, seed=0) == start
    assert quadratic(search(quadratic, start, SPACE, 12, seed=0)) < quadratic(start)


def test_rows_outside_the_schema_are_named(model: Small) -> None:
    broken: pd.DataFrame = model.test.assign(age=5)
    with pytest.raises(StepError, match=r"columns/age/0: expected an integer from 18 to 120"):
        matrix_of(broken, SCHEMA)
    with pytest.raises(StepError, match="no column pay_0"):
        matrix_of(model.test.drop(columns="pay_0"), SCHEMA)
