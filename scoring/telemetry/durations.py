"""How long requests took, as Application Insights keeps it: number, sum, least and largest.

The SDK's histogram takes 8 us for one value, most of it for buckets, which Azure Monitor does not take.
So this module adds up many durations at a time; they join the other metrics when those are exported.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExportResult,
    MetricsData,
    ScopeMetrics,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from scoring.telemetry.exports import POSTING, Answer, Exports
from scoring.telemetry.moment import Kind
from scoring.telemetry.waiting import Waiting

NAME, UNIT, DESCRIPTION = "scoring.request.duration", "ms", "from first byte to answer"


@dataclass(slots=True)
class _Sum:
    count: int
    total: float
    least: float
    largest: float


class Durations:
    """Thread-safe: one thread adds, another one takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[Kind, _Sum] = {}
        self._since = time.time_ns()

    def add(self, kind: Kind, milliseconds: Sequence[float]) -> None:
        """Add the durations, at least one, of requests of one kind."""
        found = _Sum(len(milliseconds), sum(milliseconds), min(milliseconds), max(milliseconds))
        with self._lock:
            known = self._sums.get(kind)
            if known is not None:
                found.count += known.count
                found.total += known.total
                found.least = min(found.least, known.least)
                found.largest = max(found.largest, known.largest)
            self._sums[kind] = found

    def taken(self) -> list[HistogramDataPoint]:
        """Take what was added since the last time."""
        now = time.time_ns()
        with self._lock:
            sums, self._sums = self._sums, {}
            since, self._since = self._since, now
        return [_point(kind, found, since, now) for kind, found in sums.items()]


def attributes(kind: Kind) -> dict[str, str | int]:
    route, status = kind
    return {"http.route": route, "http.response.status_code": status}


def _point(kind: Kind, found: _Sum, since: int, now: int) -> HistogramDataPoint:
    return HistogramDataPoint(
        attributes=attributes(kind),
        start_time_unix_nano=since,
        time_unix_nano=now,
        count=found.count,
        sum=found.total,
        bucket_counts=[found.count],
        explicit_bounds=[],
        min=found.least,
        max=found.largest,
    )


class Exporter(AzureMonitorMetricExporter):
    """Azure Monitor's exporter of metrics, which also sends the durations, and sends again what was refused.

    It also sends again what got no answer. When the endpoint had taken that, it is counted twice.
    """

    def __init__(
        self,
        durations: Durations,
        exports: Exports,
        scope: str,
        labels: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        """`labels`: dimensions of every metric. `settings`: as AzureMonitorMetricExporter takes them."""
        self._labels: Final = dict(labels or {})
        self._durations: Final = durations
        self._exports, self._answer, self._waiting = exports, Answer(), Waiting()
        self._scope: Final = InstrumentationScope(scope)
        # The export of the next interval is the next try.
        own = {"raw_response_hook": self._answer.hook, "retry_total": 0}
        super().__init__(**POSTING | own | settings)

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        self._waiting.add(self._labelled(self._with_durations(metrics_data)))
        self._answer.forget()
        result = super().export(self._waiting.data(), timeout_millis, **kwargs)
        taken = result is MetricExportResult.SUCCESS
        self._waiting.keep(self._exports.judge("metrics", taken, self._answer, len(self._waiting), kept=True))
        return result

    def _with_durations(self, metrics_data: MetricsData) -> MetricsData:
        if not metrics_data.resource_metrics:
            return metrics_data
        if not (points := self._durations.taken()):
            return metrics_data
        metric = Metric(NAME, DESCRIPTION, UNIT, Histogram(points, AggregationTemporality.DELTA))
        first, *others = metrics_data.resource_metrics
        scopes = [*first.scope_metrics, ScopeMetrics(self._scope, [metric], "")]
        return MetricsData([replace(first, scope_metrics=scopes), *others])

    def _labelled(self, metrics_data: MetricsData) -> MetricsData:
        """Each point with the labels: Azure Monitor makes no dimensions of a resource's attributes."""
        if not self._labels:
            return metrics_data
        return MetricsData(
            [
                replace(
                    of, scope_metrics=[replace(one, metrics=self._points(one)) for one in of.scope_metrics]
                )
                for of in metrics_data.resource_metrics
            ]
        )

    def _points(self, of: ScopeMetrics) -> list[Metric]:
        return [
            replace(
                metric,
                data=replace(metric.data, data_points=[self._point(p) for p in metric.data.data_points]),
            )
            for metric in of.metrics
        ]

    def _point(self, point: Any) -> Any:
        return replace(point, attributes={**(point.attributes or {}), **self._labels})
