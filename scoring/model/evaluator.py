"""What evaluates the model: machine code that agrees with ONNX Runtime, else ONNX Runtime itself.

ONNX Runtime is the reference, by which models are registered. Before machine code answers in its place, both
score the same rows: values on the trees' thresholds and just above them, extremes, missing values.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.model.encode import Encoder
from scoring.model.graph import Ensemble, GraphError, read
from scoring.model.machine import Absent, CompositeCode, MachineCode, Scores
from scoring.model.schema import Matrix

log = logging.getLogger(__name__)

TOLERANCE: Final = 1e-6  # of probabilities and outlier scores
PROBES: Final = 96  # rows that both score at the start
GOLDEN: Final = 0x9E3779B97F4A7C15  # multiples of it are spread evenly over 64 bits
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
    """The evaluator of an artifact. Raises ArtifactError when ONNX Runtime cannot load the composite."""
    width = artifact.schema.width
    reference = Composite(artifact.composite, width)
    if isinstance(found, Absent):
        return Evaluator(reference, None, found.reason)
    try:
        graph = read(artifact.composite)
        code = MachineComposite(found.composite(graph, width))
    except (GraphError, ValueError, TypeError) as error:
        return Evaluator(reference, None, f"the machine code cannot take this model: {error}")
    if differs := difference(reference, code, probes(width, (graph.margin, graph.outlier))):
        return Evaluator(reference, None, f"its self-test differs: {differs}")
    if row := _other_side(artifact, code):
        return Evaluator(reference, None, f"sample {row} lies at a threshold, and has another label or flag")
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


def difference(reference: Composite, code: MachineComposite, rows: Matrix) -> str:
    """How answers differ from the reference's, or one row's alone from the same among many; else ""."""
    found, expected = code.run(rows), reference.run(rows)
    for name, ours, theirs in zip(("probability", "outlier score"), found, expected, strict=True):
        greatest = float(np.abs(ours.astype(np.float64) - theirs.astype(np.float64)).max())
        if not greatest <= TOLERANCE:  # true for NaN, too
            return f"{name} by {greatest:.2e}, at most {TOLERANCE:.0e} is allowed"
    for row in range(0, len(rows), len(rows) // 8):
        alone = code.run(rows[row : row + 1])
        if any(one[0] != many[row] for one, many in zip(alone, found, strict=True)):
            return f"row {row} has another answer alone than among others"
    return ""


def probes(width: int, forests: tuple[Ensemble, ...]) -> Matrix:
    """Rows that go everywhere in the trees [PROBES, width]; the same for the same trees.

    Scattered by multiplication: numpy's random numbers take longer to import than all else here.
    """
    scattered = (np.arange(PROBES * width, dtype=np.uint64) + np.uint64(1)) * np.uint64(GOLDEN)
    places = (scattered >> np.uint64(20)).reshape(PROBES, width)
    rows = np.zeros((PROBES, width), dtype=np.float32)
    feature = np.concatenate([forest.feature for forest in forests])
    threshold = np.concatenate([forest.threshold for forest in forests])
    for column in range(width):
        values = threshold[feature == column]
        if values.size:
            rows[:, column] = values[places[:, column] % np.uint64(values.size)]
    above = (places >> np.uint64(15)) % np.uint64(2) == 1
    rows[above] = np.nextafter(rows[above], np.float32(np.inf))
    gaps = (places >> np.uint64(18)) % np.uint64(3) == 0
    gaps[PROBES // 8 :] = False
    rows[gaps] = np.nan
    rows[0], rows[1], rows[2] = np.nan, np.float32(-3e38), np.float32(3e38)
    return rows
