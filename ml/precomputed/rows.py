"""A batch run's rows, read from its table and made ready to be loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from ml.batch.outputs import folders
from ml.batch.places import Place
from ml.batch.unit import PARTITION, PREDICTIONS, RUNS
from ml.errors import MlopsError
from ml.lake import tables
from ml.lake.arrow import ArrowBatch
from ml.precomputed.store import Batch
from scoring.kept.keys import PATTERN

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

COLUMNS: Final = ("key", "probability", "label", "outlier_score", "outlier")
BLOCK_ROWS: Final = 131_072


@dataclass(frozen=True, slots=True)
class Output:
    """What a batch has written: a Delta table, or folders of Parquet. records: where its runs' records are.

    published: whether readers see a run. rows: those of a run, as a pyarrow dataset.
    """

    records: Place
    published: Callable[[str], bool]
    rows: Callable[[str], Any]


def newest(where: str, credential: TokenCredential | None = None) -> str:
    """The name of the run that was published last below a batch's output. Raises MlopsError."""
    output = _opened(where, credential)
    ended = [
        (record["made_at"], str(record["run"]))
        for name in output.records.names(RUNS)
        if name.endswith("/record.json") and (record := json.loads(output.records.read(name)))
        if output.published(str(record["run"]))
    ]
    if not ended:
        raise MlopsError(f"No batch has been published in {where}.", "Run `mlops batch` first.")
    return max(ended)[1]


def batch(where: str, run: str, credential: TokenCredential | None = None) -> Batch:
    """A published run below a batch's output. Raises MlopsError, also while its rows are read."""
    output = _opened(where, credential)
    name = f"{RUNS}/{run}/record.json"
    if not output.records.exists(name) or not output.published(run):
        raise MlopsError(f"{where} has no published run {run}.", "Name one of its runs, or end it first.")
    record = json.loads(output.records.read(name))
    rows = int(record["scored"]) - int(record.get("erased", 0))  # of people who were erased since
    if not rows:
        raise MlopsError(
            f"The run {run} has no predictions: all its rows were rejected or erased.", "Mend its data."
        )
    dataset = output.rows(run)
    return Batch(
        run,
        record["model"],
        record["model_digest"],
        record["release"],
        datetime.fromisoformat(record["made_at"]),
        rows,
        lambda: _blocks(dataset, run),
    )


def _opened(where: str, credential: TokenCredential | None) -> Output:
    import pyarrow.dataset as ds

    place = Place(where, credential)
    table = tables.open_table(f"{place.where}/{PREDICTIONS}", credential)
    if table is not None:
        opened: Any = table
        return Output(
            place,
            lambda run: tables.recorded(opened, run) is not None,
            lambda run: opened.to_pyarrow_dataset(partitions=[(PARTITION, "=", run)]),
        )
    if not place.names(PREDICTIONS):
        raise MlopsError(f"{where} has no table of predictions.", "Run `mlops batch`, or name its --output.")
    made = folders(place, credential)

    def rows(run: str) -> Any:
        files = place.names(f"{PREDICTIONS}/{PARTITION}={run}")
        return ds.dataset(files, format="parquet", filesystem=place.files)

    return Output(made.written, made.published, rows)


def _blocks(dataset: Any, run: str) -> Iterator[ArrowBatch]:
    for block in dataset.to_batches(columns=list(COLUMNS), batch_size=BLOCK_ROWS):
        if block.num_rows:
            yield _checked(block, run)


def _checked(block: ArrowBatch, run: str) -> ArrowBatch:
    """The block with keys as texts. Raises MlopsError for keys that nobody could ask for."""
    import pyarrow as pa
    import pyarrow.compute as pc

    compute: Any = pc
    keys = block.column("key")
    if keys.null_count:
        raise MlopsError(
            f"The run {run} has {keys.null_count:,} rows or more without a key.",
            "Run `mlops batch` with --key, over rows that all have one.",
        )
    if not pa.types.is_string(keys.type):
        keys = keys.cast(pa.string())
    fits = compute.match_substring_regex(keys, f"^(?:{PATTERN})$")
    wrong = len(keys) - int(compute.sum(fits).as_py() or 0)
    if wrong:
        raise MlopsError(
            f"The run {run} has {wrong:,} keys or more that do not match {PATTERN}: names with spaces and "
            "addresses are not taken, since keys stand in URLs.",
            "Give rows pseudonyms as keys (docs/precomputed.md), and run the batch again.",
        )
    return pa.record_batch([keys, *(block.column(name) for name in COLUMNS[1:])], names=list(COLUMNS))


def as_csv(block: ArrowBatch, number: int) -> bytes:
    """The block as PostgreSQL's COPY reads it, the run's number in front; numbers lose no digit."""
    import pyarrow as pa
    import pyarrow.csv as csv

    numbered = pa.record_batch(
        [pa.repeat(pa.scalar(number, pa.int32()), block.num_rows), *block.columns], names=["run", *COLUMNS]
    )
    stream = BytesIO()
    csv.write_csv(numbered, stream, csv.WriteOptions(include_header=False))
    return stream.getvalue()
