"""Custom events of scored rows and of drift, without the features that must not leave the service."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean
from typing import Any

import numpy as np

from scoring.model.schema import Schema
from scoring.model.sketch import DriftReference
from scoring.scorer import Batch
from scoring.telemetry.moment import RequestRecord
from scoring.telemetry.parts import MAX_PROPERTY, Content, as_json, parts
from scoring.telemetry.queue import DriftRecord

BATCH_EVENT, DRIFT_EVENT = "scoring.batch", "scoring.drift"
MAX_REQUESTS = 50  # of one event: identifiers of so many requests fit into a property
MAX_ROWS = 250  # of one event: outputs of so many rows fit into a property
HASH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Privacy:
    """`redact`: features left out of events. `hashed`: sent as HMAC-SHA-256.

    With the same key the same value has the same hash, so rows can be grouped. Without the key
    nobody can tell the value from its hash.
    """

    redact: frozenset[str]
    hashed: frozenset[str]
    key: bytes

    def columns(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {
            name: [self._hash(name, value) for value in values] if name in self.hashed else values
            for name, values in columns.items()
            if name not in self.redact
        }

    def counts(self, counts: dict[str, list[int]]) -> dict[str, list[int]]:
        """The counts of features that are neither redacted nor hashed: few rows' counts give values away."""
        return {
            name: bins for name, bins in counts.items() if name not in self.redact and name not in self.hashed
        }

    def _hash(self, name: str, value: object) -> str:
        return hmac.new(self.key, f"{name}={value}".encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS]


@dataclass(frozen=True, slots=True)
class Told:
    """The properties of each part of one event, and how many of the given requests are in it."""

    parts: list[dict[str, Any]]
    requests: int


def batch_event(records: Sequence[RequestRecord], schema: Schema, privacy: Privacy, max_rows: int) -> Told:
    """One event of the first of these requests that scored rows, and of the next ones while all rows fit.

    The event lists rows in their order, as many as `max_rows` and the size of a property allow. A single row
    that is larger goes on in further parts. `rows_included` is the number of listed rows; only the event of
    one request may list fewer than it has. The sums cover all rows. `requests` lists identifier, trace and
    number of rows of each request, in the order of the rows, and the member where a fleet was asked for one.
    """
    max_rows = min(max_rows, MAX_ROWS)
    count = _that_fit(records, max_rows)
    while True:
        batch = _together(records[:count])
        included = min(batch.rows, max_rows)
        inputs = _inputs(batch, schema, privacy, included)
        if inputs.fits or count == 1:
            break
        count = max(1, min(count - 1, count * MAX_PROPERTY // inputs.size))
    while not inputs.fits and included > 1:
        included = max(1, min(included - 1, included * MAX_PROPERTY // inputs.size))
        inputs = _inputs(batch, schema, privacy, included)
    outputs = {
        "probability": batch.probabilities[:included],
        "label": batch.labels[:included],
        "outlier_score": batch.outlier_scores[:included],
        "outlier": [int(flag) for flag in batch.outlier_flags[:included]],
    }
    requests = [_request(record) for record in records[:count]]
    facts: dict[str, Any] = {
        "rows": batch.rows,
        "rows_included": included,
        "positive_rows": sum(batch.labels),
        "outlier_rows": sum(batch.outlier_flags),
        "mean_probability": round(fmean(batch.probabilities), 6),
        "drift_status": records[count - 1].drift_status or "",
    }
    if count == 1:
        facts["request_id"] = records[0].request_id
    contents = {"requests": Content(requests), "inputs": inputs, "outputs": Content(outputs)}
    return Told(parts(records[0].trace.span_id, facts, contents), count)


def _request(record: RequestRecord) -> dict[str, Any]:
    told = {"request_id": record.request_id, "trace_id": record.trace.trace_id, "rows": _rows_of(record)}
    return told if record.member is None else {**told, "member": record.member}


def _that_fit(records: Sequence[RequestRecord], max_rows: int) -> int:
    """How many of the first requests, at least one, have at most `max_rows` rows together."""
    rows = 0
    for count, record in enumerate(records[:MAX_REQUESTS]):
        rows += _rows_of(record)
        if count and rows > max_rows > 0:
            return count
    return min(len(records), MAX_REQUESTS)


def _together(records: Sequence[RequestRecord]) -> Batch:
    batches = [record.batch for record in records if record.batch is not None]
    if len(batches) == 1:
        return batches[0]
    return Batch(
        np.concatenate([batch.matrix for batch in batches]),
        list(chain.from_iterable(batch.probabilities for batch in batches)),
        list(chain.from_iterable(batch.labels for batch in batches)),
        list(chain.from_iterable(batch.outlier_scores for batch in batches)),
        list(chain.from_iterable(batch.outlier_flags for batch in batches)),
    )


def _inputs(batch: Batch, schema: Schema, privacy: Privacy, rows: int) -> Content:
    return Content(privacy.columns(schema.columns(batch.matrix[:rows])))


def _rows_of(record: RequestRecord) -> int:
    return 0 if record.batch is None else record.batch.rows


def drift_event(record: DriftRecord, reference: DriftReference, privacy: Privacy) -> list[dict[str, Any]]:
    """The properties of each part of the event of an evaluated window.

    `counts` has the form of `WindowCounts.to_json`, with some of the features in each part. With it, windows
    of several replicas can be added up.
    """
    report, window = record.report, record.window
    findings = {
        feature.name: [round(feature.psi, 4), float(f"{feature.p_adjusted:.3g}")]
        for feature in report.features
    }
    facts = {
        "status": report.status,
        "window_rows": report.rows,
        "window_size": report.rules.window_rows,
        "evaluated_at": report.evaluated_at or "",
    }
    counts = privacy.counts(window.to_json(reference)["counts"])
    contents = {
        "drifted": Content(report.drifted, ",".join),
        "psi_and_p": Content(findings),
        "counts": Content(counts, lambda some: as_json({"rows": window.rows, "counts": some})),
    }
    return parts(secrets.token_hex(8), facts, contents)
