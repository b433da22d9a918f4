"""Measures what the decision threshold does and what its errors cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.steps.card.subject import Subject
from ml.steps.evaluate.metrics import cost

GRID = np.round(np.arange(0.02, 0.9, 0.02), 2)


def measure(subject: Subject) -> dict[str, Any]:
    """The confusion matrix at the threshold, and the mean cost of a row at this and other thresholds."""
    labels, predicted, chosen = subject.labels, subject.predicted, subject.artifact.thresholds
    costs = (chosen.false_negative_cost, chosen.false_positive_cost)
    hits, misses = int((predicted & labels).sum()), int(((1 - predicted) & labels).sum())
    alarms = int((predicted & (1 - labels)).sum())
    return {
        **chosen.to_json(),
        "true_positives": hits,
        "false_negatives": misses,
        "false_positives": alarms,
        "true_negatives": len(labels) - hits - misses - alarms,
        "selection_rate": float(predicted.mean()),
        "recall": hits / max(1, hits + misses),
        "precision": hits / max(1, hits + alarms),
        "cost": (misses * costs[0] + alarms * costs[1]) / len(labels),
        "cost_of_none": cost(labels, subject.probabilities, 2.0, *costs),
        "cost_of_all": cost(labels, subject.probabilities, 0.0, *costs),
        "curve": [
            {"threshold": float(at), "cost": cost(labels, subject.probabilities, float(at), *costs)}
            for at in GRID
        ],
    }
