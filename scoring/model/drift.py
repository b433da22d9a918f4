"""Counts, merges and tests windows of scored rows: has a feature drifted from the reference?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import orjson
from numpy.typing import NDArray

from scoring.model.sketch import DriftReference, FeatureSketch
from scoring.model.statistics import (
    benjamini_hochberg,
    chi_squared,
    kolmogorov_smirnov,
    population_stability_index,
)

Status = Literal["collecting", "stable", "drifted"]


@dataclass(frozen=True, slots=True)
class DriftRules:
    """When a window has rows enough to be judged, and when a feature counts as drifted.

    A feature has drifted when its adjusted p-value is at most `false_discovery_rate` and its PSI at least
    `least_psi`: significance alone grows with the window, the index is the size of the change. The rate is
    low because a rolling window is tested again and again; p-values of moderate shifts lie far below it.
    """

    window_rows: int = 1_000
    least_rows: int = 200
    false_discovery_rate: float = 0.002
    least_psi: float = 0.01


@dataclass(frozen=True, slots=True)
class WindowCounts:
    """Histograms [features, bins] of the rows of one window, or of several: they add up exactly."""

    rows: int
    counts: NDArray[np.int64]

    def merge(self, other: WindowCounts) -> WindowCounts:
        """The counts of both windows together, as if one process had seen all rows.

        Raises ValueError when the windows count different bins.
        """
        if self.counts.shape != other.counts.shape:
            raise ValueError(f"windows of shapes {self.counts.shape} and {other.counts.shape} do not merge")
        return WindowCounts(self.rows + other.rows, self.counts + other.counts)

    def to_json(self, reference: DriftReference) -> dict[str, Any]:
        features = {
            sketch.name: self.counts[row, : len(sketch.counts)].tolist()
            for row, sketch in enumerate(reference.sketches)
        }
        return {"rows": self.rows, "counts": features}

    @staticmethod
    def from_json(value: dict[str, Any], reference: DriftReference) -> WindowCounts:
        """Raises ValueError when the counts do not fit the reference."""
        counts = np.zeros((len(reference.sketches), reference.bins), dtype=np.int64)
        for row, sketch in enumerate(reference.sketches):
            found = value["counts"].get(sketch.name, [])
            if len(found) != len(sketch.counts) or sum(found) != value["rows"]:
                raise ValueError(
                    f"counts of {sketch.name!r} do not fit the reference and {value['rows']} rows"
                )
            counts[row, : len(found)] = found
        return WindowCounts(int(value["rows"]), counts)


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    name: str
    psi: float
    p_value: float
    p_adjusted: float
    drifted: bool


@dataclass(frozen=True)
class DriftReport:
    """The result of one window. `features` is empty while it holds fewer rows than the rules ask for."""

    rules: DriftRules
    rows: int
    evaluated_at: str | None
    features: tuple[FeatureDrift, ...]

    @cached_property
    def drifted(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features if feature.drifted)

    @property
    def status(self) -> Status:
        if not self.features:
            return "collecting"
        return "drifted" if self.drifted else "stable"

    def to_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "window_size": self.rules.window_rows,
            "window_rows": self.rows,
            "least_rows": self.rules.least_rows,
            "evaluated_at": self.evaluated_at,
            "drifted": list(self.drifted),
            "features": {
                feature.name: {
                    "psi": round(feature.psi, 6),
                    "p_value": float(f"{feature.p_value:.6g}"),
                    "p_adjusted": float(f"{feature.p_adjusted:.6g}"),
                    "drifted": feature.drifted,
                }
                for feature in self.features
            },
        }

    @cached_property
    def json(self) -> bytes:
        """The report as JSON, made once for all answers that carry it."""
        return orjson.dumps(self.to_json())


def compare(sketch: FeatureSketch, actual: NDArray[np.int64]) -> tuple[float, float]:
    """Population stability index and p-value of one feature's counts (those of its bins) against its sketch.

    A category is tested by chi-squared. A number is tested twice, by Kolmogorov-Smirnov, which is good at
    seeing all values move one way, and by chi-squared over the bins, which sees where values pile up or are
    missing (a heavy tail scaled, a value of its own that grows); the smaller p-value counts, doubled.
    """
    expected = np.asarray(sketch.counts, dtype=np.int64)
    p_value = chi_squared(expected, actual)
    if sketch.test == "kolmogorov-smirnov":
        p_value = min(1.0, 2.0 * min(p_value, kolmogorov_smirnov(expected, actual)))
    return population_stability_index(expected, actual), p_value


def evaluate(
    reference: DriftReference, window: WindowCounts, rules: DriftRules, evaluated_at: str | None
) -> DriftReport:
    """Test each feature of a window against the reference, by `compare`."""
    if window.rows < max(1, rules.least_rows):
        return DriftReport(rules, window.rows, evaluated_at, ())
    psi = np.empty(len(reference.sketches))
    p_values = np.empty(len(reference.sketches))
    for row, sketch in enumerate(reference.sketches):
        psi[row], p_values[row] = compare(sketch, window.counts[row, : len(sketch.counts)])
    adjusted = benjamini_hochberg(p_values)
    drifted = (adjusted <= rules.false_discovery_rate) & (psi >= rules.least_psi)
    features = tuple(
        FeatureDrift(
            sketch.name, float(psi[row]), float(p_values[row]), float(adjusted[row]), bool(drifted[row])
        )
        for row, sketch in enumerate(reference.sketches)
    )
    return DriftReport(rules, window.rows, evaluated_at, features)
