"""Measures whether the probabilities are calibrated: of rows with 0.3, about 30% should have label 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.steps.card.subject import RESAMPLES, Subject
from ml.steps.evaluate.metrics import Labels, Probabilities

BINS = 10


def measure(subject: Subject) -> dict[str, Any]:
    """Calibration over ten bins of equal size.

    `error` is the expected calibration error: the mean distance between a bin's mean probability and its
    share of label 1.
    """
    labels, probabilities = subject.labels, subject.probabilities
    bins = reliability(labels, probabilities)
    drawn = [
        expected_error(reliability(labels[rows], probabilities[rows]))
        for rows in subject.resamples(RESAMPLES)
    ]
    return {
        "error": expected_error(bins),
        "error_deviation": float(np.std(drawn)),
        "method": "Platt scaling",
        "bins": bins,
    }


def reliability(labels: Labels, probabilities: Probabilities, bins: int = BINS) -> list[dict[str, float]]:
    """The rows in bins of equal size by rising probability; equal ones keep the order of their rows."""
    order = np.argsort(probabilities, kind="stable")
    return [
        {
            "rows": len(part),
            "from": float(probabilities[part[0]]),
            "to": float(probabilities[part[-1]]),
            "predicted": float(probabilities[part].mean()),
            "observed": float(labels[part].mean()),
        }
        for part in np.array_split(order, bins)
        if len(part)
    ]


def expected_error(bins: list[dict[str, float]]) -> float:
    """The mean distance between predicted and observed shares, where each bin counts by its rows."""
    rows = sum(each["rows"] for each in bins)
    return sum(each["rows"] * abs(each["predicted"] - each["observed"]) for each in bins) / rows
