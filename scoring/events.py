"""The custom event of a batch: inputs and outputs of scored rows, without what must not leave."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import orjson

from scoring.schema import Schema
from scoring.telemetry import DriftRecord, RequestRecord

BATCH_EVENT, DRIFT_EVENT = "scoring.batch", "scoring.drift"
MAX_PROPERTY = 8_000  # characters; Application Insights cuts a property at 8,192
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


def batch_event(record: RequestRecord, schema: Schema, privacy: Privacy, max_rows: int) -> dict[str, Any]:
    """Properties of the event for a request that scored rows.

    Rows are listed from the first on, as many as `max_rows` and the size of a property allow; `rows_included`
    says how many. The sums cover all rows.
    """
    batch = record.batch
    if batch is None:
        return {}
    included = min(batch.rows, max_rows)
    while True:
        columns = privacy.columns(schema.columns(batch.matrix[:included]))
        inputs = orjson.dumps(columns).decode()
        if len(inputs) <= MAX_PROPERTY or included == 0:
            break
        included = min(included - 1, included * MAX_PROPERTY // len(inputs))
    outputs = {
        "probability": batch.probabilities[:included],
        "label": batch.labels[:included],
        "outlier_score": batch.outlier_scores[:included],
        "outlier": [int(flag) for flag in batch.outlier_flags[:included]],
    }
    return {
        "request_id": record.request_id,
        "rows": batch.rows,
        "rows_included": included,
        "inputs": inputs,
        "outputs": orjson.dumps(outputs).decode(),
        "positive_rows": sum(batch.labels),
        "outlier_rows": sum(batch.outlier_flags),
        "mean_probability": round(fmean(batch.probabilities), 6),
        "drift_status": record.drift_status or "",
    }


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
