"""Where parts of the emulator write what they measure: a bucket a minute, as long as it runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from emulator.arm.ids import fold
from emulator.monitor.kql.values import TICKS

MINUTE: Final = 60 * TICKS
KEPT: Final = 93 * 24 * 60
"""Buckets of a series: platform metrics are kept for 93 days ("Azure Monitor metrics overview")."""
Dimensions = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Point:
    """The values of one minute (ticks of its begin), or of a part of it. dimensions: names with values."""

    at: int
    dimensions: Dimensions
    count: float
    total: float
    least: float
    greatest: float

    def add(self, other: Point) -> None:
        """Take the values of another as well."""
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.greatest = max(self.greatest, other.greatest)


class Book:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[tuple[str, str, Dimensions], dict[int, Point]] = {}

    def write(
        self,
        resource_id: str,
        metric: str,
        value: float,
        at: int,
        dimensions: Mapping[str, str] | None = None,
    ) -> None:
        """One value, measured at a time (ticks)."""
        named = tuple(sorted((dimensions or {}).items()))
        minute = at // MINUTE * MINUTE
        point = Point(minute, named, 1, value, value, value)
        with self._lock:
            series = self._series.setdefault((fold(resource_id), metric, named), {})
            held = series.get(minute)
            if held is None:
                series[minute] = point
                if len(series) > KEPT:
                    del series[min(series)]
            else:
                held.add(point)

    def points(self, resource_id: str, metric: str, low: int, high: int) -> list[Point]:
        """Those of a metric from a time on and before another."""
        wanted = fold(resource_id), metric
        with self._lock:
            return [
                Point(one.at, one.dimensions, one.count, one.total, one.least, one.greatest)
                for key, series in self._series.items()
                if key[:2] == wanted
                for one in series.values()
                if low <= one.at < high
            ]
