"""Judges an artifact on test rows, with the code that serves it later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.quality.reference import Baseline
from ml.steps.contract import LABEL
from ml.steps.evaluate.metrics import DIGITS, Costs, cost, ranking
from ml.steps.files import Table, content_sha256
from ml.steps.matrix import matrix_of
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Metrics on test rows. Two may be compared only when their `test_sha256` is the same.

    baseline: what later days in production are held against, as `ml.quality.reference.Baseline` names it
    """

    metrics: dict[str, float]
    test_rows: int
    test_sha256: str
    outlier_share: float
    positive_share: float
    baseline: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """One flat object: the metrics by their names, and what they were measured on."""
        return {
            **self.metrics,
            **self.baseline,
            "outlier_share": self.outlier_share,
            "positive_share": self.positive_share,
            "test_rows": self.test_rows,
            "test_sha256": self.test_sha256,
        }


def evaluate(artifact: Artifact, test: Table, costs: Costs | None = None) -> Evaluation:
    """Score the test rows at the artifact's decision threshold.

    costs: what errors cost; without them, as much as when the artifact was made

    Raises StepError when the rows do not fit the artifact's schema.
    """
    matrix = matrix_of(test, artifact.schema)
    labels = test[LABEL].to_numpy(dtype=np.int64)
    probability, outlier_score = Composite(artifact.composite, artifact.schema.width).run(matrix)
    probabilities = probability.astype(np.float64)
    thresholds = artifact.thresholds
    metrics = ranking(labels, probabilities)
    stated = costs or Costs(thresholds.false_negative_cost, thresholds.false_positive_cost)
    baseline = Baseline.of(probabilities, labels)
    metrics["cost"] = cost(labels, probabilities, thresholds.decision, *stated)
    return Evaluation(
        metrics={name: round(value, DIGITS) for name, value in metrics.items()},
        test_rows=len(test),
        test_sha256=content_sha256(test),
        outlier_share=round(float((outlier_score > thresholds.outlier).mean()), DIGITS),
        positive_share=round(float((probability >= thresholds.decision).mean()), DIGITS),
        baseline={name: round(value, DIGITS) for name, value in baseline.metrics().items()}
        if baseline
        else {},
    )
