"""The sink of telemetry in Application Insights: traces, metrics, logs and custom events.

Imported by the telemetry thread only: the exporters take seconds to import.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

from scoring.model.artifact import Artifact
from scoring.model.evaluator import Name
from scoring.settings import Settings
from scoring.telemetry.allowance import Allowance
from scoring.telemetry.events import BATCH_EVENT, DRIFT_EVENT, Privacy, drift_event
from scoring.telemetry.moment import Moment, RequestRecord
from scoring.telemetry.queue import DRAIN_SECONDS, DriftRecord
from scoring.telemetry.tracecontext import TraceContext

# The exporters would call hosts other than the configured ingestion endpoint on their own account.
SILENCED = {
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "otel",
}
for _name, _value in SILENCED.items():
    os.environ.setdefault(_name, _value)
os.environ.setdefault("OTEL_METRICS_EXEMPLAR_FILTER", "always_off")  # Azure Monitor takes no exemplars

from opentelemetry import _logs, trace  # noqa: E402 - reads the variables above
from opentelemetry._logs import SeverityNumber  # noqa: E402
from opentelemetry.context import Context  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: E402
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags  # noqa: E402

from scoring.identity import credential  # noqa: E402
from scoring.logs import Dropped, EarlyRecords, Repeated  # noqa: E402
from scoring.telemetry import providers  # noqa: E402
from scoring.telemetry.classes import RELEASE  # noqa: E402
from scoring.telemetry.description import Description  # noqa: E402
from scoring.telemetry.durations import Durations  # noqa: E402
from scoring.telemetry.exports import Exports  # noqa: E402
from scoring.telemetry.instruments import Instruments  # noqa: E402

SCOPE = "scoring"
EXPORT_LOGGER = "azure.monitor.opentelemetry.exporter.export._base"
PROBES = frozenset({"/healthz", "/readyz"})
TRACES_RESERVE = 10.0  # seconds; so, when requests are few, all are traced
DRIFT_EVENT_SECONDS = 60.0  # unless other features drift, one event in so long


class ChosenIds(RandomIdGenerator):
    """Gives a span the identifiers that the answer to its request already named."""

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

    def __init__(
        self,
        settings: Settings,
        artifact: Artifact,
        privacy: Privacy,
        evaluator: Name = "ONNX Runtime",
        digest: str | None = None,
    ) -> None:
        """digest: that everything told names, a fleet's; without one that of the artifact."""
        self._drift_reference = artifact.drift
        self._privacy = privacy
        self._host = os.uname().nodename
        self._model = {
            "model_name": settings.identity.name,
            "model_version": settings.identity.version,
            "model_digest": digest or artifact.digest,
            "environment": settings.environment,
        }
        # Two releases may answer beside each other: whatever is told says whose it is.
        release = settings.identity.release
        self._labels = {RELEASE: release} if release else {}
        self._model |= self._labels
        self._told: tuple[float, tuple[str, ...]] | None = None
        resource, identity = Resource.create(resource_attributes(settings)), credential(settings.client_id)
        durations = Durations()
        self._exports, self._failed_told, self._lost_told = Exports(), 0, 0
        handler = providers.provide(
            settings.telemetry.connection_string,
            identity,
            resource,
            SCOPE,
            settings.telemetry.trace_ratio,
            durations,
            self._exports,
            self._labels,
        )
        logger = logging.getLogger(SCOPE)
        logger.addHandler(handler)
        for early in [handler for handler in logger.handlers if isinstance(handler, EarlyRecords)]:
            early.hand_over(logger, [handler])
        logging.getLogger(EXPORT_LOGGER).addFilter(Repeated())
        self._dropped = Dropped()
        self._ids = ChosenIds()
        provider: Any = trace.get_tracer_provider()
        provider.id_generator = self._ids
        self._tracer = trace.get_tracer(SCOPE)
        self._events = _logs.get_logger(SCOPE)
        self._instruments = Instruments(durations, SCOPE, evaluator)
        self._traces, self._untraced = Allowance(settings.telemetry.traces_per_second, TRACES_RESERVE), 0
        events = Allowance(settings.telemetry.events_per_second)
        self._description = Description(events, artifact.schema, privacy, settings.telemetry.event_rows)
        self._thinned_told = 0

    def requests(self, moment: Moment) -> None:
        """Count requests; tell of them by traces and events as far as that is allowed."""
        self._instruments.requests(moment)
        scored = [record for record in moment.records if record.batch is not None]
        self._description.add(scored)
        self._description.leave_out(moment.scored - len(scored))
        # Probes come every few seconds: they are counted, and traced only when they fail.
        if moment.failed or moment.kind[0] not in PROBES:
            traced = list(takewhile(lambda _: self._traces.take(), moment.records))
            self._untraced += moment.requests - len(traced)
            for record in traced:
                self._span(record)

    def wanted(self) -> int:
        return max(self._description.wanted(DRAIN_SECONDS), self._traces.soon(DRAIN_SECONDS))

    def drained(self) -> None:
        """Tell of the requests of a moment, and pass on what was counted."""
        try:
            for record, told in self._description.events():
                for part in told.parts:
                    self._event(BATCH_EVENT, part, _context(record))
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        count = self._instruments.count
        count("untraced", self._untraced)
        self._untraced = 0
        count("thinned", self._description.thinned - self._thinned_told)
        self._thinned_told = self._description.thinned
        count("failed", (failed := self._exports.failed) - self._failed_told)
        self._failed_told = failed
        count("lost", (lost := self._dropped.count + self._exports.lost) - self._lost_told)
        self._lost_told = lost
        self._instruments.pass_on()

    def drift(self, record: DriftRecord) -> None:
        report = record.report
        self._instruments.drift(report)
        now = time.monotonic()
        if (
            self._told is None
            or self._told[1] != report.drifted
            or now - self._told[0] >= DRIFT_EVENT_SECONDS
        ):
            self._told = (now, report.drifted)
            for part in drift_event(record, self._drift_reference, self._privacy):
                self._event(DRIFT_EVENT, part, Context())

    def count(self, name: str, number: int) -> None:
        self._instruments.count(name, number)

    def lost(self, records: int) -> None:
        self._instruments.count("lost", records)

    def close(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        providers.flush(seconds)
        if self._exports.failed != self._failed_told:  # that flush failed, too; try to tell of it
            self._pass_on()
            providers.flush_metrics(deadline - time.monotonic())

    def _span(self, record: RequestRecord) -> None:
        """Emit the request's span."""
        ids = record.trace
        context = Context()
        if ids.parent_id is None:
            self._ids.trace_id = int(ids.trace_id, 16)
        else:
            context = _within(ids, ids.parent_id, is_remote=True)
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

    def _event(self, name: str, properties: Mapping[str, Any], context: Context) -> None:
        self._events.emit(
            timestamp=time.time_ns(),
            context=context,
            severity_number=SeverityNumber.INFO,
            severity_text="INFO",
            body=name,
            attributes={"microsoft.custom_event.name": name, **self._model, **properties},
        )


def _context(record: RequestRecord) -> Context:
    """The context of the request's own span, whether that span is sent or not."""
    return _within(record.trace, record.trace.span_id, is_remote=False)


def _within(ids: TraceContext, span_id: str, is_remote: bool) -> Context:
    flags = TraceFlags(TraceFlags.SAMPLED if ids.sampled else TraceFlags.DEFAULT)
    span = SpanContext(int(ids.trace_id, 16), int(span_id, 16), is_remote=is_remote, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(span), Context())


def resource_attributes(settings: Settings) -> dict[str, str]:
    """What Application Insights takes role and instance from."""
    return {
        "service.name": "scoring",
        "service.namespace": settings.environment,
        "service.version": settings.identity.version,
        "service.instance.id": os.uname().nodename,
    }
