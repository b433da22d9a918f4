"""Counts what the endpoint refused of each export.

Azure Monitor's exporters log why they failed for some answers, and log nothing for others (402, 408, 429,
439, 500, 502, 503, 504 and items of a 206). So the result of an export decides here, and no log record.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any, Final

from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter, AzureMonitorTraceExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from scoring.logs import Repeated

log = logging.getLogger(__name__)
log.addFilter(Repeated())

ANSWER_SECONDS: Final = 10.0  # that the endpoint has to answer a post; the client would wait for 300
SAMPLED_OUT: Final = "telemetry sampled out."  # the resource's own sampling: no failure, and not sent again
POSTING: Final[dict[str, Any]] = {
    "disable_offline_storage": True,  # the image's file system is read-only
    "max_envelopes_per_second": 0,  # no limit: the exporter would drop the rest and report success
    "timeout": ANSWER_SECONDS,
    "read_timeout": ANSWER_SECONDS,
}


class Answer:
    """The endpoint's answer to the latest post of one exporter, which posts one at a time."""

    def __init__(self) -> None:
        self.status: int | None = None  # None when no answer came
        self._refused: frozenset[int] | None = None

    def forget(self) -> None:
        self.status = self._refused = None

    def hook(self, response: Any) -> None:
        """Note a PipelineResponse of azure-core, whose body has been read. Never raises."""
        self.status, self._refused = int(response.http_response.status_code), None
        if self.status == 206:
            self._refused = _refused(response.http_response)

    def refused(self, taken: bool, items: int) -> frozenset[int]:
        """The positions of the items that were refused; `taken` is the export's own word that none was."""
        if taken:
            return frozenset()
        every = frozenset(range(items))
        return every if self._refused is None else self._refused & every


def _refused(response: Any) -> frozenset[int] | None:
    """The positions of the items that a 206 refuses; None when it does not name them."""
    try:
        errors = response.json()["errors"]
        return frozenset(
            int(error["index"]) for error in errors if str(error.get("message")).lower() != SAMPLED_OUT
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


class Exports:
    """Counts failed exports, and the records that were lost with them. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.failed = self.lost = 0

    def judge(self, what: str, taken: bool, answer: Answer, items: int, kept: bool = False) -> frozenset[int]:
        """Count the result of an export, and return the positions of the refused items.

        `kept`: whether the caller sends refused items again; otherwise they are lost.
        """
        refused = answer.refused(taken, items)
        if refused:
            with self._lock:
                self.failed += 1
                self.lost += 0 if kept else len(refused)
            more = {
                "what": what,
                "status": answer.status,
                "items": items,
                "refused": len(refused),
                "kept": kept,
            }
            log.warning("telemetry was not taken", extra=more)
        return refused


class Spans(AzureMonitorTraceExporter):
    """Azure Monitor's exporter of traces, with its failures counted."""

    def __init__(self, exports: Exports, **settings: Any) -> None:
        """`settings`: as AzureMonitorTraceExporter takes them."""
        self._exports, self._answer = exports, Answer()
        super().__init__(**POSTING | {"raw_response_hook": self._answer.hook} | settings)

    def export(self, spans: Sequence[ReadableSpan], **settings: Any) -> SpanExportResult:
        self._answer.forget()
        result = super().export(spans, **settings)
        self._exports.judge("traces", result is SpanExportResult.SUCCESS, self._answer, len(spans))
        return result


class Records(AzureMonitorLogExporter):
    """Azure Monitor's exporter of log records and events, with its failures counted."""

    def __init__(self, exports: Exports, **settings: Any) -> None:
        """`settings`: as AzureMonitorLogExporter takes them."""
        self._exports, self._answer = exports, Answer()
        super().__init__(**POSTING | {"raw_response_hook": self._answer.hook} | settings)

    def export(self, batch: Sequence[ReadableLogRecord], **settings: Any) -> LogRecordExportResult:
        self._answer.forget()
        result = super().export(batch, **settings)
        taken = result is LogRecordExportResult.SUCCESS
        self._exports.judge("logs and events", taken, self._answer, len(batch))
        return result
