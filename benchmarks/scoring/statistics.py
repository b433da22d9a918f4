"""Small statistics of measured numbers."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.scoring.results import Telemetry


def quantile(values: Sequence[float], share: float) -> float:
    """The value at that share of the sorted ones, the nearest rank. Raises ValueError when there is none."""
    if not values:
        raise ValueError("no values, so no quantile")
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"share is {share}: expected 0 to 1")
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1) + 0.5)]


def middle_by(values: Sequence[float]) -> int:
    """The index of the median value; of two middle ones the smaller. Raises ValueError when there is none."""
    if not values:
        raise ValueError("no values, so no median")
    order = sorted(range(len(values)), key=values.__getitem__)
    return order[(len(order) - 1) // 2]


def telemetry_cost(measured: Telemetry) -> float:
    """The share of throughput that telemetry takes: 1 - on/off of the medians."""
    return 1.0 - median(measured.on) / median(measured.off)
