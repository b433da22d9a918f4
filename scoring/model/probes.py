"""Rows that go everywhere in a model's trees, and what ONNX Runtime answered to them when the model was made.

Machine code has to give the same answers before it serves. Their record spares the start of the service to
load ONNX Runtime, which takes longer than all else there.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.model.graph import Ensemble, Graph
from scoring.model.schema import Matrix
from scoring.model.typed_json import Node

if TYPE_CHECKING:  # importing it loads ONNX Runtime
    from scoring.model.composite import Composite

PROBES: Final = 96  # rows
GOLDEN: Final = 0x9E3779B97F4A7C15  # multiples of it are spread evenly over 64 bits

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """`matrix` [rows, features]; `probability` and `outlier_score`, float32 [rows], are the reference's."""

    matrix: Matrix
    probability: Scores
    outlier_score: Scores

    def __eq__(self, other: object) -> bool:
        """By the bits, so that a missing value is equal to itself."""
        return isinstance(other, Probes) and self.to_json() == other.to_json()

    @staticmethod
    def of(reference: Composite, graph: Graph) -> Probes:
        """Rows for a graph, with the reference's answers to them."""
        rows = rows_for(reference.width, (graph.margin, graph.outlier))
        return Probes(rows, *reference.run(rows))

    def to_json(self) -> dict[str, Any]:
        """As base64 of float32, little-endian: the rows hold NaN and infinity's neighbours."""
        return {
            "rows": len(self.matrix),
            "matrix": _written(self.matrix),
            "probability": _written(self.probability),
            "outlier_score": _written(self.outlier_score),
        }

    @staticmethod
    def from_json(node: Node, width: int) -> Probes:
        """Raises JsonShapeError when an array is none, or not of its size."""
        rows = node.field("rows").integer()
        if rows < 1:
            raise node.field("rows").error(f"{rows} rows: at least one is needed")
        return Probes(
            _read(node.field("matrix"), rows * width).reshape(rows, width),
            _read(node.field("probability"), rows),
            _read(node.field("outlier_score"), rows),
        )


def _written(values: NDArray[np.float32]) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode()


def _read(node: Node, count: int) -> NDArray[np.float32]:
    try:
        content = base64.b64decode(node.text(), validate=True)
    except binascii.Error as error:
        raise node.error(f"not base64: {error}") from error
    if len(content) != 4 * count:
        raise node.error(f"{len(content)} bytes, but {count} float32 take {4 * count}")
    return np.frombuffer(content, dtype="<f4").astype(np.float32, copy=False)


def rows_for(width: int, forests: tuple[Ensemble, ...]) -> Matrix:
    """Rows that go everywhere in the trees [PROBES, width]; the same for the same trees.

    Values on the trees' thresholds and just above them, extremes, missing values. Scattered by
    multiplication: numpy's random numbers take longer to import than all else here.
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
