"""The sink of telemetry in Application Insights: traces, metrics, logs and custom events.

Imported by the telemetry thread only: the exporters take seconds to import.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from scoring.allowance import Allowance
from scoring.artifact import Artifact
from scoring.events import BATCH_EVENT, DRIFT_EVENT, Privacy, batch_event, drift_event
from scoring.settings import Settings
from scoring.telemetry import DriftRecord, RequestRecord

# The distribution's own call-outs, to hosts that are not the configured ingestion endpoint.
SILENCED = {
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "otel",
}
# Azure Monitor takes no exemplars; offering each duration as one is a fifth of what its metric costs.
UNUSED = {"OTEL_METRICS_EXEMPLAR_FILTER": "always_off"}
for _name, _value in {**SILENCED, **UNUSED}.items():
    os.environ.setdefault(_name, _value)

from azure.monitor.opentelemetry import configure_azure_monitor  # noqa: E402 - reads the variables above
from opentelemetry import _logs, metrics, trace  # noqa: E402
from opentelemetry._logs import SeverityNumber  # noqa: E402
from opentelemetry.context import Context  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: E402
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags  # noqa: E402

from scoring.identity import credential  # noqa: E402
from scoring.logs import Dropped, EarlyRecords, Repeated  # noqa: E402

SCOPE = "scoring"
EXPORT_LOGGER = "azure.monitor.opentelemetry.exporter.export._base"
PROBES = frozenset({"/healthz", "/readyz"})
INSTRUMENTED_LIBRARIES = (
    "azure_sdk",
    "django",
    "fastapi",
    "flask",
    "httpx",
    "httpx2",
    "psycopg2",
    "requests",
    "urllib",
    "urllib3",
)
COUNTERS = {  # what is added up over requests: name, unit, description of the metric
    "rows": ("scoring.rows", "{row}", "scored rows"),
    "positives": ("scoring.rows.positive", "{row}", "rows with label 1"),
    "outliers": ("scoring.rows.outlier", "{row}", "rows flagged as outliers"),
    "thinned": ("scoring.telemetry.thinned", "{request}", "requests in metrics only: there were too many"),
}
DRIFT_EVENT_SECONDS = 60.0  # one event a window change, else at most one in this time


class ChosenIds(RandomIdGenerator):
    """Gives a span the identifiers that its request has answered with already."""

    def __init__(self) -> None:
        self.trace_id: int | None = None
        self.span_id: int | None = None

    def generate_trace_id(self) -> int:
        chosen, self.trace_id = self.trace_id, None
        return super().generate_trace_id() if chosen is None else chosen

    def generate_span_id(self) -> int:
        chosen, self.span_id = self.span_id, None
        return super().generate_span_id() if chosen is None else chosen


class AzureMonitor:
    """A `Sink`. Used by one thread."""

    def __init__(self, settings: Settings, artifact: Artifact, privacy: Privacy) -> None:
        self._schema, self._drift_reference = artifact.schema, artifact.drift
        self._privacy = privacy
        self._host = os.uname().nodename
        self._event_rows = settings.telemetry.event_rows
        self._model = {
            "model_name": settings.identity.name,
            "model_version": settings.identity.version,
            "model_digest": artifact.digest,
            "environment": settings.environment,
        }
        self._told: tuple[float, tuple[str, ...]] | None = None
        configure_azure_monitor(
            connection_string=settings.telemetry.connection_string,
            credential=credential(settings.client_id),
            logger_name=SCOPE,
            resource=Resource.create(resource_attributes(settings)),
            sampling_ratio=settings.telemetry.trace_ratio,
            enable_live_metrics=False,
            enable_performance_counters=False,
            disable_offline_storage=True,  # the image's file system is read-only
            instrumentation_options={name: {"enabled": False} for name in INSTRUMENTED_LIBRARIES},
        )
        logger = logging.getLogger(SCOPE)
        exporting = [handler for handler in logger.handlers if not isinstance(handler, EarlyRecords)]
        for handler in [handler for handler in logger.handlers if isinstance(handler, EarlyRecords)]:
            handler.hand_over(logger, exporting)
        self._failures, self._failures_told = Repeated(), 0
        logging.getLogger(EXPORT_LOGGER).addFilter(self._failures)
        self._dropped, self._dropped_told = Dropped(), 0
        self._ids = ChosenIds()
        provider: Any = trace.get_tracer_provider()
        provider.id_generator = self._ids
        self._tracer = trace.get_tracer(SCOPE)
        self._events = _logs.get_logger(SCOPE)
        meter = metrics.get_meter(SCOPE)
        self._requests = meter.create_counter("scoring.requests", "{request}", "answered requests")
        self._duration = meter.create_histogram("scoring.request.duration", "ms", "from first byte to answer")
        self._counters = {
            name: meter.create_counter(metric, unit, description)
            for name, (metric, unit, description) in COUNTERS.items()
        }
        self._durations: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        self._scored: Counter[str] = Counter()
        self._allowance = Allowance(settings.telemetry.details_per_second)
        self._psi = meter.create_gauge("scoring.drift.psi", "1", "population stability index of a feature")
        self._drifted = meter.create_gauge(
            "scoring.drift.features", "{feature}", "features that have drifted"
        )
        self._window = meter.create_gauge("scoring.drift.window", "{row}", "rows of the evaluated window")
        self._lost = meter.create_counter("scoring.telemetry.lost", "{record}", "records that were not sent")
        self._failed = meter.create_counter("scoring.telemetry.failed", "{export}", "exports that failed")

    def request(self, record: RequestRecord) -> None:
        """Count a request; describe it by a trace and an event while there are few enough of them."""
        self._durations[record.route, record.status].append(record.duration_ns / 1e6)
        batch = record.batch
        if batch is not None:
            scored = self._scored  # not Counter.update: it costs as much as all the rest
            scored["rows"] += batch.rows
            scored["positives"] += sum(batch.labels)
            scored["outliers"] += sum(batch.outlier_flags)
        if record.route in PROBES and record.status < 500:
            return  # counted, but not traced: probes come every few seconds
        if not self._allowance.take():
            self._scored["thinned"] += 1
            return
        context = self._span(record)
        if batch is not None:
            properties = batch_event(record, self._schema, self._privacy, self._event_rows)
            self._event(BATCH_EVENT, properties, context)

    def drained(self) -> None:
        """Pass on what was counted: once for all requests of a moment, not for each."""
        if self._failures.count != self._failures_told:
            self._failed.add(self._failures.count - self._failures_told)
            self._failures_told = self._failures.count
        if (dropped := self._dropped.count) != self._dropped_told:
            self._lost.add(dropped - self._dropped_told)
            self._dropped_told = dropped
        durations, self._durations = self._durations, defaultdict(list)
        for (route, status), values in durations.items():
            attributes = {"http.route": route, "http.response.status_code": status}
            self._requests.add(len(values), attributes)
            for value in values:
                self._duration.record(value, attributes)
        scored, self._scored = self._scored, Counter()
        for name, counter in self._counters.items():
            if name in scored:
                counter.add(scored[name])

    def drift(self, record: DriftRecord) -> None:
        report = record.report
        self._window.set(report.rows)
        if report.features:
            self._drifted.set(len(report.drifted))
            for feature in report.features:
                self._psi.set(feature.psi, {"feature": feature.name})
        now = time.monotonic()
        if (
            self._told is None
            or self._told[1] != report.drifted
            or now - self._told[0] >= DRIFT_EVENT_SECONDS
        ):
            self._told = (now, report.drifted)
            window = record.window.to_json(self._drift_reference)
            self._event(DRIFT_EVENT, drift_event(record, window, self._privacy), Context())

    def lost(self, records: int) -> None:
        self._lost.add(records)

    def close(self, seconds: float) -> None:
        milliseconds = int(seconds * 1_000)
        for provider in (
            trace.get_tracer_provider(),
            _logs.get_logger_provider(),
            metrics.get_meter_provider(),
        ):
            flush = getattr(provider, "force_flush", None)
            if flush is not None:
                flush(milliseconds)

    def _span(self, record: RequestRecord) -> Context:
        """Emit the request's span; the context in which its events belong."""
        ids = record.trace
        context = Context()
        if ids.parent_id is None:
            self._ids.trace_id = int(ids.trace_id, 16)
        else:
            flags = TraceFlags(TraceFlags.SAMPLED if ids.sampled else TraceFlags.DEFAULT)
            caller = SpanContext(
                int(ids.trace_id, 16), int(ids.parent_id, 16), is_remote=True, trace_flags=flags
            )
            context = trace.set_span_in_context(NonRecordingSpan(caller), context)
        self._ids.span_id = int(ids.span_id, 16)
        attributes: dict[str, str | int] = {
            "http.request.method": record.method,
            "http.route": record.route,
            "url.path": record.route,
            "url.scheme": "http",
            "server.address": self._host,
            "http.response.status_code": record.status,
            "request_id": record.request_id,
            **self._model,
        }
        if record.batch is not None:
            attributes["rows"] = record.batch.rows
        if record.problem is not None:
            attributes["problem"] = record.problem
        span = self._tracer.start_span(
            f"{record.method} {record.route}",
            context,
            kind=SpanKind.SERVER,
            attributes=attributes,
            start_time=record.started_ns,
        )
        if record.status >= 500:
            span.set_status(Status(StatusCode.ERROR, record.problem))
        span.end(record.started_ns + record.duration_ns)
        return trace.set_span_in_context(span, Context())

    def _event(self, name: str, properties: Mapping[str, Any], context: Context) -> None:
        self._events.emit(
            timestamp=time.time_ns(),
            context=context,
            severity_number=SeverityNumber.INFO,
            severity_text="INFO",
            body=name,
            attributes={"microsoft.custom_event.name": name, **self._model, **properties},
        )


def resource_attributes(settings: Settings) -> dict[str, str]:
    """Who speaks: the role and instance of Application Insights come from these."""
    return {
        "service.name": "scoring",
        "service.namespace": settings.environment,
        "service.version": settings.identity.version,
        "service.instance.id": os.uname().nodename,
    }
