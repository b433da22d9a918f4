"""Counts by which two releases that answer beside each other are compared: of requests, none left out.

A request has one unit, however many rows it has: rows of one request are not independent of each other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from opentelemetry import metrics

from scoring.telemetry.classes import BOUNDS_MS, DURATION, FROM, OUTLIERS, OVER_MS, PROBABILITY, ROUTE, TENTHS
from scoring.telemetry.moment import Moment


class Comparison:
    """Used by one thread."""

    def __init__(self, scope: str) -> None:
        meter = metrics.get_meter(scope)
        self._by_duration = meter.create_counter(DURATION, "{request}", "scores slower than a bound")
        self._by_probability = meter.create_counter(
            PROBABILITY,
            "{request}",
            "scored requests, each spread over the tenths of its rows' probabilities",
        )
        self._by_outliers = meter.create_counter(
            OUTLIERS, "{request}", "scored requests, each with its share of rows flagged as outliers"
        )
        self._durations: defaultdict[float, int] = defaultdict(int)
        self._tenths = [0.0] * TENTHS
        self._outliers = 0.0

    def add(self, moment: Moment) -> None:
        if moment.kind[0] != ROUTE:
            return
        for nanoseconds in moment.durations_ns:
            self._durations[lower_edge(nanoseconds / 1e6)] += 1
        if moment.scored:
            self._outliers += moment.outlier_shares
            pairs = zip(self._tenths, moment.probability_shares, strict=True)
            self._tenths = [sum_ + more for sum_, more in pairs]

    def pass_on(self) -> None:
        """Give OpenTelemetry what was counted."""
        durations, self._durations = self._durations, defaultdict(int)
        for edge, requests in durations.items():
            self._by_duration.add(requests, {OVER_MS: f"{edge:g}"})
        tenths, self._tenths = self._tenths, [0.0] * TENTHS
        for number, share in enumerate(tenths):
            if share:
                self._by_probability.add(share, {FROM: f"{number / TENTHS:g}"})
        outliers, self._outliers = self._outliers, 0.0
        if outliers:
            self._by_outliers.add(outliers)


def lower_edge(milliseconds: float, bounds: Sequence[float] = BOUNDS_MS) -> float:
    """The greatest bound that a duration exceeds; 0 where it exceeds none."""
    above = bisect_left(bounds, milliseconds)
    return bounds[above - 1] if above else 0.0
