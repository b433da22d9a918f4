"""What evaluates the model: machine code that agrees with ONNX Runtime, else ONNX Runtime itself.

ONNX Runtime is the reference, by which models are registered. Before machine code answers in its place, it
scores the artifact's probes, to which the artifact has the reference's answers; where it has none, ONNX
Runtime scores them too. Only then, and where it answers itself, is ONNX Runtime loaded.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from scoring.model.artifact import Artifact, ArtifactError
from scoring.model.encode import Encoder
from scoring.model.graph import GraphError, read
from scoring.model.machine import Absent, CompositeCode, MachineCode, Scores
from scoring.model.probes import Probes
from scoring.model.schema import Matrix

if TYPE_CHECKING:  # importing it loads ONNX Runtime
    from scoring.model.composite import Composite

log = logging.getLogger(__name__)

TOLERANCE: Final = 1e-6  # of probabilities and outlier scores
Name = Literal["machine code", "ONNX Runtime"]


class MachineComposite:
    """The composite as machine code. Thread-safe."""

    def __init__(self, code: CompositeCode) -> None:
        self._run = code.run
        self.judge = code.judge

    def run(self, matrix: Matrix) -> tuple[Scores, Scores]:
        """Probability and outlier score, each float32 [rows], of a matrix [rows, features]."""
        probability, outlier_score = (np.empty(len(matrix), dtype=np.float32) for _ in range(2))
        self._run(np.ascontiguousarray(matrix), probability, outlier_score)
        return probability, outlier_score

    def run_few(self, matrix: Matrix) -> tuple[list[float], list[float]]:
        """As `run`, with lists as answers."""
        probability, outlier_score = self.run(matrix)
        return probability.tolist(), outlier_score.tolist()


@dataclass(frozen=True, slots=True)
class Evaluator:
    """`reason`: why machine code does not answer, where it does not."""

    composite: Composite | MachineComposite
    code: MachineCode | None
    reason: str | None

    @property
    def name(self) -> Name:
        return "ONNX Runtime" if self.code is None else "machine code"

    def to_json(self) -> dict[str, str | None]:
        """For /readyz and the log."""
        level, digest = (None, None) if self.code is None else (self.code.level, f"sha256:{self.code.digest}")
        return {"name": self.name, "level": level, "digest": digest, "reason": self.reason}


def choose(artifact: Artifact, found: MachineCode | Absent) -> Evaluator:
    """The evaluator of an artifact. Raises ArtifactError when ONNX Runtime is needed and cannot load it."""
    if isinstance(found, Absent):
        return Evaluator(_reference(artifact), None, found.reason)
    try:
        graph = read(artifact.composite)
        code = MachineComposite(found.composite(graph, artifact.schema.width))
    except (GraphError, ValueError, TypeError) as error:
        return Evaluator(_reference(artifact), None, f"the machine code cannot take this model: {error}")
    if differs := difference(code, artifact.probes or Probes.of(_reference(artifact), graph)):
        return Evaluator(_reference(artifact), None, f"its self-test differs: {differs}")
    if row := _other_side(artifact, code):
        reason = f"sample {row} lies at a threshold, and has another label or flag"
        return Evaluator(_reference(artifact), None, reason)
    return Evaluator(code, found, None)


def _other_side(artifact: Artifact, code: MachineComposite) -> int:
    """The number, from 1 on, of the first sample with another label or flag than stated; else 0."""
    samples, thresholds = artifact.samples, artifact.thresholds
    matrix = Encoder(artifact.schema, len(samples.predictions)).encode(dict(samples.request))
    decision, outlier = float(np.float32(thresholds.decision)), float(np.float32(thresholds.outlier))
    _, labels, _, flags = code.judge(matrix, decision, outlier)
    for row, (prediction, stated) in enumerate(zip(samples.predictions, samples.outliers, strict=True)):
        if (labels[row], flags[row]) != (prediction["label"], stated["flag"]):
            return row + 1
    return 0


def _reference(artifact: Artifact) -> Composite:
    try:
        from scoring.model.composite import Composite
    except ImportError as error:
        raise ArtifactError(
            f"neither machine code nor ONNX Runtime can answer here: {error}; install onnxruntime, or "
            "scoring-kernel for this processor"
        ) from error

    return Composite(artifact.composite, artifact.schema.width)


def difference(code: MachineComposite, probes: Probes) -> str:
    """How answers differ from the reference's, or one row's alone from the same among many; else ""."""
    rows = probes.matrix
    found, expected = code.run(rows), (probes.probability, probes.outlier_score)
    for name, ours, theirs in zip(("probability", "outlier score"), found, expected, strict=True):
        greatest = float(np.abs(ours.astype(np.float64) - theirs.astype(np.float64)).max())
        if not greatest <= TOLERANCE:  # true for NaN, too
            return f"{name} by {greatest:.2e}, at most {TOLERANCE:.0e} is allowed"
    for row in range(0, len(rows), max(1, len(rows) // 8)):
        alone = code.run(rows[row : row + 1])
        if any(one[0] != many[row] for one, many in zip(alone, found, strict=True)):
            return f"row {row} has another answer alone than among others"
    return ""
