"""Probabilities that mean what they say: Platt scaling of a fitted classifier.

Two numbers learned on rows that the classifier has not seen. The calibrated margin stays a straight line of
the model's own, so what explains the one explains the other; isotonic steps would not, nor would they rank
rows as finely.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from ml.steps.evaluate.metrics import Labels
from scoring.model.schema import Matrix


def calibrated(classifier: Any, matrix: Matrix, labels: Labels) -> Any:
    """The classifier, unchanged, under a sigmoid fitted on matrix [rows, features] and labels [rows]."""
    build: Any = CalibratedClassifierCV
    return build(FrozenEstimator(classifier), method="sigmoid").fit(matrix.astype(np.float64), labels)
