"""Which rows and values the parts of a model come from, and that a training's result is kept."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.steps.contract import SCHEMA
from ml.steps.errors import StepError
from ml.steps.files import TEST, TRAIN, write_table
from ml.steps.matrix import matrix_of
from ml.steps.train import main as train_main
from ml.steps.train import parity, training
from ml.steps.train.candidates import Parameters, outlier_detector
from ml.steps.train.space import BOOSTING, START
from ml.steps.train.thresholds import cheapest, outlier_threshold
from ml.steps.train.trees import LEAF, isolation_trees
from scoring.model import artifact as artifacts
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.model.schema import CategoryFeature, Matrix
from tests.scoring.trained import SETTINGS, Small


@pytest.fixture(scope="module")
def held(model: Small) -> np.ndarray:
    """Which of the rows are calibration rows."""
    return training.parts(model.rows["id"].tolist()) == "calibration"


def test_the_detector_has_not_seen_the_calibration_rows(
    model: Small, artifact: Artifact, held: np.ndarray
) -> None:
    matrix = matrix_of(model.rows, SCHEMA)
    scores = Composite(artifact.composite, SCHEMA.width).run(model.test_matrix)[1]
    right, whole = (
        -outlier_detector(SETTINGS.parameters, rows).score_samples(model.test_matrix)
        for rows in (matrix[~held], matrix)
    )
    assert np.abs(scores - right).max() <= parity.TOLERANCE
    assert np.abs(scores - whole).max() > 100 * parity.TOLERANCE


def test_the_thresholds_are_those_of_the_calibration_rows(
    model: Small, artifact: Artifact, held: np.ndarray
) -> None:
    matrix, labels = matrix_of(model.rows, SCHEMA), model.rows["default"].to_numpy()
    composite, found = Composite(artifact.composite, SCHEMA.width), artifact.thresholds
    learned: list[tuple[float, float]] = []
    for rows in (held, ~held):
        probability, outlier_score = composite.run(matrix[rows])
        decision = cheapest(labels[rows], probability, found.false_negative_cost, found.false_positive_cost)
        learned.append((decision, outlier_threshold(outlier_score, found.outlier_share)))
    assert (found.decision, found.outlier) == learned[0]
    assert learned[0][0] != learned[1][0] and learned[0][1] != learned[1][1]


def test_the_winner_is_fitted_anew_with_the_values_that_were_found(
    model: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[Any] = []

    def spied(
        classifier: Any, matrix: Matrix, labels: Any, right: Callable[..., Any] = training.calibrated
    ) -> Any:
        fitted.append(classifier)
        return right(classifier, matrix, labels)

    def boosting_wins(*given: Any, right: Callable[..., Any] = training.compete) -> Any:
        return replace(right(*given), selected=BOOSTING)

    monkeypatch.setattr(training, "calibrated", spied)
    monkeypatch.setattr(training, "compete", boosting_wins)
    settings = replace(SETTINGS, parameters=Parameters(7, trials=4))
    found = training.train(model.rows, model.test, settings).contest.values[BOOSTING]
    assert found != START  # the search found something
    used = fitted[0].get_params()
    assert {name: used[name] for name in found} == dict(found)


class Broken(Composite):
    """Wrong in one output of the last of so many rows."""

    rows, output = 0, 0

    def run(self, matrix: Matrix) -> Any:
        answers = [each.copy() for each in super().run(matrix)]
        if len(matrix) == self.rows:
            answers[self.output][-1] += 1e-3
        return tuple(answers)


@pytest.mark.parametrize(("output", "name"), [(0, "probability"), (1, "outlier_score")])
def test_one_wrong_test_row_is_enough_to_refuse_the_export(
    model: Small, monkeypatch: pytest.MonkeyPatch, output: int, name: str
) -> None:
    monkeypatch.setattr(Broken, "rows", len(model.test))
    monkeypatch.setattr(Broken, "output", output)
    monkeypatch.setattr(training, "Composite", Broken)
    with pytest.raises(StepError, match=rf"export refused: {name} differs by 1\.0\de-03 .* on test rows"):
        training.train(model.rows, model.test, SETTINGS)


def test_the_gate_sees_each_kind_of_row_that_data_never_shows(model: Small) -> None:
    trees = list(isolation_trees(outlier_detector(Parameters(1), model.test_matrix)))
    rows = parity.adversarial_rows(SCHEMA, model.test_matrix, trees, seed=3)
    missing = np.isnan(rows).sum(axis=1)
    assert (missing == SCHEMA.width).any(), "nothing known"
    assert ((missing > 0) & (missing < SCHEMA.width)).sum() > 100, "something missing"
    assert np.isnan(rows[missing < SCHEMA.width]).any(axis=0).all(), "each column missing by itself"
    low, high = parity.limits(SCHEMA)
    for corner in (low, high):
        assert (rows == corner).all(axis=1).any(), "all values at a limit"
    first = model.test_matrix[0]
    for column, feature in enumerate(SCHEMA.features):
        others = np.delete(rows, column, axis=1) == np.delete(first, column)
        alone = rows[others.all(axis=1), column]
        assert {low[column], high[column]} <= set(alone.tolist()), f"{feature.name} alone at its limits"
        if isinstance(feature, CategoryFeature):
            unseen = {-1.0, float(len(feature.categories))}
            assert unseen <= set(rows[:, column].tolist()), f"{feature.name} of no known category"
    on, above = 0, 0
    for tree in trees:
        inner = tree.feature != LEAF
        for column, threshold in zip(tree.feature[inner], tree.threshold[inner], strict=True):
            value = np.float32(threshold)
            on += int((rows[:, column] == value).any())
            above += int((rows[:, column] == np.nextafter(value, np.float32(np.inf))).any())
    assert on > 500 and above > 500, "on splits and just above"
    assert len(rows) > 3_000


def test_a_training_whose_metrics_cannot_be_logged_leaves_its_model(
    model: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(train_main, "train", lambda rows, test, settings, start: model.trained)
    write_table(model.rows, tmp_path / TRAIN)
    write_table(model.test, tmp_path / TEST)
    with pytest.raises(StepError, match="tracking is required"):
        train_main.run(tmp_path, SETTINGS, tmp_path / "model", "required")
    assert artifacts.load(tmp_path / "model").digest == model.trained.artifact.digest
