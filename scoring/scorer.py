"""From a request's JSON to its answer, without HTTP: encode, run the composite, judge, watch drift."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from scoring.model import evaluator, machine
from scoring.model.artifact import Artifact, ArtifactError, Samples, Thresholds
from scoring.model.encode import Encoder
from scoring.model.evaluator import Evaluator, MachineComposite
from scoring.model.schema import Matrix
from scoring.monitor import DriftMonitor
from scoring.settings import ModelIdentity

if TYPE_CHECKING:  # importing it loads ONNX Runtime
    from scoring.model.composite import Composite

SELF_TEST_TOLERANCE = 1e-5
FEW_ROWS = 16  # for at most so many rows, Python's numbers are faster than numpy's arrays
DIGITS = 7  # significant digits of probabilities and scores: as many as a float32 holds
SCALE = 10.0**DIGITS


@dataclass(slots=True)
class Batch:
    """The rows of one request as a matrix [rows, features], and what was found, one item for each row."""

    matrix: Matrix
    probabilities: list[float]
    labels: list[int]
    outlier_scores: list[float]
    outlier_flags: list[bool]

    @property
    def rows(self) -> int:
        return len(self.labels)

    def split(self, sizes: list[int]) -> list[Batch]:
        """Batches of so many rows each, from the first on; `sizes` add up to the rows."""
        if len(sizes) == 1:
            return [self]
        batches: list[Batch] = []
        start = 0
        for size in sizes:
            part = slice(start, start := start + size)
            batches.append(
                Batch(
                    self.matrix[part],
                    self.probabilities[part],
                    self.labels[part],
                    self.outlier_scores[part],
                    self.outlier_flags[part],
                )
            )
        return batches

    def predictions(self) -> list[dict[str, Any]]:
        pairs = zip(self.probabilities, self.labels, strict=True)
        return [{"probability": probability, "label": label} for probability, label in pairs]

    def outliers(self) -> list[dict[str, Any]]:
        pairs = zip(self.outlier_scores, self.outlier_flags, strict=True)
        return [{"score": score, "flag": flag} for score, flag in pairs]


@dataclass(frozen=True, slots=True)
class Answers:
    """What was found about many rows: arrays [rows]."""

    probability: NDArray[np.float64]
    label: NDArray[np.int8]
    outlier_score: NDArray[np.float64]
    outlier: NDArray[np.bool_]


def joined(matrices: list[Matrix]) -> Matrix:
    """The rows of all, at least one, in one matrix."""
    return matrices[0] if len(matrices) == 1 else np.concatenate(matrices)


class Judge:
    """Runs the composite and compares its answers with the thresholds."""

    def __init__(self, composite: Composite | MachineComposite, thresholds: Thresholds) -> None:
        self._composite = composite
        self._code = composite.judge if isinstance(composite, MachineComposite) else None
        # compared in the precision of the answers, so that one row and many are judged alike
        self._decision = float(np.float32(thresholds.decision))
        self._outlier = float(np.float32(thresholds.outlier))

    def __call__(self, matrix: Matrix) -> Batch:
        """Judge a matrix [rows, features]."""
        if self._code is not None:
            return Batch(matrix, *self._code(matrix, self._decision, self._outlier))
        if len(matrix) <= FEW_ROWS:
            return self._few(matrix, *self._composite.run_few(matrix))
        many = self.arrays(matrix)
        return Batch(
            matrix,
            many.probability.tolist(),
            many.label.tolist(),
            many.outlier_score.tolist(),
            many.outlier.tolist(),
        )

    def arrays(self, matrix: Matrix) -> Answers:
        """Judge a matrix [rows, features]: the same answers, without a Python object for each value."""
        probability, outlier_score = self._composite.run(matrix)
        return Answers(
            probability.astype(np.float64).round(DIGITS),
            (probability >= self._decision).astype(np.int8),
            outlier_score.astype(np.float64).round(DIGITS),
            outlier_score > self._outlier,
        )

    def _few(self, matrix: Matrix, probabilities: list[float], outlier_scores: list[float]) -> Batch:
        """Judge few rows without numpy, rounded as numpy does it: the way does not change an answer."""
        return Batch(
            matrix,
            [round(probability * SCALE) / SCALE for probability in probabilities],
            [int(probability >= self._decision) for probability in probabilities],
            [round(score * SCALE) / SCALE for score in outlier_scores],
            [score > self._outlier for score in outlier_scores],
        )


def judge(composite: Composite | MachineComposite, thresholds: Thresholds, matrix: Matrix) -> Batch:
    """Run the composite over a matrix [rows, features] and compare its answers with the thresholds."""
    return Judge(composite, thresholds)(matrix)


class Scorer:
    """What the service does with rows. Thread-safe."""

    def __init__(
        self,
        artifact: Artifact,
        monitor: DriftMonitor,
        identity: ModelIdentity,
        max_rows: int,
        evaluator_: Evaluator | None = None,
    ) -> None:
        """Without an evaluator, this environment's. Raises ArtifactError when the model does not load."""
        self.evaluator = evaluator_ or evaluator.choose(artifact, machine.found())
        code = self.evaluator.code
        self._answered = None if code is None else code.kernel.answered
        self.artifact = artifact
        self.monitor = monitor
        self.encode = Encoder(
            artifact.schema, max_rows, code
        ).encode  # a payload to a matrix; raises ContractError, TooManyRowsError
        self.judge = Judge(self.evaluator.composite, artifact.thresholds)
        self._say(
            {
                "name": identity.name,
                "version": identity.version,
                "digest": artifact.digest,
                "image": identity.image_digest,
            }
        )

    def _say(self, model: dict[str, Any]) -> None:
        """What answers say of the model."""
        self.model = model
        self._model_bytes = orjson.dumps(model)
        self._model_json = orjson.Fragment(self._model_bytes)

    def saying(self, more: Mapping[str, Any]) -> Scorer:
        """The same scorer, whose answers say more about the model."""
        made = copy.copy(self)
        made._say({**self.model, **more})
        return made

    def leaner(self, like: Scorer) -> Scorer:
        """The same scorer without what only its self-test needed, and with `like`'s reading of rows.

        For one of many models with one contract. Its artifact has no composite and no digest any more.
        """
        made = copy.copy(self)
        nothing = Samples({}, (), ())
        made.artifact = replace(
            self.artifact, composite=b"", samples=nothing, probes=None, schema=like.artifact.schema
        )
        made.encode = like.encode
        return made

    def score(self, matrix: Matrix, observe: bool = True) -> Batch:
        """Score the rows of a request and, unless they are synthetic, count them for drift."""
        batch = self.judge(matrix)
        if observe:
            self.monitor.observe(matrix)
        return batch

    def body(self, batch: Batch, request_id: str) -> bytes:
        """The body of the answer, JSON."""
        if self._answered is not None:
            lists = self._answered(
                batch.probabilities, batch.labels, batch.outlier_scores, batch.outlier_flags
            )
            if lists is not None:
                return b'{%b,"drift":%b,"model":%b,"request_id":%b}' % (
                    lists,
                    self.monitor.report.json,
                    self._model_bytes,
                    orjson.dumps(request_id),
                )
        return orjson.dumps(
            {
                "predictions": batch.predictions(),
                "outliers": batch.outliers(),
                "drift": orjson.Fragment(self.monitor.report.json),
                "model": self._model_json,
                "request_id": request_id,
            }
        )

    def metadata(self, request_id: str) -> dict[str, str]:
        """What an answer says beside its rows: drift and model as JSON, the request's id."""
        return {
            "drift": self.monitor.report.json.decode(),
            "model": self._model_bytes.decode(),
            "request_id": request_id,
        }

    def self_test(self) -> None:
        """Score the artifact's samples and compare. Raises ArtifactError when one differs."""
        self_test(self.artifact, self.encode, self.judge)


def self_test(artifact: Artifact, encode: Callable[[object], Matrix], judge: Judge) -> None:
    """Score an artifact's samples and compare. Raises ArtifactError when one differs."""
    samples = artifact.samples
    batch = judge(encode(dict(samples.request)))
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
