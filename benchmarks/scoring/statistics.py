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


def by_turns(above: Sequence[float], below: Sequence[float]) -> float:
    """The ratio of two things measured by turns: the median over pairs of neighbours.

    A machine's speed may change by half within minutes: it does so for both of a pair. Raises ValueError when
    there is no pair, or one is incomplete.
    """
    ratios = [one / other for one, other in zip(above, below, strict=True)]
    if not ratios:
        raise ValueError("no turns, so no ratio")
    return median(ratios)


def telemetry_cost(measured: Telemetry) -> float:
    """The share of throughput that telemetry takes: 1 - on/off."""
    return 1.0 - by_turns(measured.on, measured.off)
