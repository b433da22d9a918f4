"""A column that upstream broke, told apart from one whose values drifted: no training mends it."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.quality.rules import Rules
from ml.quality.sums import STEPS, DaySums
from scoring.model.sketch import DriftReference, FeatureSketch

Kind = Literal["missing", "constant", "unit"]

ONE_BIN: Final = 0.999  # of the rows in one bin, and the column counts as constant ...
ONE_BIN_BEFORE: Final = 0.9  # ... unless training had this share of its rows there
LEAST_FACTOR: Final = 4.0  # a smaller factor cannot be told from values that moved (prices that rose)
SPREAD: Final = 0.1  # of the logarithms of the quantiles' ratios, as median absolute deviation
LEAST_RATIOS: Final = 6


class Fault(NamedTuple):
    kind: Kind
    words: str


def fault(
    sketch: FeatureSketch,
    counts: NDArray[np.int64],
    nulls: int,
    quantiles: NDArray[np.float64],
    rules: Rules,
) -> Fault | None:
    """What is wrong with a column, if it looks like a fault upstream.

    counts: of the feature's bins. nulls: rows without a value. quantiles: at 1/STEPS ... (STEPS-1)/STEPS.
    A column that has no value at all was not kept (its feature is redacted), which is no fault.
    """
    rows = int(counts.sum())
    if rows and nulls >= rules.null_share * (rows + nulls):
        return Fault("missing", f"{nulls / (rows + nulls):.1%} of the rows have no value; training had none")
    if rows < rules.least_rows:
        return None
    expected = np.asarray(sketch.counts, dtype=np.int64)
    fullest = int(counts.argmax())
    before = expected[fullest] / expected.sum()
    if counts[fullest] >= ONE_BIN * rows and before < ONE_BIN_BEFORE:
        place = _bin_words(sketch, fullest)
        return Fault(
            "constant", f"{counts[fullest] / rows:.1%} of the rows are {place}; in training {before:.1%}"
        )
    factor = _factor(sketch, quantiles) if sketch.test == "kolmogorov-smirnov" else None
    if factor is not None:
        return Fault("unit", f"all values are about {factor:.3g} times those of training: a change of unit?")
    return None


def is_broken(reference: DriftReference, sums: DaySums, rules: Rules) -> bool:
    """Whether any column of a day looks broken."""
    return any(
        fault(
            sketch,
            sums.bins[number, : len(sketch.counts)],
            int(sums.nulls[number]),
            sums.quantiles[number],
            rules,
        )
        for number, sketch in enumerate(reference.sketches)
    )


def _bin_words(sketch: FeatureSketch, number: int) -> str:
    """Where the values of a bin lie."""
    if sketch.test == "chi-squared":
        return f"category {number}"
    if number == len(sketch.edges):
        return f"above {sketch.edges[-1]:g}"
    return f"at most {sketch.edges[number]:g}" + (
        f" and above {sketch.edges[number - 1]:g}" if number else ""
    )


def reference_quantiles(sketch: FeatureSketch) -> NDArray[np.float64]:
    """Quantiles of training at 1/STEPS ... (STEPS-1)/STEPS, as near as the bins' edges tell them."""
    counts = np.asarray(sketch.counts, dtype=np.float64)
    shares = np.cumsum(counts) / counts.sum()
    edges = np.asarray(sketch.edges, dtype=np.float64)
    places = np.searchsorted(shares, np.arange(1, STEPS) / STEPS - 1e-9)
    return edges[np.minimum(places, edges.size - 1)]


def _factor(sketch: FeatureSketch, quantiles: NDArray[np.float64]) -> float | None:
    """The number by which all quantiles are those of training multiplied, if there is one."""
    before = reference_quantiles(sketch)
    usable = ~np.isnan(quantiles) & (before * quantiles > 0)
    if np.unique(before[usable]).size < LEAST_RATIOS:
        return None
    # Near zero a ratio is mostly chance.
    usable &= np.abs(before) >= np.median(np.abs(before[usable]))
    logarithms = np.log(quantiles[usable] / before[usable])
    middle = float(np.median(logarithms))
    if abs(middle) < np.log(LEAST_FACTOR) or float(np.median(np.abs(logarithms - middle))) > SPREAD:
        return None
    return float(np.exp(middle))
