"""Custom events: inputs and outputs of scored rows, and drift, without what must not leave."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean
from typing import Any

import numpy as np
import orjson

from scoring.model.schema import Schema
from scoring.scorer import Batch
from scoring.telemetry.moment import RequestRecord
from scoring.telemetry.queue import DriftRecord

BATCH_EVENT, DRIFT_EVENT = "scoring.batch", "scoring.drift"
MAX_PROPERTY = 8_000  # characters; Application Insights cuts a property at 8,192
MAX_REQUESTS = 50  # of one event: so many identifiers fit into a property
MAX_ROWS = 250  # of one event: so many outputs fit into a property
HASH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Privacy:
    """`redact`: features left out of events. `hashed`: sent as HMAC-SHA-256.

    With one key the same value has the same hash, so rows can be grouped; without it a hash says nothing.
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
        """Those of features that may leave as they are: in a window of few rows, counts are values."""
        return {
            name: bins for name, bins in counts.items() if name not in self.redact and name not in self.hashed
        }

    def _hash(self, name: str, value: object) -> str:
        return hmac.new(self.key, f"{name}={value}".encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS]


@dataclass(frozen=True, slots=True)
class Told:
    """The properties of one event, and how many requests they are of, from the first on."""

    properties: dict[str, Any]
    requests: int


def batch_event(records: Sequence[RequestRecord], schema: Schema, privacy: Privacy, max_rows: int) -> Told:
    """The event of requests that scored rows: of the first, and of the next ones as long as all rows fit.

    Rows are listed from the first on, as many as `max_rows` and the size of a property allow; `rows_included`
    says how many, which is all of them unless it is the event of one request. The sums cover all rows.
    `requests` lists identifier, trace and number of rows of each request, in the order of the rows.
    """
    max_rows = min(max_rows, MAX_ROWS)
    count = _that_fit(records, max_rows)
    while True:
        batch = _together(records[:count])
        included = min(batch.rows, max_rows)
        inputs = _inputs(batch, schema, privacy, included)
        if len(inputs) <= MAX_PROPERTY or count == 1:
            break
        count = max(1, min(count - 1, count * MAX_PROPERTY // len(inputs)))
    while len(inputs) > MAX_PROPERTY and included > 0:
        included = min(included - 1, included * MAX_PROPERTY // len(inputs))
        inputs = _inputs(batch, schema, privacy, included)
    outputs = {
        "probability": batch.probabilities[:included],
        "label": batch.labels[:included],
        "outlier_score": batch.outlier_scores[:included],
        "outlier": [int(flag) for flag in batch.outlier_flags[:included]],
    }
    requests = [
        {"request_id": record.request_id, "trace_id": record.trace.trace_id, "rows": _rows_of(record)}
        for record in records[:count]
    ]
    properties = {
        "requests": orjson.dumps(requests).decode(),
        "rows": batch.rows,
        "rows_included": included,
        "inputs": inputs,
        "outputs": orjson.dumps(outputs).decode(),
        "positive_rows": sum(batch.labels),
        "outlier_rows": sum(batch.outlier_flags),
        "mean_probability": round(fmean(batch.probabilities), 6),
        "drift_status": records[count - 1].drift_status or "",
    }
    if count == 1:
        properties["request_id"] = records[0].request_id
    return Told(properties, count)


def _that_fit(records: Sequence[RequestRecord], max_rows: int) -> int:
    """How many requests, at least one, have no more rows together than are listed."""
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


def _inputs(batch: Batch, schema: Schema, privacy: Privacy, rows: int) -> str:
    return orjson.dumps(privacy.columns(schema.columns(batch.matrix[:rows]))).decode()


def _rows_of(record: RequestRecord) -> int:
    return 0 if record.batch is None else record.batch.rows


def drift_event(record: DriftRecord, window: dict[str, Any], privacy: Privacy) -> dict[str, Any]:
    """Properties of the event for an evaluated window; its counts let windows of replicas be merged.

    `window` is that of the record as JSON.
    """
    report = record.report
    findings = {
        feature.name: [round(feature.psi, 4), float(f"{feature.p_adjusted:.3g}")]
        for feature in report.features
    }
    return {
        "status": report.status,
        "window_rows": report.rows,
        "window_size": report.rules.window_rows,
        "evaluated_at": report.evaluated_at or "",
        "drifted": ",".join(report.drifted),
        "psi_and_p": orjson.dumps(findings).decode()[:MAX_PROPERTY],
        "counts": orjson.dumps({**window, "counts": privacy.counts(window["counts"])}).decode()[
            :MAX_PROPERTY
        ],
    }
