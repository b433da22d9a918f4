"""OpenTelemetry's providers of this process, which export to Azure Monitor and end in time.

azure-monitor-opentelemetry would make them with its own exporters, and at the process's exit each of its
providers would wait up to 30 s for an endpoint that does not answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from azure.core.credentials import TokenCredential
from azure.monitor.opentelemetry.exporter import ApplicationInsightsSampler
from opentelemetry import _logs, metrics, trace
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from scoring.telemetry.durations import Durations, Exporter
from scoring.telemetry.exports import Exports, Records, Spans

log = logging.getLogger(__name__)


class Handler(LoggingHandler):
    """Hands log records to telemetry."""

    def flush(self) -> None:
        """Do nothing: logging calls this at the process's exit, after `flush` below was called."""


def provide(
    connection_string: str | None,
    credential: TokenCredential | None,
    resource: Resource,
    scope: str,
    trace_ratio: float,
    durations: Durations,
    exports: Exports,
    labels: Mapping[str, str] | None = None,
) -> Handler:
    """Set up traces, logs and metrics of this process, and return the handler of its log records.

    Metrics are exported periodically (OTEL_METRIC_EXPORT_INTERVAL), each with the labels as dimensions.
    """
    to: dict[str, Any] = {"connection_string": connection_string, "credential": credential}
    tracers = TracerProvider(
        sampler=ApplicationInsightsSampler(sampling_ratio=trace_ratio),
        resource=resource,
        shutdown_on_exit=False,
    )
    tracers.add_span_processor(BatchSpanProcessor(Spans(exports, tracer_provider=tracers, **to)))
    trace.set_tracer_provider(tracers)
    loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
    loggers.add_log_record_processor(BatchLogRecordProcessor(Records(exports, **to)))
    _logs.set_logger_provider(loggers)
    reader = PeriodicExportingMetricReader(Exporter(durations, exports, scope, labels, **to))
    metrics.set_meter_provider(
        MeterProvider(metric_readers=[reader], resource=resource, shutdown_on_exit=False)
    )
    return Handler(logger_provider=loggers)


def flush(seconds: float) -> None:
    """Send what is buffered, for at most so long, and leave alone what has not ended by then.

    OpenTelemetry's own flush does not keep the time limit that it is given. Metrics come first, because they
    count everything.
    """
    deadline = time.monotonic() + seconds
    begun = [
        _begun(provider, seconds)
        for provider in (
            metrics.get_meter_provider(),
            _logs.get_logger_provider(),
            trace.get_tracer_provider(),
        )
    ]
    for thread in begun:
        thread.join(max(0.0, deadline - time.monotonic()))


def flush_metrics(seconds: float) -> None:
    """As `flush`, for metrics alone."""
    if seconds > 0:
        _begun(metrics.get_meter_provider(), seconds).join(seconds)


def _begun(provider: Any, seconds: float) -> threading.Thread:
    def run() -> None:
        try:
            provider.force_flush(int(1_000 * seconds))
        except Exception:
            log.exception("telemetry could not be flushed")

    thread = threading.Thread(target=run, name="flush", daemon=True)  # the process does not wait for it
    thread.start()
    return thread
