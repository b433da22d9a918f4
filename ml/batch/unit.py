"""One unit of a batch: its rows scored into one file, its rejects into another, its counts into a third."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.batch.columns import Encoded
from ml.batch.evaluate import Composite
from ml.batch.places import Place
from ml.batch.source import Source, Unit, blocks
from ml.errors import MlopsError
from ml.lake.arrow import ArrowSchema, ArrowType
from ml.quality.sums import Counter, DaySums

PREDICTIONS: Final = "predictions"
REJECTS: Final = "rejects"
RUNS: Final = "runs"
PARTITION: Final = "run"
SAME: Final = ("file", "model", "release")  # columns of which all rows of a unit have one text
SOUGHT: Final = ("key", "file", "row")  # columns that readers look for rows by: files say their ranges
NO_KEY: Final = np.uint64(2**64 - 1)


@dataclass(frozen=True, slots=True)
class Written:
    """A file of a table, relative to the table, its bytes and rows."""

    path: str
    size: int
    rows: int


@dataclass(frozen=True)
class Done:
    """What became of a unit."""

    number: int
    read: int
    predictions: Written | None
    rejects: Written | None
    rejected_rows: int
    sums: dict[str, Any]  # of ml.quality.sums.DaySums

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def from_json(content: bytes) -> Done:
        value = json.loads(content)
        for name in ("predictions", "rejects"):
            value[name] = None if value[name] is None else Written(**value[name])
        return Done(**value)


def predictions_schema(key: ArrowType | None) -> ArrowSchema:
    """The table of predictions, as it is declared; `run` is its partition and stands in no file."""
    import pyarrow as pa

    fields = [("key", key or pa.string()), ("file", pa.string()), ("row", pa.int64())]
    answers = [
        ("probability", pa.float64()),
        ("label", pa.int8()),
        ("outlier_score", pa.float64()),
        ("outlier", pa.bool_()),
        ("model", pa.string()),
        ("release", pa.string()),
    ]
    return pa.schema([*fields, *answers, (PARTITION, pa.string())])


def rejects_schema(key: ArrowType | None) -> ArrowSchema:
    import pyarrow as pa

    return pa.schema(
        [
            ("key", key or pa.string()),
            ("file", pa.string()),
            ("row", pa.int64()),
            ("column", pa.string()),
            ("reason", pa.string()),
            (PARTITION, pa.string()),
        ]
    )


def record_name(run: str, unit: Unit) -> str:
    return f"{RUNS}/{run}/unit-{unit.number:06}.json"


def keys_name(run: str, number: int) -> str:
    return f"{RUNS}/{run}/keys-{number:06}.npy"


class Scoring:
    """Scores units. Thread-safe."""

    def __init__(
        self,
        composite: Composite,
        source: Source,
        output: Place,
        run: str,
        key: str | None,
        key_type: ArrowType | None,
        block_rows: int,
    ) -> None:
        self.composite, self._source, self.output, self.run = composite, source, output, run
        self.key, self.key_type, self._block_rows = key, key_type, block_rows
        # The partition stands in the names of folders and in no file.
        self._predictions = _in_files(predictions_schema(key_type))
        self._rejects = _in_files(rejects_schema(key_type))

    def done(self, unit: Unit) -> Done | None:
        """What became of the unit in an earlier run that was killed; None when it is still to do."""
        name = record_name(self.run, unit)
        return Done.from_json(self.output.read(name)) if self.output.exists(name) else None

    def score(self, unit: Unit, told: Callable[[int, int], None]) -> Done:
        """Score a unit. Its record is written last: without it the unit counts as not done.

        told: called for each block with the rows that were read and those of them that were rejected.
        """
        counter = Counter(self.composite.artifact.drift)
        read = rejected = 0
        hashes: list[NDArray[np.uint64]] = []
        with (
            _File(self.output, self._place(PREDICTIONS, unit), self._predictions) as predictions,
            _File(self.output, self._place(REJECTS, unit), self._rejects) as rejects,
        ):
            texts = self.composite.texts
            for block in blocks(self._source, unit, texts, self._block_rows):
                encoded = self.composite.columns.encode(block)
                first = unit.first_row + read
                if len(encoded.kept):
                    answers = self.composite.judge.arrays(encoded.matrix)
                    predictions.write(self._answered(block, encoded, answers, unit, first))
                    outliers = int(answers.outlier.sum())
                    counter.add(encoded.matrix, answers.probability, answers.label, outliers)
                if encoded.rejects:
                    rejects.write(self._rejected(block, encoded, unit, first))
                if self.key is not None:
                    hashes.append(hashed(self._named(block, unit)))
                lost = block.num_rows - len(encoded.kept)
                read, rejected = read + block.num_rows, rejected + lost
                told(block.num_rows, lost)
        if self.key is not None:
            self._keep_keys(unit, hashes)
        done = Done(unit.number, read, predictions.written, rejects.written, rejected, counter.sums.to_json())
        self.output.write(record_name(self.run, unit), done.to_json())
        return done

    def sums(self, done: Done) -> DaySums:
        return DaySums.from_json(done.sums, self.composite.artifact.drift)

    def _place(self, table: str, unit: Unit) -> str:
        return f"{table}/{PARTITION}={self.run}/part-{unit.number:06}.parquet"

    def _answered(self, block: Any, encoded: Encoded, answers: Any, unit: Unit, first: int) -> Any:
        import pyarrow as pa

        rows = len(encoded.kept)
        composite = self.composite
        made = [
            self._keys(block, unit, encoded.kept),
            _same(unit.file, rows),
            _column(encoded.kept + first, pa.int64()),
            _column(answers.probability, pa.float64()),
            _column(answers.label, pa.int8()),
            _column(answers.outlier_score, pa.float64()),
            _column(answers.outlier, pa.bool_()),
            _same(composite.name, rows),
            _same(composite.release, rows),
        ]
        return pa.RecordBatch.from_arrays(made, schema=self._predictions)

    def _rejected(self, block: Any, encoded: Encoded, unit: Unit, first: int) -> Any:
        import pyarrow as pa

        places = np.array([one.row for one in encoded.rejects], dtype=np.int64)
        made = [
            self._keys(block, unit, places),
            _same(unit.file, len(places)),
            _column(places + first, pa.int64()),
            pa.array([one.column for one in encoded.rejects], pa.string()),
            pa.array([one.code for one in encoded.rejects], pa.string()),
        ]
        return pa.RecordBatch.from_arrays(made, schema=self._rejects)

    def _keys(self, block: Any, unit: Unit, places: NDArray[np.int64]) -> Any:
        import pyarrow as pa

        if self.key is None:
            return pa.nulls(len(places), self._predictions.field("key").type)
        keys = self._named(block, unit)
        # As many places as rows need not be all rows: a row has a place for each of its defects.
        every = np.array_equal(places, np.arange(block.num_rows))
        return keys if every else keys.take(_column(places, pa.int64()))

    def _named(self, block: Any, unit: Unit) -> Any:
        """The keys of all rows, of the table's type, whatever each file has. Raises MlopsError."""
        import pyarrow as pa

        keys = block.column(self.key)
        if pa.types.is_dictionary(keys.type):
            keys = keys.dictionary_decode()
        try:
            return keys.cast(self._predictions.field("key").type)
        except pa.ArrowInvalid as error:
            raise MlopsError(
                f"The column {self.key} of {unit.file} holds {keys.type} that is no whole number of 64 bits.",
                "Nothing was published. A key is a whole number or a text.",
            ) from error

    def _keep_keys(self, unit: Unit, hashes: list[NDArray[np.uint64]]) -> None:
        from io import BytesIO

        together = np.sort(np.concatenate(hashes)) if hashes else np.empty(0, np.uint64)
        content = BytesIO()
        np.save(content, together)
        self.output.write(keys_name(self.run, unit.number), content.getvalue())


