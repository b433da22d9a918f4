"""What runs in executors: files of rows are read for Spark, and what it answers is written into files.

Spark calls both by mapInArrow. Files are read and written as on one machine (ml.batch.places), by the
driver's token: Spark itself needs neither a way to storage nor a right on it.
"""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ml.batch.places import Place
from ml.batch.spark.order import Token
from ml.lake import tables
from ml.lake.arrow import ArrowBatch, ArrowSchema

BATCH_ROWS: Final = 65_536
ONE_COLUMN: Final = "rows binary"
WRITTEN: Final = "path string, size long, rows long"
"""What an executor answers of a file that it wrote."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Files below a folder. parts: of each the path, its row groups, and what the partition's columns hold.

    whole: the columns of all rows. asked: those that Spark gets, in the types in which it does. Both are as
    Arrow has them; the order is pickled.
    """

    where: str
    parts: tuple[tuple[str, tuple[int, ...], Any], ...]
    whole: ArrowSchema
    asked: ArrowSchema
    token: Token | None


@dataclass(frozen=True, slots=True)
class Writing:
    """A Delta table's folder and columns."""

    where: str
    columns: ArrowSchema
    token: Token | None


def read(order: bytes, numbers: Iterable[ArrowBatch]) -> Iterator[ArrowBatch]:
    """numbers: places in `parts`, in their first column. Gives the rows of these files."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    given: Reading = pickle.loads(order)  # noqa: S301 - the driver made it, in this session
    place, names = Place(given.where, given.token), given.asked.names
    for batch in numbers:
        for number in batch.column(0).to_pylist():
            path, groups, partition = given.parts[number]
            file = ds.ParquetFileFormat().make_fragment(path, place.files, partition, row_groups=list(groups))
            for rows in file.to_batches(schema=given.whole, columns=names, batch_size=BATCH_ROWS):
                yield from pa.Table.from_batches([rows]).cast(given.asked).to_batches()


def write(order: bytes, batches: Iterable[ArrowBatch]) -> Iterator[ArrowBatch]:
    """Write the rows of one task into one file, which is part of the table when the driver says so.

    A task that Spark runs twice leaves a file that no row is in, as a killed writer does.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    given: Writing = pickle.loads(order)  # noqa: S301 - the driver made it, in this session
    place, name = Place(given.where, given.token), f"part-{uuid.uuid4().hex}.parquet"
    rows, stream, writer = 0, None, None
    for batch in batches:
        fit = tables.fitted(pa.Table.from_batches([batch]), given.columns)
        if fit.num_rows and writer is None:
            place.made_for(name)
            stream = place.files.open_output_stream(name)
            writer = pq.ParquetWriter(stream, given.columns, compression="zstd")
        if writer is not None:
            writer.write_table(fit)
            rows += fit.num_rows
    if writer is not None and stream is not None:
        writer.close()
        stream.close()
        said = pa.table({"path": [name], "size": [place.size(name)], "rows": [rows]})
        yield from said.to_batches()


def packed(batches: Iterable[ArrowBatch]) -> Iterator[ArrowBatch]:
    """Each batch as the one value of a row, a stream of Arrow's: so the driver gets columns and no rows."""
    import pyarrow as pa

    for batch in batches:
        to = pa.BufferOutputStream()
        with pa.ipc.new_stream(to, batch.schema) as stream:
            stream.write_batch(batch)
        yield pa.RecordBatch.from_pydict({"rows": pa.array([to.getvalue().to_pybytes()], pa.binary())})
