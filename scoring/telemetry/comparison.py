"""Counts by which two releases that answer beside each other are compared: of requests, none left out.

A request has one unit, however many rows it has: rows of one request are not independent of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from opentelemetry import metrics

from scoring.telemetry.classes import BOUNDS_MS, DURATION, FROM, OUTLIERS, OVER_MS, PROBABILITY, ROUTE, TENTHS
from scoring.telemetry.moment import Moment

EDGES: Final = (0.0, *BOUNDS_MS)
"""The lower edges of the classes of durations, in milliseconds."""


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
        self._nanoseconds: list[int] = []
        self._tenths = [0.0] * TENTHS
        self._outliers = 0.0

    def add(self, moment: Moment) -> None:
        if moment.kind[0] != ROUTE:
            return
        self._nanoseconds.extend(moment.durations_ns)
        if moment.scored:
            self._outliers += moment.outlier_shares
            pairs = zip(self._tenths, moment.probability_shares, strict=True)
            self._tenths = [sum_ + more for sum_, more in pairs]

    def pass_on(self) -> None:
        """Give OpenTelemetry what was counted."""
        nanoseconds, self._nanoseconds = self._nanoseconds, []
        for edge, requests in zip(EDGES, by_edge(nanoseconds), strict=True):
            if requests:
                self._by_duration.add(requests, {OVER_MS: f"{edge:g}"})
        tenths, self._tenths = self._tenths, [0.0] * TENTHS
        for number, share in enumerate(tenths):
            if share:
                self._by_probability.add(share, {FROM: f"{number / TENTHS:g}"})
        outliers, self._outliers = self._outliers, 0.0
        if outliers:
            self._by_outliers.add(outliers)


def by_edge(nanoseconds: Sequence[int]) -> list[int]:
    """How many durations have each of EDGES as the greatest that they exceed."""
    classes = np.searchsorted(BOUNDS_MS, np.array(nanoseconds, np.float64) / 1e6)
    return np.bincount(classes, minlength=len(EDGES)).tolist()
