"""Holds the model and the rows that a card is about; they are read and scored once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml.steps.contract import LABEL
from ml.steps.evaluate.metrics import Labels, Probabilities
from ml.steps.files import Table
from ml.steps.matrix import matrix_of
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.model.explain import Explainer
from scoring.model.schema import Matrix

RESAMPLES = 100  # how often the test rows are drawn anew to measure a figure's deviation
SEED = 0  # fixed, so that two cards of the same model and rows say the same


@dataclass(frozen=True)
class Subject:
    """`train` and `test` are the tables that passed the step validate. Figures are measured on `test`."""

    artifact: Artifact
    train: Table
    test: Table

    @cached_property
    def composite(self) -> Composite:
        return Composite(self.artifact.composite, self.artifact.schema.width)

    @cached_property
    def explainer(self) -> Explainer:
        return Explainer(self.artifact.explanation())

    @cached_property
    def matrix(self) -> Matrix:
        """The test rows, [rows, features]."""
        return matrix_of(self.test, self.artifact.schema)

    @cached_property
    def train_matrix(self) -> Matrix:
        return matrix_of(self.train, self.artifact.schema)

    @cached_property
    def labels(self) -> Labels:
        return self.test[LABEL].to_numpy(dtype=np.int64)

    @cached_property
    def probabilities(self) -> Probabilities:
        return self.composite.run(self.matrix)[0].astype(np.float64)

    @cached_property
    def predicted(self) -> Labels:
        """The predicted labels [rows]: 1 from the decision threshold on."""
        threshold = np.float64(np.float32(self.artifact.thresholds.decision))
        return (self.probabilities >= threshold).astype(np.int64)

    @property
    def random(self) -> np.random.Generator:
        return np.random.default_rng(SEED)

    def resamples(self, count: int) -> Iterator[NDArray[np.intp]]:
        """So many samples: each the positions of as many test rows as there are, drawn with replacement."""
        random = self.random
        for _ in range(count):
            yield random.integers(0, len(self.test), len(self.test))

    def sample(self, rows: int) -> Matrix:
        """A copy of at most so many random test rows, [rows, features]."""
        chosen = self.random.permutation(len(self.matrix))[:rows]
        return self.matrix[np.sort(chosen)]
