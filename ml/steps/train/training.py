"""From validated rows to the model artifact."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from ml.steps.contract import ID, LABEL, SCHEMA
from ml.steps.errors import StepError
from ml.steps.evaluate.metrics import Labels
from ml.steps.files import Table, content_sha256
from ml.steps.matrix import matrix_of
from ml.steps.train import additive, explanation, graph, parity, samples, thresholds
from ml.steps.train.calibration import calibrated
from ml.steps.train.candidates import (
    SELECTION_METRIC,
    Contest,
    Parameters,
    compete,
    competing,
    outlier_detector,
    refitted,
)
from ml.steps.train.costs import costs
from ml.steps.train.parts import PARTS, parts
from ml.steps.train.previous import Previous
from ml.steps.train.settings import Settings
from ml.steps.train.space import CONTINUED, LEAFWISE
from ml.steps.train.trees import isolation_trees
from scoring.model.artifact import Artifact, ExplanationFile
from scoring.model.composite import Composite
from scoring.model.explain import Explainer
from scoring.model.schema import Matrix
from scoring.model.sketch import DriftReference

SOFTWARE = ("scikit-learn", "numpy", "onnx", "onnxruntime", "optuna")
LIGHTGBM = ("lightgbm",)


@dataclass(frozen=True, slots=True)
class Trained:
    artifact: Artifact
    contest: Contest
    differences: dict[str, dict[str, float]]  # of the export from scikit-learn, by where and output


def train(rows: Table, test: Table, settings: Settings, previous: Previous | None = None) -> Trained:
    """Tune, choose, calibrate, export, and hold the export to the trained models.

    Candidates are fitted on one part of the rows and compared on a second one; the winner and the detector
    are fitted anew on both, calibrated and given their thresholds on a third. The drift reference covers all
    rows. With a `previous` model, one more candidate starts from it, and the third part decides between them:
    the previous model was fitted on the second one. Raises StepError when a setting is of no use, a part
    lacks a label, or the export does not answer as the trained models do.
    """
    settings.check()
    parameters = settings.parameters
    part = parts(rows[ID].tolist())
    matrix, labels = _numbers(rows)
    test_matrix, _ = _numbers(test)
    fit, selection, calibration = ((matrix[part == name], labels[part == name]) for name in PARTS)
    for name, (_, held) in zip(PARTS, (fit, selection, calibration), strict=True):
        if len(np.unique(held)) < 2:
            raise StepError(f"the {name} rows, {len(held)}, do not hold both labels: more rows are needed")
    candidates = competing(parameters, previous)
    contest = compete(parameters, SCHEMA, fit, selection, candidates, calibration if previous else None)
    both = matrix[part != "calibration"], labels[part != "calibration"]
    classifier = calibrated(refitted(parameters, SCHEMA, both, contest, candidates), *calibration)
    detector = outlier_detector(parameters, both[0])

    margin = additive.read(contest.selected, classifier)
    outlier = graph.outlier(detector)
    exported = graph.joined(margin, outlier)
    composite = Composite(exported, SCHEMA.width)
    explained = explanation.explanation(margin, explanation.background(both[0], parameters.seed))
    explainer = Explainer(explained)
    trees = [*margin.trees, *isolation_trees(detector)]
    adversarial = parity.adversarial_rows(SCHEMA, test_matrix, trees, parameters.seed)
    held = {"test rows": test_matrix, "extreme, missing and unseen values": adversarial}
    differences = parity.all_differences(composite, classifier, detector, explainer, held)
    for where, found in differences.items():
        parity.hold(found, where)

    learned = thresholds.learn(
        calibration[1],
        *composite.run(calibration[0]),
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
        explanation_file=ExplanationFile.of(explained),
        metrics={**_metrics(contest, differences), **costs(contest, outlier, matrix)},
        lineage=_lineage(rows, test, contest, parameters, previous),
        probes=samples.probes(composite, exported),
    )
    return Trained(artifact, contest, differences)


def _numbers(rows: Table) -> tuple[Matrix, Labels]:
    return matrix_of(rows, SCHEMA), rows[LABEL].to_numpy(dtype=np.int64)


def _metrics(contest: Contest, differences: dict[str, dict[str, float]]) -> dict[str, float]:
    found = {
        f"selection.{name}.{metric}": round(value, 8)
        for name, metrics in contest.metrics.items()
        for metric, value in metrics.items()
    }
    if contest.decided != contest.metrics:
        found |= {
            f"deciding.{name}.{metric}": round(value, 8)
            for name, metrics in contest.decided.items()
            for metric, value in metrics.items()
        }
    for output in parity.OUTPUTS:
        found[f"export.difference.{output}"] = max(each[output] for each in differences.values())
    return found


def _lineage(
    rows: Table, test: Table, contest: Contest, parameters: Parameters, previous: Previous | None
) -> dict[str, str]:
    deciding = "selection" if previous is None else "calibration"
    return {
        "train_sha256": content_sha256(rows),
        "test_sha256": content_sha256(test),
        "train_rows": str(len(rows)),
        "seed": str(parameters.seed),
        "selection": f"least {SELECTION_METRIC} on {deciding} rows",
        "calibration": "Platt scaling on calibration rows",
        **({} if previous is None else {"previous": previous.name, "previous_digest": previous.digest}),
        **{f"trials.{name}": str(count) for name, count in contest.trials.items()},
        **{f"value.{name}": f"{value:.6g}" for name, value in contest.values[contest.selected].items()},
        "python": platform.python_version(),
        **{name: version(name) for name in (*SOFTWARE, *(LIGHTGBM if _of_lightgbm(contest) else ()))},
    }


def _of_lightgbm(contest: Contest) -> bool:
    return contest.selected in (LEAFWISE, CONTINUED)
