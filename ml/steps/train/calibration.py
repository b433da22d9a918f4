"""Probabilities that mean what they say: Platt scaling of a fitted classifier.

Two numbers are learned on rows that the classifier has not seen. The calibrated margin is a linear function
of the model's own margin, so it has the same explanation. Isotonic calibration would not keep that, and would
rank rows less finely.
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
