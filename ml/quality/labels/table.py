"""The Delta table of labels, in the data lake or in a local folder.

A row is a label of one answer, with what was answered, so that quality is measured from this table alone.
Rows are only added: of an answer with several, the one that was observed last counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from ml.lake.answers import LABELS
from ml.lake.arrow import ArrowSchema, ArrowTable
from ml.quality.compute import functions
from ml.quality.labels.file import Given
from ml.quality.labels.joining import Answer, Known, Place
from ml.quality.sums import LabelledSums

CONTAINER: Final = "tables"  # of the data lake
TABLE: Final = LABELS
PARTITION: Final = "date"
INDEXED: Final = ("date", "scored_at")
ANSWER: Final = ("request_id", "row", "key", "scored_at", "probability", "label", "model")
"""The columns of kept answers that are read."""


def schema() -> ArrowSchema:
    """label: what was observed. predicted, probability: what was answered. date: of scored_at, in UTC."""
    import pyarrow as pa

    return pa.schema(
        [
            ("request_id", pa.string()),
            ("row", pa.int32()),
            ("key", pa.string()),
            ("label", pa.int8()),
            ("observed_at", pa.timestamp("us", "UTC")),
            ("received_at", pa.timestamp("us", "UTC")),
            ("source", pa.string()),  # sha256 of the file that brought it
            ("scored_at", pa.timestamp("us", "UTC")),
            ("date", pa.date32()),
            ("probability", pa.float64()),
            ("predicted", pa.int8()),
            ("model", pa.string()),
        ]
    )


def rows(new: Iterable[tuple[Answer, Given]], received_at: dt.datetime, source: str) -> ArrowTable:
    import pyarrow as pa

    made = [
        {
            "request_id": answer.request_id,
            "row": answer.row,
            "key": answer.key,
            "label": given.label,
            "observed_at": given.observed_at,
            "received_at": received_at,
            "source": source,
            "scored_at": answer.scored_at,
            "date": answer.scored_at.date(),
            "probability": answer.probability,
            "predicted": answer.predicted,
            "model": answer.model,
        }
        for answer, given in new
    ]
    return pa.Table.from_pylist(made, schema=schema())


def answers_for(dataset: Any, given: Iterable[Given]) -> list[Answer]:
    """The kept answers that labels may be about. dataset: pyarrow's, of the table of kept answers."""
    import pyarrow as pa

    pc = functions()

    labels = list(given)
    requests = sorted({each.request_id for each in labels if each.request_id is not None})
    keys = sorted({each.key for each in labels if each.key is not None})
    wanted: Any = pc.field("request_id").isin(pa.array(requests, pa.string()))
    wanted |= pc.field("key").isin(pa.array(keys, pa.string()))
    found: list[Answer] = []
    for batch in dataset.scanner(columns=list(ANSWER), filter=wanted).to_batches():
        found += [Answer(*values) for values in zip(*(column.to_pylist() for column in batch), strict=True)]
    return found


def known_for(dataset: Any, answers: Iterable[Answer]) -> dict[Place, Known]:
    """The label that counts of each answer that has one. dataset: pyarrow's, of the table of labels."""
    import pyarrow as pa

    pc = functions()

    requests = sorted({answer.request_id for answer in answers})
    names = ["request_id", "row", "scored_at", "label", "observed_at"]
    wanted: Any = pc.field("request_id").isin(pa.array(requests, pa.string()))
    known: dict[Place, Known] = {}
    for batch in dataset.scanner(columns=names, filter=wanted).to_batches():
        columns = [batch.column(name).to_pylist() for name in names]
        for request_id, row, scored_at, label, observed_at in zip(*columns, strict=True):
            where = request_id, row, scored_at
            if where not in known or known[where].observed_at < observed_at:
                known[where] = Known(label, observed_at)
    return known


def labelled(table: ArrowTable) -> dict[dt.date, LabelledSums]:
    """Sums by the day on which rows were scored. table: rows of the table of labels, of one model."""
    pc = functions()

    if table.num_rows == 0:
        return {}
    ordered = table.sort_by([("observed_at", "ascending")])
    places = [ordered.column(name).to_pylist() for name in ("request_id", "row", "scored_at")]
    last = {where: number for number, where in enumerate(zip(*places, strict=True))}
    kept = ordered.take(sorted(last.values()))
    found: dict[dt.date, LabelledSums] = {}
    for day in pc.unique(kept.column("date")).to_pylist():
        rows_of = kept.filter(pc.equal(kept.column("date"), day))
        found[day] = LabelledSums.of(
            np.asarray(rows_of.column("probability"), dtype=np.float64),
            np.asarray(rows_of.column("predicted")),
            np.asarray(rows_of.column("label")),
        )
    return found
