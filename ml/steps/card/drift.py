"""How often the drift window alarms: on clean rows, and when one feature has moved."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.steps.card.subject import Subject
from scoring.model.drift import DriftRules, WindowCounts, compare, evaluate
from scoring.model.schema import CategoryFeature, Matrix
from scoring.model.sketch import DriftReference
from scoring.model.statistics import population_stability_index

CLEAN_WINDOWS = 200  # with so many, a share of 1% has a standard error of 0.7%
MOVED_WINDOWS = 20  # of each feature: one may be missed, and 95% are still found
SHIFT = 0.5  # by how many of its standard deviations a number is moved
MOVED = 0.2  # share of rows that get another category: the rarest that at least 1% of the rows have
WHAT_MOVED = "numbers by half a standard deviation, a fifth of a category's rows to its rarest common value"


def measure(subject: Subject) -> dict[str, Any]:
    """The share of alarms in windows of unchanged test rows, and in windows in which one feature is moved.

    A window's rows are drawn without replacement, as a service gets them. With replacement, each window would
    repeat the chance by which the test rows differ from the reference, and there would be more alarms. The
    figures are None when there are fewer test rows than a window holds.
    """
    random, rules, reference = subject.random, DriftRules(), subject.artifact.drift
    names, rows = subject.artifact.schema.names, len(subject.matrix)
    found: dict[str, Any] = {
        "window_rows": rules.window_rows,
        "rows": rows,
        "clean_windows": CLEAN_WINDOWS,
        "moved_windows": MOVED_WINDOWS,
        "shift": WHAT_MOVED,
    }
    if rows < rules.window_rows:
        return {**found, "false_alarms": None, "power": None, "least_power": None}

    def window() -> Matrix:
        return subject.matrix[drawn(random, rows, rules.window_rows)]

    def drifted(rows: Matrix, column: int | None = None) -> bool:
        return alarmed(reference, counted(reference, rows), rules, column)

    alarms = [drifted(window()) for _ in range(CLEAN_WINDOWS)]
    power = {
        name: float(
            np.mean([drifted(moved(subject, window(), column, random), column) for _ in range(MOVED_WINDOWS)])
        )
        for column, name in enumerate(names)
    }
    return {
        **found,
        "false_alarms": float(np.mean(alarms)),
        "power": float(np.mean(list(power.values()))),
        "least_power": [name for name in names if power[name] < 0.95],
    }


def alarmed(
    reference: DriftReference, window: WindowCounts, rules: DriftRules, column: int | None = None
) -> bool:
    """Whether `evaluate` finds that the column drifted or, without one, that any of them did.

    It leaves out what cannot change the answer, most of the tests of hundreds of windows. A column has not
    drifted that is as stable as the rules ask for, or whose own p-value is beyond the rate, whatever those of
    the others are; it has when its p-value is low enough for all columns together (Bonferroni).
    """
    if window.rows < max(1, rules.least_rows):
        return False
    every, rate = range(len(reference.sketches)), rules.false_discovery_rate
    p_values: dict[int, float] = {}
    for each in every if column is None else [column]:
        sketch = reference.sketches[each]
        actual = window.counts[each, : len(sketch.counts)]
        expected = np.asarray(sketch.counts, dtype=np.int64)
        if population_stability_index(expected, actual) >= rules.least_psi:
            p_values[each] = compare(sketch, actual)[1]
    if all(value > rate for value in p_values.values()):
        return False
    if any(value * len(every) <= rate for value in p_values.values()):
        return True
    features = evaluate(reference, window, rules, None).features
    return any(features[each].drifted for each in p_values)


def drawn(random: np.random.Generator, rows: int, count: int) -> NDArray[np.intp]:
    """Positions of `count` rows, none of them twice."""
    return random.permutation(rows)[:count]


def counted(reference: DriftReference, rows: Matrix) -> WindowCounts:
    """The histograms of all features over the rows [rows, features]."""
    counts = np.zeros((len(reference.sketches), reference.bins), dtype=np.int64)
    for column, bins in enumerate(reference.bin_numbers(rows).T):
        counts[column] = np.bincount(bins, minlength=reference.bins)
    return WindowCounts(len(rows), counts)


def moved(subject: Subject, rows: Matrix, column: int, random: np.random.Generator) -> Matrix:
    """The rows [rows, features] with one column moved, in place, to values that the contract allows."""
    feature, values = subject.artifact.schema.features[column], rows[:, column]
    if isinstance(feature, CategoryFeature):
        codes, seen = np.unique(subject.train_matrix[:, column], return_counts=True)
        common = seen >= 0.01 * seen.sum()
        to = codes[common][np.argmin(seen[common])]
        rows[:, column] = np.where(random.random(len(rows)) < MOVED, to, values)
    else:
        step = SHIFT * float(subject.train_matrix[:, column].std())
        added = np.rint(values + step) if feature.integer else values + step
        rows[:, column] = np.clip(added, feature.minimum, feature.maximum)
    return rows
