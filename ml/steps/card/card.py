"""All that a card says, as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.steps import about
from ml.steps.at_once import at_once
from ml.steps.card import data, dependence, drift, importance, path, reliability, threshold, words
from ml.steps.card.groups import LEAST_OF_EACH_LABEL
from ml.steps.card.subject import Subject
from ml.steps.contract import LABEL
from ml.steps.evaluate.evaluation import evaluate

FORMAT_VERSION = 2  # in format 1 the rates of label 1 had names from the example data
PICTURED_FEATURES = 6


def measured(subject: Subject, lineage: Mapping[str, str]) -> dict[str, Any]:
    """The card of a model, without the findings of its bounds.

    lineage: what only the job knows of where the model comes from
    """
    artifact = subject.artifact
    _ = subject.probabilities, subject.train_matrix  # once, and not in each process
    found = at_once(
        {"by scikit-learn": lambda: _by_scikit_learn(subject), "by numpy": lambda: _by_numpy(subject)}
    )
    compared, (important, dependences, drifted) = found["by scikit-learn"], found["by numpy"]
    return {
        "format_version": FORMAT_VERSION,
        "model": {
            "estimator": artifact.estimator,
            "digest": artifact.digest,
            "schema_sha256": artifact.schema.digest,
            "features": list(artifact.schema.names),
        },
        "intended_use": list(about.INTENDED_USE),
        "limits": _limits(),
        "label": {
            "column": LABEL,
            "meaning": about.LABEL_MEANING,
            "positive": about.POSITIVE,
            "negative": about.NEGATIVE,
            "event": about.EVENT,
        },
        "data": {"source": about.SOURCE, "contract": about.CONTRACT, **data.measure(subject)},
        "metrics": compared["metrics"],
        "training": dict(artifact.metrics),
        "calibration": reliability.measure(subject),
        "threshold": threshold.measure(subject),
        "importance": important,
        "partial_dependence": dependences,
        "fairness": {"least_of_each_label": LEAST_OF_EACH_LABEL, "attributes": compared["fairness"]},
        "outliers": compared["outliers"],
        "drift": drifted,
        "scoring_path": path.measure(subject),  # alone, as it measures times
        "lineage": {**artifact.lineage, **lineage},
    }


def _by_scikit_learn(subject: Subject) -> dict[str, dict[str, Any]]:
    """What needs scikit-learn. It is imported here, while the other process measures: that takes as long as
    most of these figures."""
    from ml.steps.card import fairness, outliers

    return {
        # Measured here as well as in the step evaluate, so that neither step waits for the other.
        "metrics": evaluate(subject.artifact, subject.test).to_json(),
        "fairness": fairness.measure(subject),
        "outliers": outliers.measure(subject),
    }


def _by_numpy(subject: Subject) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """How important each feature is, the partial dependence on those that matter most, and the drift."""
    important = importance.measure(subject)
    pictured = [each["feature"] for each in important["features"][:PICTURED_FEATURES]]
    return important, dependence.measure(subject, pictured), drift.measure(subject)


def _limits() -> list[str]:
    compared = (words.FAIRNESS_LIMIT.format(least=LEAST_OF_EACH_LABEL),) if about.ATTRIBUTES else ()
    return [*about.LIMITS, *words.LIMITS, *compared]
