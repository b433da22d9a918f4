"""From a request's JSON to its answer, without HTTP: encode, run the composite, judge, watch drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from scoring.artifact import Artifact, ArtifactError, Thresholds
from scoring.composite import Composite
from scoring.encode import Encoder
from scoring.monitor import DriftMonitor
from scoring.schema import Matrix
from scoring.settings import ModelIdentity

SELF_TEST_TOLERANCE = 1e-5
DIGITS = 7  # of probabilities and scores: what a float32 holds


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one request and what was found; arrays are [rows], the matrix [rows, features]."""

    matrix: Matrix
    probabilities: NDArray[np.float64]
    labels: NDArray[np.bool_]
    outlier_scores: NDArray[np.float64]
    outlier_flags: NDArray[np.bool_]

    @property
    def rows(self) -> int:
        return len(self.matrix)

    def predictions(self) -> list[dict[str, Any]]:
        pairs = zip(self.probabilities.tolist(), self.labels.tolist(), strict=True)
        return [{"probability": probability, "label": int(label)} for probability, label in pairs]

    def outliers(self) -> list[dict[str, Any]]:
        pairs = zip(self.outlier_scores.tolist(), self.outlier_flags.tolist(), strict=True)
        return [{"score": score, "flag": flag} for score, flag in pairs]


def judge(composite: Composite, thresholds: Thresholds, matrix: Matrix) -> Batch:
    """Run the composite over a matrix [rows, features] and hold its answers to the thresholds."""
    probability, outlier_score = composite.run(matrix)
    return Batch(
        matrix=matrix,
        probabilities=probability.astype(np.float64).round(DIGITS),
        labels=probability >= thresholds.decision,
        outlier_scores=outlier_score.astype(np.float64).round(DIGITS),
        outlier_flags=outlier_score > thresholds.outlier,
    )


class Scorer:
    """Thread-safe."""

    def __init__(
        self, artifact: Artifact, monitor: DriftMonitor, identity: ModelIdentity, max_rows: int
    ) -> None:
        """Raises ArtifactError when the composite does not load."""
        self.artifact = artifact
        self.monitor = monitor
        self._encoder = Encoder(artifact.schema, max_rows)
        self._composite = Composite(artifact.composite, artifact.schema.width)
        self.model = {
            "name": identity.name,
            "version": identity.version,
            "digest": artifact.digest,
            "image": identity.image_digest,
        }
        self._model_json = orjson.Fragment(orjson.dumps(self.model))

    def encode(self, payload: object) -> Matrix:
        """Raises ContractError or TooManyRowsError."""
        return self._encoder.encode(payload)

    def judge(self, matrix: Matrix) -> Batch:
        """Score a matrix [rows, features]; drift does not notice."""
        return judge(self._composite, self.artifact.thresholds, matrix)

    def score(self, matrix: Matrix, observe: bool = True) -> Batch:
        """Score the rows of a request and, unless they are synthetic, count them for drift."""
        batch = self.judge(matrix)
        if observe:
            self.monitor.observe(matrix)
        return batch

    def answer(self, batch: Batch, request_id: str) -> bytes:
        """The body of the answer, JSON."""
        return orjson.dumps(
            {
                "predictions": batch.predictions(),
                "outliers": batch.outliers(),
                "drift": orjson.Fragment(self.monitor.report.json),
                "model": self._model_json,
                "request_id": request_id,
            }
        )

    def self_test(self) -> None:
        """Score the artifact's samples and compare. Raises ArtifactError when one differs."""
        samples = self.artifact.samples
        batch = self.judge(self.encode(dict(samples.request)))
        found = zip(batch.predictions(), batch.outliers(), strict=True)
        stated = zip(samples.predictions, samples.outliers, strict=True)
        for row, ((prediction, outlier), (expected, expected_outlier)) in enumerate(
            zip(found, stated, strict=True)
        ):
            near = abs(prediction["probability"] - expected["probability"]) <= SELF_TEST_TOLERANCE
            near = near and abs(outlier["score"] - expected_outlier["score"]) <= SELF_TEST_TOLERANCE
            same = (prediction["label"], outlier["flag"]) == (expected["label"], expected_outlier["flag"])
            if not (near and same):
                raise ArtifactError(
                    f"self-test: sample {row} gives {prediction} and {outlier}, "
                    f"samples.json states {dict(expected)} and {dict(expected_outlier)}"
                )
