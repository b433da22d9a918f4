"""Kept answers and their labels as rows of a training: features, label and an id of their own.

Only the columns of the training's contract are ever read into a row that leaves. Request ids, keys, times,
probabilities and names of replicas stay, and so does the order in which rows were scored.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ml.lake.answers import type_of
from ml.lake.arrow import ArrowTable
from ml.quality.compute import functions
from ml.steps.contract import COLUMNS, FEATURES, ID, LABEL

Frame = Any  # a pandas.DataFrame
ANSWER: Final = ("request_id", "row", "scored_at")  # what one answer is told apart by
LABELS: Final = (*ANSWER, "label", "observed_at")
DIGITS: Final = 32  # of an id's digest
NAMES: Final = tuple(feature.name for feature in FEATURES)


@dataclass(frozen=True, slots=True)
class Window:
    """The days whose answers a file holds, both included."""

    first: dt.date
    last: dt.date

    @staticmethod
    def up_to(last: dt.date, days: int) -> Window:
        return Window(last - dt.timedelta(days=days - 1), last)

    def days(self) -> Iterator[dt.date]:
        """The newest first."""
        for back in range((self.last - self.first).days + 1):
            yield self.last - dt.timedelta(days=back)


@dataclass(frozen=True, slots=True)
class Rows:
    """rows: in the order of their ids. labelled: answers with a label, all told. empty: of those, how many
    have no value of a feature, by feature. beyond: rows that were left out because there are too many."""

    rows: ArrowTable
    labelled: int
    empty: dict[str, int]
    beyond: int

    @property
    def positives(self) -> int:
        return int(functions().sum(self.rows.column(LABEL)).as_py() or 0)


def made(answers: Any, labels: Any, window: Window, secret: bytes, most: int) -> Rows:
    """The rows of a window, a day at a time, at most so many.

    answers, labels: pyarrow's data sets of the two tables; None where there is no table. secret: of
    production's own; the same answer has the same id in each file, and nobody without it can tell whose.
    """
    import pyarrow as pa

    parts: list[ArrowTable] = []
    empty = dict.fromkeys(NAMES, 0)
    labelled = count = beyond = 0
    for day in window.days() if answers is not None and labels is not None else ():
        frame = _day(answers, labels, day)
        labelled += len(frame)
        for name in NAMES:
            empty[name] += int(frame[name].isna().sum())
        frame = frame[frame[list(NAMES)].notna().all(axis=1)]
        room = max(0, most - count)
        beyond += max(0, len(frame) - room)
        part = _table(frame.iloc[:room], secret)
        count += part.num_rows
        parts.append(part)
    whole = pa.concat_tables([_schema().empty_table(), *parts]).sort_by(ID)
    return Rows(whole, labelled, {name: rows for name, rows in empty.items() if rows}, beyond)


def _day(answers: Any, labels: Any, day: dt.date) -> Frame:
    """The answers of a day that have a label, each with the one that was observed last."""
    pc = functions()

    there = set(answers.schema.names)
    known = _read(labels, list(LABELS), pc.field("date") == day)
    known = known.sort_values("observed_at", kind="stable").drop_duplicates(list(ANSWER), keep="last")
    if known.empty:
        return pd.DataFrame(columns=[*ANSWER, *NAMES, LABEL])
    columns = [*ANSWER, *(name for name in NAMES if name in there)]
    # Of a day with many answers and few labels, the labelled requests alone come into memory.
    asked = pc.field("request_id").isin(known["request_id"].unique().tolist())
    kept = _read(answers, columns, (pc.field("date") == day) & asked).drop_duplicates(list(ANSWER))
    known = known[[*ANSWER, "label"]].rename(columns={"label": LABEL})
    return known.merge(kept, on=list(ANSWER), how="inner").reindex(columns=[*ANSWER, *NAMES, LABEL])


def _read(dataset: Any, columns: list[str], wanted: Any) -> Frame:
    """Whole numbers stay whole where some are missing."""
    import pyarrow as pa

    whole = {pa.int8(): pd.Int8Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    return dataset.scanner(columns=columns, filter=wanted).to_table().to_pandas(types_mapper=whole.get)


def _schema() -> Any:
    import pyarrow as pa

    kinds = {feature.name: type_of(feature) for feature in FEATURES} | {ID: pa.string(), LABEL: pa.int8()}
    return pa.schema([(name, kinds[name]) for name in COLUMNS])


def _table(frame: Frame, secret: bytes) -> ArrowTable:
    import pyarrow as pa

    places = zip(*(frame[name].tolist() for name in ANSWER), strict=True)
    ids = [_id(secret, request, row, at) for request, row, at in places]
    return pa.Table.from_pandas(
        frame.assign(**{ID: pd.Series(ids, index=frame.index, dtype=object)})[list(COLUMNS)],
        schema=_schema(),
        preserve_index=False,
    ).replace_schema_metadata(None)


def _id(secret: bytes, request: str, row: int, at: Any) -> str:
    """A letter comes first: a text of digits alone would be taken for a number, whose zeros do not count."""
    text = f"{request}\n{row}\n{at.isoformat()}"
    return f"p{hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:DIGITS]}"


def parquet(rows: ArrowTable) -> bytes:
    """The file: the same rows are the same bytes."""
    import pyarrow.parquet

    to = io.BytesIO()
    pyarrow.parquet.write_table(rows, to, compression="zstd")
    return to.getvalue()
