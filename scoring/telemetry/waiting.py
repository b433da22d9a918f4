"""Keeps the points of metrics that the endpoint refused, and adds them to those of the next interval."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

Series = tuple[str, tuple[tuple[str, str], ...]]  # a metric's name and its dimensions


@dataclass(slots=True)
class _Waiting:
    resource: Resource
    scope: InstrumentationScope
    metric: Metric
    point: Any


class Waiting:
    """Holds at most one point a series, so a long outage takes no more memory. For one thread at a time.

    Deltas are added up. Of everything else, such as gauges, the newest point replaces the one before.
    """

    def __init__(self) -> None:
        self._points: dict[Series, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._points)

    def add(self, data: MetricsData) -> None:
        for resource in data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        dimensions = sorted(
                            (name, repr(value)) for name, value in (point.attributes or {}).items()
                        )
                        series = metric.name, tuple(dimensions)
                        if (known := self._points.get(series)) is not None:
                            point = _together(metric, known.point, point)
                        self._points[series] = _Waiting(resource.resource, scope.scope, metric, point)

    def data(self) -> MetricsData:
        """All points, in the order in which `keep` numbers them."""
        return MetricsData(
            [
                ResourceMetrics(one.resource, [ScopeMetrics(one.scope, [_metric(one)], "")], "")
                for one in self._points.values()
            ]
        )

    def keep(self, places: Collection[int]) -> None:
        """Keep the points at these places, to be sent again; the endpoint took the others."""
        self._points = {
            series: one for place, (series, one) in enumerate(self._points.items()) if place in places
        }


def _metric(one: _Waiting) -> Metric:
    data: Any = one.metric.data
    return replace(one.metric, data=replace(data, data_points=[one.point]))


def _together(metric: Metric, before: Any, now: Any) -> Any:
    """One point for both intervals. Raises TypeError for points that cannot be added up."""
    if (
        isinstance(metric.data, Gauge)
        or metric.data.aggregation_temporality is not AggregationTemporality.DELTA
    ):
        return now
    start = before.start_time_unix_nano
    if isinstance(now, NumberDataPoint):
        return replace(now, start_time_unix_nano=start, value=before.value + now.value)
    if isinstance(now, HistogramDataPoint) and now.explicit_bounds == before.explicit_bounds:
        buckets = [sum(pair) for pair in zip(before.bucket_counts, now.bucket_counts, strict=True)]
        return replace(
            now,
            start_time_unix_nano=start,
            count=before.count + now.count,
            sum=before.sum + now.sum,
            bucket_counts=buckets,
            min=min(before.min, now.min),
            max=max(before.max, now.max),
        )
    raise TypeError(f"{metric.name}: intervals of {type(now).__name__} cannot be added up")
