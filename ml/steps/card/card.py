"""All that a card says, as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.steps import about
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
    important = importance.measure(subject)
    pictured = [each["feature"] for each in important["features"][:PICTURED_FEATURES]]
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
        "partial_dependence": dependence.measure(subject, pictured),
        "fairness": {"least_of_each_label": LEAST_OF_EACH_LABEL, "attributes": fairness.measure(subject)},
        "outliers": outliers.measure(subject),
        "drift": drift.measure(subject),
        "scoring_path": path.measure(subject),
        "lineage": {**artifact.lineage, **lineage},
    }


def _limits() -> list[str]:
    compared = (words.FAIRNESS_LIMIT.format(least=LEAST_OF_EACH_LABEL),) if about.ATTRIBUTES else ()
    return [*about.LIMITS, *words.LIMITS, *compared]
