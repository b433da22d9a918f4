"""What needs no session: types by name, words of errors, and the files that a task reads and writes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml.features.database import SqlError
from ml.features.sources import stored
from ml.features.spark.columns import ddl, taken
from ml.features.spark.database import said
from ml.features.spark.files import Reading, Writing, packed, read, write
from ml.lake.arrow import ArrowType
from tests.ml.features.spark.statements import rows

KINDS = [pa.float32(), pa.decimal128(9, 2), pa.uint8(), pa.list_(pa.int64()), pa.time64("us")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_type_that_spark_calculates_otherwise_with_is_refused_by_name(kind: ArrowType) -> None:
    with pytest.raises(SqlError, match="of events, value is"):
        taken(pa.schema([("id", pa.int64()), ("value", kind)]), "events")


def test_other_forms_of_one_type_are_that_type() -> None:
    schema = pa.schema(
        [
            ("t", pa.large_string()),
            ("c", pa.dictionary(pa.int32(), pa.string())),
            ("m", pa.timestamp("ms", "Etc/UTC")),
            ("a`b", pa.timestamp("ns")),
        ]
    )
    assert ddl(taken(schema, "events")) == "`t` string, `c` string, `m` timestamp, `a``b` timestamp_ntz"


JAVA = "Job aborted\n\tat x.Y(Z.java)\nCaused by: java.lang.RuntimeException: value holds fractions\n\tat b"
PYTHON = "Traceback\n  File x\nml.errors.MlopsError: events.parquet is cut off\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (JAVA, "value holds fractions"),
        (PYTHON, "events.parquet is cut off"),
        ("[ARITHMETIC_OVERFLOW] long overflow.\n", "[ARITHMETIC_OVERFLOW] long overflow."),
        ("", "Spark gave no reason"),
    ],
)
def test_of_a_trace_the_innermost_error_is_said(text: str, words: str) -> None:
    assert said(text) == words


def test_what_a_task_reads_it_writes_into_one_file(tmp_path: Path) -> None:
    whole = rows().drop_columns(["x", "y"])  # NaN is not equal to itself
    pq.write_table(whole, tmp_path / "t.parquet", row_group_size=4)
    found = stored(str(tmp_path / "t.parquet"), None)
    asked = taken(whole.schema, "t")
    parts = tuple(("t.parquet", (group,), pa.compute.scalar(True)) for group in (0, 2))
    order = pickle.dumps(Reading(found.where, parts, found.rows.schema, asked, None))
    numbers = pa.RecordBatch.from_pydict({"id": [0, 1]})
    given = list(read(order, [numbers]))
    assert pa.Table.from_batches(given).equals(pa.concat_tables([whole.slice(0, 4), whole.slice(8)]))
    (tmp_path / "out").mkdir()
    (answer,) = write(pickle.dumps(Writing(str(tmp_path / "out"), whole.schema, None)), given)
    (told,) = answer.to_pylist()
    assert told["rows"] == 5
    file = tmp_path / "out" / told["path"]
    assert told["size"] == file.stat().st_size
    assert pq.read_table(file).equals(pa.Table.from_batches(given))
    assert list(write(pickle.dumps(Writing(str(tmp_path / "none"), whole.schema, None)), [])) == []
    assert not (tmp_path / "none").exists()
    streamed = [pa.ipc.open_stream(one.column(0)[0].as_py()).read_all() for one in packed(given)]
    assert pa.concat_tables(streamed).equals(pa.Table.from_batches(given))
