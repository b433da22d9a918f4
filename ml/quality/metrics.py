"""Quality over histograms of probabilities: measured from labels, or estimated from the probabilities.

Both are one computation. Measured: each bin has so many rows with label 1 and with label 0. Estimated: a row
of calibrated probability p counts as p rows with label 1 and 1 - p rows with label 0. That is CBPE,
confidence-based performance estimation (Białek et al., "Estimating Model Performance Under Covariate Shift
Without Labels", arXiv:2401.08348). It holds while P(label | features) is what it was in training: it follows
covariate shift and is blind to concept drift.

The interval of the ROC AUC is DeLong's (DeLong, DeLong, Clarke-Pearson, Biometrics 44, 1988), which over a
histogram with ties counted half is exact and needs no resampling; those of means are normal; that of average
precision is by the delta method.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

CONFIDENCE: Final = 0.95  # of every interval
LEAST: Final = (
    1e-15  # probabilities are kept so far from 0 and 1 in a logarithm, as when models are evaluated
)

Weights = NDArray[np.float64]
Z: Final = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, the standard deviation of its error, and the limits of its 95% interval."""

    value: float
    deviation: float
    low: float
    high: float

    @staticmethod
    def normal(value: float, variance: float, least: float = -math.inf, most: float = math.inf) -> Estimate:
        deviation = math.sqrt(max(0.0, variance))
        low, high = value - Z * deviation, value + Z * deviation
        return Estimate(value, deviation, max(least, low), min(most, high))


@dataclass(frozen=True, slots=True)
class Costs:
    """What it costs to say 0 where the label is 1, and 1 where it is 0."""

    false_negative: float
    false_positive: float


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Rows by what was said and what was so, bins in the order of rising probability.

    positive, negative: rows with label 1 and 0, [2, bins]: the first index is the label that was predicted.
    Counts where labels are known, expected counts where they are estimated.
    probability: the mean of each bin's rows, [2, bins]; anything where a bin is empty.
    """

    positive: Weights
    negative: Weights
    probability: Weights

    @property
    def positives(self) -> float:
        return float(self.positive.sum())

    @property
    def negatives(self) -> float:
        return float(self.negative.sum())


def ranking(outcomes: Outcomes) -> Estimate | None:
    """ROC AUC, with DeLong's interval. None while one of the labels has fewer than two rows."""
    positive, negative = outcomes.positive.sum(axis=0), outcomes.negative.sum(axis=0)
    ones, zeros = float(positive.sum()), float(negative.sum())
    if min(ones, zeros) < 2.0:
        return None
    beaten, beating = _places(positive, negative)
    value = float(positive @ beaten) / ones
    variance = float(positive @ (beaten - value) ** 2) / (ones - 1.0) / ones
    variance += float(negative @ (beating - value) ** 2) / (zeros - 1.0) / zeros
    return Estimate.normal(value, variance, 0.0, 1.0)


def _places(positive: Weights, negative: Weights) -> tuple[Weights, Weights]:
    """By bin: the share of rows with label 0 below it, and of rows with label 1 above it; ties are halves."""
    ones, zeros = positive.sum(), negative.sum()
    below = (np.cumsum(negative) - 0.5 * negative) / zeros
    above = 1.0 - (np.cumsum(positive) - 0.5 * positive) / ones
    return below, above


def label_noise(expected: Outcomes) -> float:
    """Standard deviation of the ROC AUC over labels that are drawn from the probabilities.

    The scores are held fixed. Linear in each label: the derivative of the AUC by a row's label is
    (share of label 0 below - AUC) / ones - (share of label 1 above - AUC) / zeros.
    """
    positive, negative = expected.positive.sum(axis=0), expected.negative.sum(axis=0)
    ones, zeros = float(positive.sum()), float(negative.sum())
    if min(ones, zeros) <= 0.0:
        return math.inf
    beaten, beating = _places(positive, negative)
    value = float(positive @ beaten) / ones
    slope = (beaten - value) / ones - (beating - value) / zeros
    rows = positive + negative
    share = np.divide(positive, rows, out=np.zeros_like(rows), where=rows > 0)
    return math.sqrt(float((rows * share * (1.0 - share)) @ slope**2))


def average_precision(outcomes: Outcomes) -> Estimate | None:
    """Average precision. None without a row of label 1.

    Its variance is by the delta method, over bins whose rows vary in number as Poisson's do.
    """
    positive = outcomes.positive.sum(axis=0)[::-1]  # from the highest probability down
    negative = outcomes.negative.sum(axis=0)[::-1]
    ones = float(positive.sum())
    if ones <= 0.0:
        return None
    hits = np.cumsum(positive)
    called = hits + np.cumsum(negative)
    empty = called <= 0.0
    called[empty] = 1.0
    precision = hits / called
    value = float(positive @ precision) / ones
    more_hits = _from_here(positive * (called - hits) / called**2)
    more_called = _from_here(positive * hits / called**2)
    by_positive = (precision - value + more_hits) / ones
    by_negative = -more_called / ones
    variance = float(positive @ by_positive**2 + negative @ by_negative**2)
    return Estimate.normal(value, variance, 0.0, 1.0)


def _from_here(values: Weights) -> Weights:
    """Sums of each value and all that follow it."""
    return np.cumsum(values[::-1])[::-1]


def _mean(outcomes: Outcomes, one: Weights, zero: Weights, most: float = math.inf) -> Estimate | None:
    """The mean loss of a row: `one` where the label is 1, `zero` where it is 0, each [2, bins]."""
    rows = outcomes.positives + outcomes.negatives
    if rows <= 0.0:
        return None
    mean = float((outcomes.positive * one + outcomes.negative * zero).sum()) / rows
    square = float((outcomes.positive * one**2 + outcomes.negative * zero**2).sum()) / rows
    return Estimate.normal(mean, (square - mean**2) / rows, 0.0, most)


def brier(outcomes: Outcomes) -> Estimate | None:
    return _mean(outcomes, (1.0 - outcomes.probability) ** 2, outcomes.probability**2, 1.0)


def log_loss(outcomes: Outcomes) -> Estimate | None:
    kept = np.clip(outcomes.probability, LEAST, 1.0 - LEAST)
    return _mean(outcomes, -np.log(kept), -np.log1p(-kept))


def cost(outcomes: Outcomes, costs: Costs) -> Estimate | None:
    """What errors cost a row, by the labels that were predicted."""
    one, zero = np.zeros_like(outcomes.positive), np.zeros_like(outcomes.positive)
    one[0], zero[1] = costs.false_negative, costs.false_positive
    return _mean(outcomes, one, zero)


def all_of(outcomes: Outcomes, costs: Costs) -> dict[str, Estimate]:
    """Every metric that models are judged by, as far as the rows allow it, by its name in the settings."""
    found = {
        "roc_auc": ranking(outcomes),
        "average_precision": average_precision(outcomes),
        "brier": brier(outcomes),
        "log_loss": log_loss(outcomes),
        "cost": cost(outcomes, costs),
    }
    return {name: estimate for name, estimate in found.items() if estimate is not None}
