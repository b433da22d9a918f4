"""How often the drift window alarms: on clean rows, and when one feature has moved."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.steps.card.subject import Subject
from scoring.drift import DriftRules, WindowCounts, evaluate
from scoring.schema import CategoryFeature, Matrix
from scoring.sketch import DriftReference

WINDOWS = 115  # five for each feature
SHIFT = 0.5  # of a number: in standard deviations
MOVED = 0.2  # of a category's rows: they get the rarest of the categories that one row in a hundred has
WHAT_MOVED = "numbers by half a standard deviation, a fifth of a category's rows to its rarest common value"


def measure(subject: Subject) -> dict[str, Any]:
    """Windows of test rows, drawn with replacement; a shifted one has one feature moved, each in turn."""
    random, rules, reference = subject.random, DriftRules(), subject.artifact.drift
    names = subject.artifact.schema.names

    def window() -> Matrix:
        return subject.matrix[random.integers(0, len(subject.matrix), rules.window_rows)].copy()

    clean = [evaluate(reference, counted(reference, window()), rules, None) for _ in range(WINDOWS)]
    found: dict[str, list[bool]] = {name: [] for name in names}
    for number in range(WINDOWS):
        column = number % len(names)
        rows = moved(subject, window(), column, random)
        report = evaluate(reference, counted(reference, rows), rules, None)
        found[names[column]].append(names[column] in report.drifted)
    return {
        "window_rows": rules.window_rows,
        "windows": WINDOWS,
        "false_alarms": float(np.mean([bool(report.drifted) for report in clean])),
        "shift": WHAT_MOVED,
        "power": float(np.mean([each for seen in found.values() for each in seen])),
        "least_power": [name for name in names if np.mean(found[name]) < 0.95],
    }


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