def hashed(keys: Any) -> NDArray[np.uint64]:
    """64 bits of each key, the same in every process and block; NO_KEY where there is none. keys: int64 or
    texts."""
    import pyarrow as pa
    from pandas import util

    library: Any = util
    # Beside a gap numpy would have floating numbers, which have other hashes.
    given = keys.fill_null(0) if pa.types.is_integer(keys.type) else keys
    found: NDArray[np.uint64] = library.hash_array(given.to_numpy(zero_copy_only=False), categorize=False)
    return np.where(keys.is_null().to_numpy(zero_copy_only=False), NO_KEY, found)


def _in_files(schema: ArrowSchema) -> ArrowSchema:
    """Of the batches that are written: without the partition, and what all rows share by number."""
    for name in {*SAME}.intersection(schema.names):
        place = schema.get_field_index(name)
        schema = schema.set(place, schema.field(place).with_type(_coded()))
    return schema.remove(schema.get_field_index(PARTITION))


def _column(values: NDArray[Any], of: ArrowType) -> Any:
    """numpy's values, of the same type, where they lie. Arrow's own way imports pandas, for half a second."""
    import pyarrow as pa

    packed = np.packbits(values, bitorder="little") if pa.types.is_boolean(of) else values
    return pa.Array.from_buffers(of, len(values), [None, pa.py_buffer(np.ascontiguousarray(packed))])


def _same(value: str | None, rows: int) -> Any:
    """One text for all rows, which is in memory once: files have it once in each group of rows, too."""
    import pyarrow as pa

    if value is None:
        return pa.nulls(rows, _coded())
    places = _column(np.zeros(rows, dtype=np.int32), pa.int32())
    content = value.encode()
    ends = pa.py_buffer(np.array([0, len(content)], dtype=np.int32))
    return pa.DictionaryArray.from_arrays(places, pa.StringArray.from_buffers(1, ends, pa.py_buffer(content)))


def _coded() -> Any:
    import pyarrow as pa

    return pa.dictionary(pa.int32(), pa.string())


class _File:
    """A Parquet file that is made with its first rows. `written` is there when all went well."""

    def __init__(self, place: Place, name: str, schema: ArrowSchema) -> None:
        self._place, self._name, self._schema = place, name, schema
        self._writer: Any = None
        self._stream: Any = None
        self._rows = 0
        self.written: Written | None = None

    def __enter__(self) -> _File:
        return self

    def write(self, batch: Any) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._writer is None:
            self._place.made_for(self._name)
            self._stream = self._place.files.open_output_stream(self._name)
            sought: Any = list(SOUGHT)
            texts: Any = [field.name for field in self._schema if field.type in (pa.string(), _coded())]
            self._writer = pq.ParquetWriter(
                self._stream,
                self._schema,
                use_dictionary=texts,
                write_statistics=sought,
                store_schema=False,  # readers see texts, and not that they lay here as a dictionary
            )
        self._writer.write_batch(batch)
        self._rows += batch.num_rows

    def __exit__(self, kind: object, *rest: object) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._stream.close()
        if kind is None:
            in_table = self._name.partition("/")[2]
            self.written = Written(in_table, self._place.size(self._name), self._rows)
