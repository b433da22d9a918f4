"""Kept answers to measure with: rows of the example data set, drawn with a seed, in a Delta table.

Probabilities are drawn around what a row's first repayment status says; for time they do not matter.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.scoring.cache import ROOT
from ml.lake import answers, tables
from ml.quality.reading import matrix_of
from ml.quality.reference import Baseline
from ml.steps.contract import LABEL, SCHEMA
from scoring.model.artifact import Thresholds
from scoring.model.sketch import DriftReference

SOURCE: Final = ROOT / "data" / "credit_default.parquet"
DATE: Final = dt.date(2026, 11, 29)
MODEL: Final = "credit-default:1"
CHUNK: Final = 500_000
REFERENCE_ROWS: Final = 24_000
DECISION: Final = 0.2


def features() -> Any:
    """The rows of the example, with the columns and types of kept answers."""
    rows = pq.read_table(SOURCE)
    kept = answers.schema(SCHEMA)
    return pa.table({name: _as(rows.column(name), kept.field(name).type) for name in SCHEMA.names})


def _as(column: Any, kind: Any) -> Any:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(kind)


def probability(rows: Any, random: np.random.Generator) -> Any:
    status = np.asarray(rows.column("pay_0"), dtype=np.float64)
    return 1.0 / (1.0 + np.exp(1.4 - 0.5 * status - 0.6 * random.standard_normal(len(status))))


def make(folder: Path, rows: int) -> None:
    """The table `answers`, `reference.parquet` (what peers compare with) and the model's `manifest.json`."""
    source, random = features(), np.random.default_rng(7)
    schema = answers.schema(SCHEMA)
    there = tables.make_table(
        folder / "answers", schema, partition=[answers.PARTITION], indexed=answers.INDEXED
    )
    for first in range(0, rows, CHUNK):
        size = min(CHUNK, rows - first)
        drawn = source.take(pa.array(random.integers(0, source.num_rows, size)))
        tables.append(there, _answered(drawn, random, first, schema))
    reference = source.slice(0, REFERENCE_ROWS)
    chances = probability(reference, random)
    labels = (random.random(REFERENCE_ROWS) < chances).astype(np.int8)
    told = reference.append_column("probability", pa.array(chances)).append_column(LABEL, pa.array(labels))
    pq.write_table(
        told.append_column("label", pa.array((chances >= DECISION).astype(np.int8))),
        folder / "reference.parquet",
    )
    matrix = matrix_of(reference.combine_chunks().to_batches()[0], SCHEMA)
    baseline = Baseline.of(chances, labels)
    metrics = {} if baseline is None else {"roc_auc": baseline.roc_auc, **baseline.metrics()}
    manifest = {
        "schema": SCHEMA.to_json(),
        "thresholds": Thresholds(DECISION, 0.6, 0.01, 5.0, 1.0).to_json(),
        "drift": DriftReference.learn(matrix, SCHEMA).to_json(),
        "metrics": {f"test.{name}": value for name, value in metrics.items()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _answered(drawn: Any, random: np.random.Generator, first: int, schema: Any) -> Any:
    size = drawn.num_rows
    chances = probability(drawn, random)
    whole: dict[str, Any] = {name: drawn.column(name) for name in SCHEMA.names}
    whole |= {
        "request_id": pc.binary_join_element_wise(
            pa.scalar("r"), pa.array(np.arange(first, first + size)).cast(pa.string()), "-"
        ),
        "row": pa.array(np.zeros(size, dtype=np.int32)),
        "key": pa.nulls(size, pa.string()),
        "scored_at": pa.array([dt.datetime.combine(DATE, dt.time(9), dt.UTC)] * 1).take(
            pa.array(np.zeros(size, dtype=np.int64))
        ),
        "date": pa.array([DATE]).take(pa.array(np.zeros(size, dtype=np.int64))),
        "probability": pa.array(chances),
        "label": pa.array((chances >= DECISION).astype(np.int8)),
        "outlier_score": pa.array(np.full(size, 0.1)),
        "outlier": pa.array(np.zeros(size, dtype=bool)),
        "model": pa.array([MODEL]).take(pa.array(np.zeros(size, dtype=np.int64))),
        "release": pa.nulls(size, pa.string()),
        "replica": pa.array(["r"]).take(pa.array(np.zeros(size, dtype=np.int64))),
        "batch": pa.nulls(size, pa.string()),
    }
    columns = [whole[field.name].cast(field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)
