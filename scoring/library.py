"""A model inside a program of one's own: the service's answers without a server, telemetry or drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from scoring.model import artifact as artifacts
from scoring.model import evaluator, machine
from scoring.model.artifact import Artifact
from scoring.model.encode import Encoder
from scoring.model.explain import Explainer
from scoring.model.machine import Absent
from scoring.model.schema import Matrix
from scoring.scorer import Judge, self_test

MOST_ROWS = 1_000_000  # of one call: its rows are in memory several times
Rows = Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]]
"""Records, or columns by their names."""


class Model:
    """Thread-safe. What a row holds is checked as strictly as by the service."""

    def __init__(self, folder: Path, *, machine_code: bool = True) -> None:
        """Load a model artifact and test it on its samples. Raises ArtifactError.

        machine_code: False has ONNX Runtime answer, whatever is installed
        """
        self.artifact: Artifact = artifacts.load(folder)
        found = machine.found() if machine_code else Absent("machine code is not asked for")
        self.evaluator = evaluator.choose(self.artifact, found)
        self._encode = Encoder(self.artifact.schema, MOST_ROWS, self.evaluator.code).encode
        self._judge = Judge(self.evaluator.composite, self.artifact.thresholds)
        self_test(self.artifact, self._encode, self._judge)

    def score(self, rows: Rows) -> dict[str, Any]:
        """`predictions` and `outliers` of the rows, as the service answers them.

        Raises ContractError for rows that break the contract, TooManyRowsError beyond MOST_ROWS.
        """
        batch = self._judge(self._matrix(rows))
        return {"predictions": batch.predictions(), "outliers": batch.outliers()}

    def explain(self, rows: Rows) -> dict[str, Any]:
        """The margin of each row, and what each feature adds to the base: exact Shapley values.

        Raises what `score` raises, and ArtifactError when the explanation's file is not the model's.
        """
        values = self._explainer.explain(self._matrix(rows))
        names = self.artifact.schema.names
        return {
            "base": self._explainer.base,
            "margins": (self._explainer.base + values.sum(axis=1)).tolist(),
            "contributions": [dict(zip(names, row, strict=True)) for row in values.tolist()],
        }

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self.artifact.explanation())

    def _matrix(self, rows: Rows) -> Matrix:
        if isinstance(rows, Mapping):
            return self._encode({"columns": {name: list(values) for name, values in rows.items()}})
        return self._encode({"records": [dict(row) for row in rows]})
