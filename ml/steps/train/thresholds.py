"""Thresholds learned on rows that no model was fitted on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.steps.evaluate.metrics import Labels
from scoring.model.artifact import Thresholds

Scores = NDArray[np.float32]
ABOVE_ZERO, BELOW_ONE = np.float32(1e-6), np.nextafter(np.float32(1), np.float32(0))


def learn(
    labels: Labels,
    probability: Scores,
    outlier_score: Scores,
    outlier_share: float,
    false_negative_cost: float,
    false_positive_cost: float,
) -> Thresholds:
    """From the exported graph's answers on validation rows, the numbers that serving compares."""
    return Thresholds(
        decision=cheapest(labels, probability, false_negative_cost, false_positive_cost),
        outlier=outlier_threshold(outlier_score, outlier_share),
        outlier_share=outlier_share,
        false_negative_cost=false_negative_cost,
        false_positive_cost=false_positive_cost,
    )


def outlier_threshold(scores: Scores, share: float) -> float:
    """The least score that no more than `share` of the rows exceed."""
    return float(np.quantile(scores, 1.0 - share, method="inverted_cdf"))


def cheapest(
    labels: Labels, probability: Scores, false_negative_cost: float, false_positive_cost: float
) -> float:
    """The threshold with the least cost, between 0 and 1; rows at or above it are labelled 1.

    It is the probability of some row, unless it costs less to label no row 1.
    """
    order = np.argsort(-probability, kind="stable")
    ranked, positive = probability[order], labels[order] == 1
    # By k, what is missed and what is a false alarm when the first k + 1 rows are labelled 1.
    missed = positive.sum() - np.cumsum(positive)
    alarmed = np.cumsum(~positive)
    costs = missed * false_negative_cost + alarmed * false_positive_cost
    ends = np.append(ranked[1:] != ranked[:-1], True)  # no threshold separates equal probabilities
    best = int(np.flatnonzero(ends)[np.argmin(costs[ends])])
    above = np.nextafter(np.float32(ranked[0]), np.float32(np.inf))
    if positive.sum() * false_negative_cost < costs[best] and above <= BELOW_ONE:
        return float(above)
    return float(np.clip(ranked[best], ABOVE_ZERO, BELOW_ONE))
