"""Kept answers, batch by batch, as sums: memory is that of some batches, whatever a day has of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.lake.arrow import ArrowBatch
from ml.quality.compute import functions
from ml.quality.reference import Model
from ml.quality.sums import Counter, DaySums
from scoring.model.schema import CategoryFeature, Matrix, Schema

ANSWERED: Final = ("probability", "label", "outlier", "model", "scored_at")
BATCH_ROWS: Final = 65_536
READ_AHEAD: Final = 2  # batches, and files: what is read before it is asked for stays in memory

Contract = tuple[Model, Schema]


def matrix_of(batch: ArrowBatch, contract: Schema) -> Matrix:
    """The features of a batch [rows, features]; NaN where a row has no value, or the batch no such column."""
    matrix = np.full((batch.num_rows, contract.width), np.nan, dtype=np.float32)
    for place, feature in enumerate(contract.features):
        if feature.name in batch.schema.names:
            column = batch.column(feature.name)
            matrix[:, place] = (
                _codes(column, feature) if isinstance(feature, CategoryFeature) else _numbers(column)
            )
    return matrix


def _numbers(column: Any) -> NDArray[Any]:
    if column.null_count == 0:
        return column.to_numpy(zero_copy_only=False)
    import pyarrow as pa

    return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _codes(column: Any, feature: CategoryFeature) -> NDArray[Any]:
    """The place of each value among the categories; NaN for none, and for one that the contract lacks."""
    import pyarrow as pa

    pc = functions()

    found = pc.index_in(column, value_set=pa.array(feature.categories, column.type))
    return _numbers(found)


@dataclass
class DayCount:
    """What one day has: sums by model, rows in all, and when the latest was scored."""

    sums: dict[str, DaySums] = field(default_factory=dict[str, DaySums])
    rows: int = 0
    latest: dt.datetime | None = None


def count(batches: Iterable[ArrowBatch], contract_of: Callable[[str], Contract]) -> DayCount:
    """Sum the batches of a day, each model's rows by themselves.

    contract_of: the model of a name and its contract, asked for once a model.
    """
    pc = functions()

    found = DayCount()
    contracts: dict[str, Contract] = {}
    counters: dict[str, Counter] = {}
    for batch in batches:
        if batch.num_rows == 0:
            continue
        found.rows += batch.num_rows
        latest = pc.max(batch.column("scored_at")).as_py()
        found.latest = latest if found.latest is None else max(found.latest, latest)
        names = pc.unique(batch.column("model")).to_pylist()
        for name in names:
            if name not in contracts:
                contracts[name] = contract_of(name)
                counters[name] = Counter(contracts[name][0].drift)
            part = batch if len(names) == 1 else batch.filter(pc.equal(batch.column("model"), name))
            counters[name].add(
                matrix_of(part, contracts[name][1]),
                np.asarray(part.column("probability"), dtype=np.float64),
                np.asarray(part.column("label")),
                int(pc.sum(part.column("outlier")).as_py() or 0),
            )
    found.sums = {name: counter.sums for name, counter in counters.items()}
    return found


def batches_of(dataset: Any, date: dt.date, names: Iterable[str]) -> Iterable[ArrowBatch]:
    """The answers of a day. dataset: pyarrow's, of the table of kept answers. names: of features."""
    pc = functions()

    there = set(dataset.schema.names)
    columns = [name for name in (*names, *ANSWERED) if name in there]
    return dataset.scanner(
        columns=columns,
        filter=pc.field("date") == date,
        batch_size=BATCH_ROWS,
        batch_readahead=READ_AHEAD,
        fragment_readahead=READ_AHEAD,
    ).to_batches()
