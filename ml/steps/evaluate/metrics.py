"""The metrics of a classifier, and which way each of them is better."""

from __future__ import annotations

from typing import Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

Direction = Literal["higher", "lower"]
Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]

DIRECTIONS: dict[str, Direction] = {
    "roc_auc": "higher",
    "average_precision": "higher",
    "brier": "lower",
    "log_loss": "lower",
    "cost": "lower",  # what errors cost at the decision threshold, as a mean over all rows
}

DIGITS = 8  # decimals with which a metric is recorded


class Costs(NamedTuple):
    """What it costs to predict 0 where the label is 1, and 1 where it is 0. Only the ratio matters."""

    false_negative: float
    false_positive: float


def ranking(labels: Labels, probabilities: Probabilities) -> dict[str, float]:
    """The metrics that need no threshold. Both labels must occur in `labels` [rows]."""
    from sklearn import metrics as sk  # two seconds, which steps that only compare figures need not spend

    clipped = np.clip(probabilities, 1e-15, 1 - 1e-15)
    values = {
        "roc_auc": sk.roc_auc_score(labels, probabilities),
        "average_precision": sk.average_precision_score(labels, probabilities),
        "brier": sk.brier_score_loss(labels, np.clip(probabilities, 0.0, 1.0)),
        "log_loss": sk.log_loss(labels, clipped),
    }
    return {name: float(cast("float", value)) for name, value in values.items()}


def cost(
    labels: Labels,
    probabilities: Probabilities,
    threshold: float,
    false_negative_cost: float,
    false_positive_cost: float,
) -> float:
    """The mean cost of a row when label 1 is predicted from the threshold on."""
    positive = probabilities >= threshold
    false_negatives = int((~positive & (labels == 1)).sum())
    false_positives = int((positive & (labels == 0)).sum())
    return (false_negatives * false_negative_cost + false_positives * false_positive_cost) / len(labels)
