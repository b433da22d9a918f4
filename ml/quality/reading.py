"""Kept answers of a day as sums, by row groups of its files on all cores: memory is that of some batches,
whatever a day has of rows.

Columns are read in batches that replace each other, texts as places in a dictionary: memory that is asked for
anew, and texts that are made of each row, took most of the time. The same files give the same sums, down to
the last digit of floats, whichever thread reads which: they are added in the order of the files.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.lake.arrow import ArrowBatch
from ml.quality.compute import functions
from ml.quality.reference import Model
from ml.quality.sums import Counter, DaySums
from ml.steps.cores import cores
from scoring.model.schema import CategoryFeature, Matrix, Schema

ANSWERED: Final = ("probability", "label", "outlier", "model", "scored_at")
BATCH_ROWS: Final = 16_384  # a batch's columns and matrix stay near the processor
MOST_WORKERS: Final = 4  # each holds a row group's compressed columns, and a batch

Contract = tuple[Model, Schema]


def matrix_of(batch: ArrowBatch, contract: Schema) -> Matrix:
    """The features of a batch [rows, features]; NaN where a row has no value, or the batch no such column."""
    matrix = np.empty((batch.num_rows, contract.width), dtype=np.float32)
    there = set(batch.schema.names)
    for place, feature in enumerate(contract.features):
        if feature.name not in there:
            matrix[:, place] = np.nan
            continue
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

    coded = pa.types.is_dictionary(column.type)
    values = column.dictionary if coded else column
    places = pc.index_in(values, value_set=pa.array(feature.categories, values.type))
    return _numbers(places.take(column.indices) if coded else places)


@dataclass
class DayCount:
    """What one day has: sums by model, rows in all, and when the latest was scored."""

    sums: dict[str, DaySums] = field(default_factory=dict[str, DaySums])
    rows: int = 0
    latest: dt.datetime | None = None

    def add(self, other: DayCount) -> None:
        """Raises ValueError when a model's sums are of features with other bins."""
        self.rows += other.rows
        if other.latest is not None:
            self.latest = other.latest if self.latest is None else max(self.latest, other.latest)
        for name, sums in other.sums.items():
            self.sums[name] = self.sums[name] + sums if name in self.sums else sums


def count(
    dataset: Any, date: dt.date, contract_of: Callable[[str], Contract], workers: int | None = None
) -> DayCount:
    """Sum the answers of a day, each model's rows by themselves.

    dataset: pyarrow's, of the table of kept answers, whose files hold one day each. contract_of: the model of
    a name and its contract; asked by one thread at a time. workers: threads; None: one a core, MOST_WORKERS
    at most.
    """
    pc = functions()
    asking = threading.Lock()

    def contract(name: str) -> Contract:
        with asking:
            return contract_of(name)

    groups: list[tuple[Any, int]] = [
        (fragment, group.id)
        for fragment in dataset.get_fragments(filter=pc.field("date") == date)
        for group in fragment.row_groups
    ]
    found = DayCount()
    if not groups:
        return found
    with ThreadPoolExecutor(min(len(groups), workers or min(cores(), MOST_WORKERS))) as pool:
        for each in pool.map(partial(_of_group, contract), groups):
            found.add(each)
    return found


def _of_group(contract_of: Callable[[str], Contract], where: tuple[Any, int]) -> DayCount:
    """where: a fragment of the dataset, and the number of its row group. A file that was written before the
    table was given a column does not have it."""
    import pyarrow.parquet as pq

    fragment, group = where
    with fragment.open() as content:
        file = pq.ParquetFile(content, read_dictionary=_texts(fragment.physical_schema), pre_buffer=True)
        models = functions().unique(file.read_row_group(group, columns=["model"]).column("model")).to_pylist()
        contracts = {name: contract_of(name) for name in models}
        features = {name for _, contract in contracts.values() for name in contract.names}
        columns = [name for name in file.schema_arrow.names if name in features or name in ANSWERED]
        batches = file.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False)
        return _sums(batches, contracts)


def _texts(schema: Any) -> list[str]:
    import pyarrow as pa

    return [one.name for one in schema if pa.types.is_string(one.type) or pa.types.is_large_string(one.type)]


def _sums(batches: Iterable[ArrowBatch], contracts: dict[str, Contract]) -> DayCount:
    pc = functions()

    found = DayCount()
    counters = {name: Counter(model.drift) for name, (model, _) in contracts.items()}
    for batch in batches:
        found.rows += batch.num_rows
        latest = pc.max(batch.column("scored_at")).as_py()
        found.latest = latest if found.latest is None else max(found.latest, latest)
        for name, part in _by_model(batch, list(contracts)):
            counters[name].add(
                matrix_of(part, contracts[name][1]),
                np.asarray(part.column("probability"), dtype=np.float64),
                np.asarray(part.column("label")),
                int(pc.sum(part.column("outlier")).as_py() or 0),
            )
    found.sums = {name: counter.sums for name, counter in counters.items()}
    return found


def _by_model(batch: ArrowBatch, models: list[str]) -> Iterator[tuple[str, ArrowBatch]]:
    """models: all that the batch can have."""
    if len(models) == 1:
        yield models[0], batch
        return
    pc = functions()
    for name in models:
        part = batch.filter(pc.equal(batch.column("model"), name))
        if part.num_rows:
            yield name, part
