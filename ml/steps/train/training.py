"""From validated rows to the model artifact."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from ml.steps.contract import ID, LABEL, SCHEMA
from ml.steps.evaluate.metrics import Labels
from ml.steps.files import Table, content_sha256
from ml.steps.matrix import matrix_of
from ml.steps.prepare.split import held_out
from ml.steps.train import graph, parity, samples, thresholds
from ml.steps.train.candidates import (
    SELECTION_METRIC,
    Contest,
    Parameters,
    compete,
    outlier_detector,
)
from ml.steps.train.trees import boosted_trees, forest_trees, isolation_trees
from scoring.artifact import Artifact
from scoring.composite import Composite
from scoring.schema import Matrix
from scoring.sketch import DriftReference

VALIDATION_FRACTION = 0.2
TREES = {"hist_gradient_boosting": boosted_trees, "random_forest": forest_trees}


@dataclass(frozen=True, slots=True)
class Settings:
    parameters: Parameters
    outlier_share: float = 0.01
    false_negative_cost: float = 5.0
    false_positive_cost: float = 1.0


@dataclass(frozen=True, slots=True)
class Trained:
    artifact: Artifact
    contest: Contest
    differences: dict[str, dict[str, float]]  # of the export from scikit-learn, by where and output


def train(rows: Table, test: Table, settings: Settings) -> Trained:
    """Fit, choose, export, and hold the export to the trained models.

    Candidates and detector are fitted on one part of the rows; what is chosen or learned about them (the
    winner, the thresholds) comes from the other part. The drift reference covers all rows. Raises StepError
    when the export does not answer as the trained models do.
    """
    parameters = settings.parameters
    validation = held_out(rows[ID].tolist(), VALIDATION_FRACTION, salt="validation")
    matrix, labels = _numbers(rows)
    test_matrix, _ = _numbers(test)
    fit, rest = (matrix[~validation], labels[~validation]), (matrix[validation], labels[validation])
    contest = compete(parameters, SCHEMA, fit, rest)
    classifier = contest.fitted[contest.selected]
    detector = outlier_detector(parameters, fit[0])

    exported = graph.composite(contest.selected, classifier, detector, SCHEMA.width)
    composite = Composite(exported, SCHEMA.width)
    trees = [*TREES[contest.selected](classifier), *isolation_trees(detector)]
    differences: dict[str, dict[str, float]] = {}
    adversarial = parity.adversarial_rows(SCHEMA, test_matrix, trees, parameters.seed)
    for where, held in (("test rows", test_matrix), ("extreme, missing and unseen values", adversarial)):
        differences[where] = parity.largest_differences(composite, classifier, detector, held)
        parity.hold(differences[where], where)

    learned = thresholds.learn(
        rest[1],
        *composite.run(rest[0]),
        settings.outlier_share,
        settings.false_negative_cost,
        settings.false_positive_cost,
    )
    artifact = Artifact(
        estimator=contest.selected,
        schema=SCHEMA,
        thresholds=learned,
        drift=DriftReference.learn(matrix, SCHEMA),
        samples=samples.choose(composite, SCHEMA, learned, test_matrix),
        composite=exported,
        metrics=_metrics(contest, differences),
        lineage=_lineage(rows, test, contest, parameters),
    )
    return Trained(artifact, contest, differences)


def _numbers(rows: Table) -> tuple[Matrix, Labels]:
    return matrix_of(rows, SCHEMA), rows[LABEL].to_numpy(dtype=np.int64)


def _metrics(contest: Contest, differences: dict[str, dict[str, float]]) -> dict[str, float]:
    found = {
        f"validation.{name}.{metric}": round(value, 8)
        for name, metrics in contest.metrics.items()
        for metric, value in metrics.items()
    }
    for output in ("probability", "outlier_score"):
        found[f"export.difference.{output}"] = max(each[output] for each in differences.values())
    return found


def _lineage(rows: Table, test: Table, contest: Contest, parameters: Parameters) -> dict[str, str]:
    return {
        "train_sha256": content_sha256(rows),
        "test_sha256": content_sha256(test),
        "train_rows": str(len(rows)),
        "seed": str(parameters.seed),
        "selection": f"least {SELECTION_METRIC} on validation rows",
        "best_candidate": contest.best,
        "python": platform.python_version(),
        **{name: version(name) for name in ("scikit-learn", "numpy", "onnx", "onnxruntime", "pandas")},
    }
