"""All that a card says, as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.steps import about
from ml.steps.at_once import at_once
from ml.steps.card import (
    data,
    dependence,
    drift,
    fairness,
    importance,
    outliers,
    path,
    reliability,
    threshold,
    words,
)
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
        {
            "drift": lambda: drift.measure(subject),
            "features": lambda: _features(subject),
            "outliers": lambda: outliers.measure(subject),
            "fairness": lambda: fairness.measure(subject),
        }
    )
    important, dependences = found["features"]
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
        # Measured here as well as in the step evaluate, so that neither step waits for the other.
        "metrics": evaluate(artifact, subject.test).to_json(),
        "training": dict(artifact.metrics),
        "calibration": reliability.measure(subject),
        "threshold": threshold.measure(subject),
        "importance": important,
        "partial_dependence": dependences,
        "fairness": {"least_of_each_label": LEAST_OF_EACH_LABEL, "attributes": found["fairness"]},
        "outliers": found["outliers"],
        "drift": found["drift"],
        "scoring_path": path.measure(subject),  # alone, as it measures times
        "lineage": {**artifact.lineage, **lineage},
    }


def _features(subject: Subject) -> tuple[dict[str, Any], dict[str, Any]]:
    """How important each is, and the partial dependence on those that matter most."""
    important = importance.measure(subject)
    pictured = [each["feature"] for each in important["features"][:PICTURED_FEATURES]]
    return important, dependence.measure(subject, pictured)


def _limits() -> list[str]:
    compared = (words.FAIRNESS_LIMIT.format(least=LEAST_OF_EACH_LABEL),) if about.ATTRIBUTES else ()
    return [*about.LIMITS, *words.LIMITS, *compared]
