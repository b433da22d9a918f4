"""How often the drift window alarms: on clean rows, and when one feature has moved."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.steps.card.subject import Subject
from scoring.model.drift import DriftRules, WindowCounts, evaluate
from scoring.model.schema import CategoryFeature, Matrix
from scoring.model.sketch import DriftReference

CLEAN_WINDOWS = 200  # so that a share of 1% has a standard error of 0.7%
MOVED_WINDOWS = 20  # a feature: one may be missed, and 95% are still found
SHIFT = 0.5  # of a number, in its standard deviations
MOVED = 0.2  # of a category's rows: they get the rarest of the categories that one row in a hundred has
WHAT_MOVED = "numbers by half a standard deviation, a fifth of a category's rows to its rarest common value"


def measure(subject: Subject) -> dict[str, Any]:
    """Windows of test rows; a shifted one has one feature moved, each in turn.

    A window's rows are drawn without replacement, so each window is a sample as fresh as the test rows are.
    With replacement it would be a sample of a sample: the chance by which the test rows differ from the
    reference would be counted in every window. None where a window holds more rows than there are.
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

    def drifted(rows: Matrix) -> tuple[str, ...]:
        return evaluate(reference, counted(reference, rows), rules, None).drifted

    alarms = [bool(drifted(window())) for _ in range(CLEAN_WINDOWS)]
    power = {
        name: float(
            np.mean([name in drifted(moved(subject, window(), column, random)) for _ in range(MOVED_WINDOWS)])
        )
        for column, name in enumerate(names)
    }
    return {
        **found,
        "false_alarms": float(np.mean(alarms)),
        "power": float(np.mean(list(power.values()))),
        "least_power": [name for name in names if power[name] < 0.95],
    }


def drawn(random: np.random.Generator, rows: int, count: int) -> NDArray[np.intp]:
    """Positions of so many of the rows, none of them twice."""
    return random.permutation(rows)[:count]


def counted(reference: DriftReference, rows: Matrix) -> WindowCounts:
    """The histograms of all rows at once."""
    counts = np.zeros((len(reference.sketches), reference.bins), dtype=np.int64)
    for column, bins in enumerate(reference.bin_numbers(rows).T):
        counts[column] = np.bincount(bins, minlength=reference.bins)
    return WindowCounts(len(rows), counts)


def moved(subject: Subject, rows: Matrix, column: int, random: np.random.Generator) -> Matrix:
    """The rows [rows, features] with one column moved within the contract."""
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
