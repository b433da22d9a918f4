"""The model itself: one ONNX graph that gives the probability and the outlier score of each row."""

from __future__ import annotations

from typing import cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from scoring.artifact import ArtifactError
from scoring.schema import Matrix

INPUT, PROBABILITY, OUTLIER_SCORE = "X", "probability", "outlier_score"
Scores = NDArray[np.float32]


class Composite:
    """Thread-safe; each run uses one thread, parallelism comes from processes."""

    def __init__(self, model: bytes, width: int) -> None:
        """Raises ArtifactError when the graph cannot be loaded or is not one over `width` features."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own for each status code
            raise ArtifactError(f"composite.onnx cannot be loaded: {error}") from error
        inputs = {item.name: (item.type, item.shape[-1]) for item in self._session.get_inputs()}
        outputs = {item.name: (item.type, item.shape[-1]) for item in self._session.get_outputs()}
        if inputs != {INPUT: ("tensor(float)", width)}:
            raise ArtifactError(
                f"composite.onnx has inputs {inputs}; the schema needs {INPUT} with {width} columns"
            )
        if outputs != {PROBABILITY: ("tensor(float)", 1), OUTLIER_SCORE: ("tensor(float)", 1)}:
            raise ArtifactError(
                f"composite.onnx has outputs {outputs}; needed: {PROBABILITY}, {OUTLIER_SCORE}"
            )

    def run(self, matrix: Matrix) -> tuple[Scores, Scores]:
        """Probability and outlier score, each float32 [rows], of a matrix [rows, features]."""
        results = self._session.run([PROBABILITY, OUTLIER_SCORE], {INPUT: matrix})
        probability, outlier_score = cast("list[Scores]", results)
        return probability[:, 0], outlier_score[:, 0]
