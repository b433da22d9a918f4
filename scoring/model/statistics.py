"""Two-sample statistics on binned counts, in numpy alone (scipy is not part of the scoring image)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def population_stability_index(reference: Counts, window: Counts) -> float:
    """PSI of two histograms over the same bins.

    Half a row is added to each bin (Jeffreys' prior), so that an empty bin has a finite logarithm. Bins that
    are empty in both are left out: half a row is a greater share of the smaller histogram.
    """
    seen = reference + window > 0
    reference, window = reference[seen], window[seen]
    expected = (reference + 0.5) / (reference.sum() + 0.5 * reference.size)
    actual = (window + 0.5) / (window.sum() + 0.5 * window.size)
    return float(((actual - expected) * np.log(actual / expected)).sum())


def kolmogorov_smirnov(reference: Counts, window: Counts) -> float:
    """P-value of the two-sample Kolmogorov-Smirnov test of two histograms over the same ordered bins.

    The distance is taken at the bins' edges only, so it is at most the exact one: the test is conservative.
    """
    rows, others = int(window.sum()), int(reference.sum())
    distance = float(np.abs(np.cumsum(window) / rows - np.cumsum(reference) / others).max())
    effective = math.sqrt(rows * others / (rows + others))
    return kolmogorov_tail((effective + 0.12 + 0.11 / effective) * distance)


def kolmogorov_tail(value: float) -> float:
    """P(K > value) of Kolmogorov's distribution."""
    if value < 0.2:  # here the series converges slowly, and the probability is 1 up to its 10th digit
        return 1.0
    terms = np.arange(1, 101)
    series = float(((-1.0) ** (terms - 1) * np.exp(-2.0 * terms**2 * value**2)).sum())
    return min(1.0, max(0.0, 2.0 * series))


def chi_squared(reference: Counts, window: Counts, least_expected: float = 5.0) -> float:
    """P-value of the chi-squared test that two histograms over the same categories have one distribution.

    The approximation is poor where few rows are expected, so categories are pooled, rarest first, until the
    window's expected count reaches `least_expected` in each pool. When that leaves two pools of which one is
    still too rare, Fisher's exact test takes its place.
    """
    pooled = _pool(reference, window, least_expected)
    if pooled.shape[1] < 2:
        return 1.0
    expected = pooled.sum(axis=1, keepdims=True) * pooled.sum(axis=0, keepdims=True) / pooled.sum()
    if expected[1].min() < least_expected:
        return fisher_exact(pooled.astype(np.int64))
    statistic = float(((pooled - expected) ** 2 / expected).sum())
    return chi_squared_tail(statistic, pooled.shape[1] - 1)


def _pool(reference: Counts, window: Counts, least_expected: float) -> NDArray[np.float64]:
    """Both histograms [2, pools] in rising order, rare categories merged, never into fewer than two."""
    both = np.stack([reference, window]).astype(np.float64)
    both = both[:, both.sum(axis=0) > 0]
    share = window.sum() / (window.sum() + reference.sum())
    both = both[:, np.argsort(both.sum(axis=0))]
    while both.shape[1] > 2 and both[:, 0].sum() * share < least_expected:
        merged = both[:, :1] + both[:, 1:2]
        rest = both[:, 2:]
        at = int(np.searchsorted(rest.sum(axis=0), merged.sum()))
        both = np.concatenate([rest[:, :at], merged, rest[:, at:]], axis=1)
    return both


def fisher_exact(table: Counts) -> float:
    """Two-sided p-value of a table [2, 2]: the sum over tables of the same margins that are no likelier."""
    (a, b), (c, d) = table.tolist()
    first_row, first_column, total = a + b, a + c, a + b + c + d
    lowest, highest = max(0, first_column - (c + d)), min(first_row, first_column)

    def log_choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    logs = [
        log_choose(first_row, k) + log_choose(total - first_row, first_column - k)
        for k in range(lowest, highest + 1)
    ]
    everything = log_choose(total, first_column)
    observed = logs[a - lowest] + 1e-7  # the margin lets rounding not exclude tables that are as likely
    return min(1.0, math.fsum(math.exp(value - everything) for value in logs if value <= observed))


def chi_squared_tail(statistic: float, freedom: int) -> float:
    """P(X > statistic) of the chi-squared distribution with `freedom` (a whole number) degrees of freedom.

    Closed forms: a finite Poisson sum for even degrees, the same from the error function for odd ones.
    """
    if statistic <= 0.0:
        return 1.0
    half = statistic / 2.0
    if freedom % 2 == 0:
        total, powers = 0.0, [float(i) for i in range(freedom // 2)]
    else:
        total, powers = math.erfc(math.sqrt(half)), [i + 0.5 for i in range(freedom // 2)]
    logarithm = math.log(half)
    total += sum(math.exp(power * logarithm - half - math.lgamma(power + 1.0)) for power in powers)
    return min(1.0, total)


def benjamini_hochberg(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """P-values adjusted for many tests: at most a share `a` of those at or below `a` is a false discovery."""
    count = p_values.size
    order = np.argsort(p_values)
    scaled = p_values[order] * count / np.arange(1, count + 1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted
