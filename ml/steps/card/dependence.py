"""Partial dependence: the mean probability when one feature has the same value in every row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ml.steps.card.subject import Subject
from scoring.model.schema import CategoryFeature

ROWS, POINTS = 1_000, 16


def measure(subject: Subject, features: list[str]) -> dict[str, Any]:
    """For each feature, values and the mean probability at each; of a number, at quantiles."""
    names = subject.artifact.schema.names
    return {name: _of_feature(subject, names.index(name)) for name in features}


def _of_feature(subject: Subject, column: int) -> dict[str, Any]:
    feature = subject.artifact.schema.features[column]
    if isinstance(feature, CategoryFeature):
        values = list(range(len(feature.categories)))
        return {
            "type": "category",
            "values": [str(category) for category in feature.categories],
            "probability": _means(subject, column, values),
        }
    quantiles = np.linspace(0.01, 0.99, POINTS)
    found = np.unique(np.quantile(subject.matrix[:, column], quantiles, method="inverted_cdf")).tolist()
    return {"type": "number", "values": found, "probability": _means(subject, column, found)}


def _means(subject: Subject, column: int, values: Sequence[float]) -> list[float]:
    rows = subject.sample(ROWS)
    means: list[float] = []
    for value in values:
        rows[:, column] = value
        means.append(float(subject.composite.run(rows)[0].mean(dtype=np.float64)))
    return means
