"""The least and the greatest values that the contract allows."""

from __future__ import annotations

import numpy as np

from scoring.model.schema import CategoryFeature, Matrix, Schema


def limits(schema: Schema) -> tuple[Matrix, Matrix]:
    """The least and the greatest value of each column that the contract allows, [features] each."""
    pairs = [
        (0.0, len(feature.categories) - 1.0)
        if isinstance(feature, CategoryFeature)
        else (feature.minimum, feature.maximum)
        for feature in schema.features
    ]
    low, high = np.asarray(pairs, dtype=np.float32).T
    return low, high
