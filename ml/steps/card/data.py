"""Describes the rows that the model learned from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.steps.card.subject import Subject
from ml.steps.contract import LABEL
from scoring.model.schema import CategoryFeature


def measure(subject: Subject) -> dict[str, Any]:
    """The counts of rows, and for each feature its meaning and the spread of its training values."""
    features: list[dict[str, Any]] = []
    for column, feature in enumerate(subject.artifact.schema.features):
        values = subject.train_matrix[:, column]
        entry: dict[str, Any] = {"feature": feature.name, "description": feature.description}
        if isinstance(feature, CategoryFeature):
            codes, counts = np.unique(values.astype(int), return_counts=True)
            pairs = zip(codes.tolist(), (counts / len(values)).tolist(), strict=True)
            shares = {str(feature.categories[code]): round(share, 4) for code, share in pairs}
            entry |= {"type": "category", "shares": shares}
        else:
            low, middle, high = np.quantile(values, (0.01, 0.5, 0.99))
            entry |= {"type": "number", "p1": float(low), "median": float(middle), "p99": float(high)}
        features.append(entry)
    return {
        "train_rows": len(subject.train),
        "test_rows": len(subject.test),
        "train_positive_rate": float((subject.train[LABEL] == 1).mean()),
        "test_positive_rate": float(subject.labels.mean()),
        "features": features,
    }
