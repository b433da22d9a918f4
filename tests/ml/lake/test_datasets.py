"""Filters over fractions: a row is shown for what it holds, not for what else lies in its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from deltalake import DeltaTable, write_deltalake

from ml.features import place, sources
from ml.features.engine import engine
from ml.lake import datasets

NAN = float("nan")
FILES = ((1.0, NAN, 2.0), (NAN,), (5.0, None), (None, None), (-1.0, 9.0, NAN, None), (3.0,))
FILTERS = ("x < 5", "x <= 2", "x > 0", "x >= 5", "NOT (x > 4)", "x <> 3", "x = 3", "isnan(x)", "x IS NULL")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> DeltaTable:
    """A file for each of FILES, in a partition of its own; that of the third has no name."""
    where = str(tmp_path_factory.mktemp("lake") / "table")
    number = 0
    for file, values in enumerate(FILES):
        rows = {"id": [number + row for row in range(len(values))], "x": pa.array(values, pa.float64())}
        number += len(values)
        part = pa.array([None if file == 2 else f"part {file}"] * len(values), pa.string())
        write_deltalake(where, pa.table({**rows, "part": part}), mode="append", partition_by=["part"])
    return DeltaTable(where)


def ids(connection: Any, condition: str) -> list[int]:
    found = connection.sql(f"SELECT id FROM rows WHERE {condition} ORDER BY id").fetchall()  # noqa: S608
    return [row[0] for row in found]


def in_memory(table: DeltaTable) -> Any:
    return table.to_pyarrow_table()


@pytest.mark.parametrize("condition", FILTERS)
def test_statements_find_the_same_rows_in_files_and_in_memory(table: DeltaTable, condition: str) -> None:
    with engine() as files, engine() as memory:
        place.register(files, "rows", table)
        memory.register("rows", in_memory(table))
        assert ids(files, condition) == ids(memory, condition)


def test_a_source_is_read_so_too(table: DeltaTable) -> None:
    with engine() as connection:
        connection.register("rows", sources.stored(table.table_uri.removeprefix("file://"), None).rows)
        assert ids(connection, "x < 5") == [0, 2, 8, 12]


def test_columns_of_the_partition_are_read_from_the_log(table: DeltaTable) -> None:
    made = datasets.dataset(table)
    order = [("id", "ascending")]
    columns = ["id", "part"]
    assert made.to_table(columns).sort_by(order) == in_memory(table).select(columns).sort_by(order)
    assert made.schema == table.to_pyarrow_dataset().schema


def test_files_that_cannot_hold_a_row_are_skipped_by_other_columns(tmp_path: Path) -> None:
    for number in (1, 2):
        write_deltalake(tmp_path, pa.table({"n": [number], "x": [NAN]}), mode="append")
    made = datasets.dataset(DeltaTable(tmp_path))
    assert len(list(made.get_fragments(ds.field("n") == 2))) == 1


def test_of_fractions_inside_a_struct_or_a_list_nothing_is_told(tmp_path: Path) -> None:
    write_deltalake(tmp_path, pa.table({"at": [{"x": [1.0]}], "n": [1]}))
    (fragment,) = datasets.dataset(DeltaTable(tmp_path)).get_fragments()
    assert "at" not in str(fragment.partition_expression)


def test_a_partition_by_a_fraction_keeps_its_value(tmp_path: Path) -> None:
    rows = pa.table({"id": [1, 2, 3], "x": [1.5, NAN, None]})
    write_deltalake(tmp_path, rows, partition_by=["x"])
    made = datasets.dataset(DeltaTable(tmp_path))
    assert made.to_table(["id"], filter=ds.field("x") < 5)["id"].to_pylist() == [1]
    assert made.to_table(["id"], filter=ds.field("x").is_null())["id"].to_pylist() == [3]
