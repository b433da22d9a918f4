"""The model itself: one ONNX graph that gives the probability and the outlier score of each row."""

from __future__ import annotations

import threading
from typing import cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from scoring.model.artifact import ArtifactError
from scoring.model.schema import Matrix

INPUT, PROBABILITY, OUTLIER_SCORE = "X", "probability", "outlier_score"
Scores = NDArray[np.float32]


class Composite:
    """The graph in a session. Threads may share it. A run uses one thread: each core has a process."""

    def __init__(self, model: bytes, width: int) -> None:
        """Raises ArtifactError when the graph cannot be loaded or is not one over `width` features."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # each status code has a class of its own
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
        self.width = width
        self._bound: dict[int, _Bound] = {}  # key: the number of rows
        self._free = threading.Lock()

    def run(self, matrix: Matrix) -> tuple[Scores, Scores]:
        """Probability and outlier score, each float32 [rows], of a matrix [rows, features]."""
        results = self._session.run([PROBABILITY, OUTLIER_SCORE], {INPUT: matrix})
        probability, outlier_score = cast("list[Scores]", results)
        return probability[:, 0], outlier_score[:, 0]

    def run_few(self, matrix: Matrix) -> tuple[list[float], list[float]]:
        """Does what `run` does, and returns lists; for up to 16 rows it is up to 9 us faster."""
        if not self._free.acquire(blocking=False):  # another thread uses the bound arrays
            probability, outlier_score = self.run(matrix)
            return probability.tolist(), outlier_score.tolist()
        try:
            rows = len(matrix)
            if (bound := self._bound.get(rows)) is None:
                bound = self._bound[rows] = _Bound(self._session, rows, self.width)
            return bound.run(matrix)
        finally:
            self._free.release()


class _Bound:
    """Arrays for a fixed number of rows, bound to the session once; one caller at a time."""

    def __init__(self, session: onnxruntime.InferenceSession, rows: int, width: int) -> None:
        self._rows = np.zeros((rows, width), dtype=np.float32)
        outputs = {name: np.zeros((rows, 1), dtype=np.float32) for name in (PROBABILITY, OUTLIER_SCORE)}
        self._probability, self._outlier_score = (array[:, 0] for array in outputs.values())
        binding = session.io_binding()
        # an OrtValue that is made of an array shares its memory
        self._values = [onnxruntime.OrtValue.ortvalue_from_numpy(self._rows)]
        binding.bind_ortvalue_input(INPUT, self._values[0])
        for name, array in outputs.items():
            value = onnxruntime.OrtValue.ortvalue_from_numpy(array)
            binding.bind_ortvalue_output(name, value)
            self._values.append(value)
        self._binding, self._run = binding, session.run_with_iobinding

    def run(self, matrix: Matrix) -> tuple[list[float], list[float]]:
        self._rows[:] = matrix
        self._run(self._binding)
        return self._probability.tolist(), self._outlier_score.tolist()
