"""From a request's JSON to the explanation of its rows, without HTTP."""

from __future__ import annotations

import time
from functools import cached_property
from typing import Final

import numpy as np
import orjson

from scoring.model.encode import Encoder
from scoring.model.explain import Explainer
from scoring.model.schema import Matrix
from scoring.scorer import Scorer

DIGITS: Final = 9  # significant digits of margins and contributions: these add up within 1e-6
SHARE: Final = 0.5  # of the time at most, so that rows are scored in between


class Explaining:
    """Explains rows, one request at a time, in a thread of its own."""

    def __init__(self, scorer: Scorer, max_rows: int) -> None:
        self._scorer = scorer
        self._names = scorer.artifact.schema.names
        self.encode = Encoder(
            scorer.artifact.schema, max_rows, scorer.evaluator.code
        ).encode  # as for scoring, with fewer rows

    @cached_property
    def _explainer(self) -> Explainer:
        """The explainer, read at the first request. Raises ArtifactError."""
        return Explainer(self._scorer.artifact.explanation())

    def body(self, matrix: Matrix, request_id: str) -> bytes:
        """The JSON that answers a matrix [rows, features]. Its rows do not count for drift."""
        batch = self._scorer.judge(matrix)
        base = self._explainer.base
        rows: list[dict[str, object]] = []
        for row, probability in enumerate(batch.probabilities):
            began = time.perf_counter()
            values = self._explainer.explain(matrix[row : row + 1])[0]
            contributions = dict(zip(self._names, np.round(values, DIGITS).tolist(), strict=True))
            rows.append(
                {
                    "probability": probability,
                    "margin": round(base + float(values.sum()), DIGITS),
                    "base": round(base, DIGITS),
                    "contributions": contributions,
                }
            )
            time.sleep((time.perf_counter() - began) * (1 / SHARE - 1))
        return orjson.dumps({"explanations": rows, "model": self._scorer.model, "request_id": request_id})
