"""Delta tables in a local folder: what is refused, and what a commit that lost the race leaves."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ml.errors import MlopsError
from ml.lake import answers, tables
from scoring.model.schema import CategoryFeature, NumberFeature, Schema

CONTRACT = Schema(
    (
        NumberFeature("age", "years", 0, 120, True),
        NumberFeature("share", "of the limit", 0, 1, False),
        CategoryFeature("sex", "as registered", ("female", "male")),
        CategoryFeature("grade", "of school", (1, 2, 3)),
    )
)
AT = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)


def row(**more: Any) -> dict[str, Any]:
    known = {"request_id": "r-1", "row": 0, "key": "k-1", "scored_at": AT, "date": AT.date(), "age": 30}
    known |= {"share": 0.5, "sex": "male", "grade": 2, "probability": 0.25, "label": 0, "outlier": False}
    return {**known, **more}


def rows(*items: dict[str, Any]) -> pa.Table:
    schema = answers.schema(CONTRACT)
    return pa.Table.from_pylist(list(items), schema=schema)


@pytest.fixture
def table(tmp_path: Path) -> Any:
    return tables.make_table(
        tmp_path / "t",
        answers.schema(CONTRACT),
        partition=[answers.PARTITION],
        indexed=answers.INDEXED,
    )


def test_the_columns_are_those_of_the_contract(table: Any) -> None:
    assert tables.columns(table) == answers.schema(CONTRACT)
    kinds = {field.name: str(field.type) for field in answers.schema(CONTRACT)}
    assert [kinds[name] for name in CONTRACT.names] == ["int64", "float", "string", "int64"]


def test_a_feature_with_the_name_of_a_column_is_refused() -> None:
    with pytest.raises(MlopsError, match=r"features row, key"):
        answers.schema(Schema((NumberFeature("row", "", 0, 1, True), NumberFeature("key", "", 0, 1, True))))


def test_what_was_written_is_read(table: Any, tmp_path: Path) -> None:
    tables.append(table, rows(row(), row(row=1, key=None)), taken={"boot": 4}, told={"mlops.parts": 1})
    again = tables.open_table(tmp_path / "t")
    assert again is not None
    assert again.to_pyarrow_table().to_pylist() == rows(row(), row(row=1, key=None)).to_pylist()
    assert (tables.recorded(again, "boot"), tables.recorded(again, "other")) == (4, None)
    assert again.history(1)[0]["mlops.parts"] == 1
    assert tables.open_table(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("age", pa.array([0.97]), "age: double is not int64"),
        ("label", pa.array([300], pa.int64()), "label: int64 is not int8"),
        ("label", pa.array([True]), "label: bool is not int8"),
        ("outlier", pa.array([1], pa.int8()), "outlier: int8 is not bool"),
        ("sex", pa.array([1], pa.int64()), "sex: int64 is not string"),
        ("share", pa.array([0.1], pa.float64()), "share: double is not float"),
        ("scored_at", pa.array([AT.replace(tzinfo=None)]), "scored_at: timestamp"),
        ("more", pa.array([1]), "more: the table has no such column"),
    ],
)
def test_no_value_is_changed_on_its_way(table: Any, name: str, values: Any, said: str) -> None:
    given = rows(row())
    place = given.schema.get_field_index(name)
    given = given.append_column(name, values) if place < 0 else given.set_column(place, name, values)
    with pytest.raises(tables.RowsError, match=said):
        tables.append(table, given)
    assert table.version() == 0


def test_types_that_keep_each_value_are_taken(table: Any) -> None:
    given = rows(row()).drop_columns(["release", "outlier_score"])
    given = given.set_column(given.schema.get_field_index("age"), "age", pa.array([30], pa.int16()))
    given = given.set_column(given.schema.get_field_index("share"), "share", pa.array([0.5], pa.float64()))
    tables.append(table, given)
    assert table.to_pyarrow_table().to_pylist() == rows(row()).to_pylist()


def test_of_two_who_opened_the_same_version_one_writes(tmp_path: Path, table: Any) -> None:
    late = tables.open_table(tmp_path / "t")
    assert late is not None
    tables.append(table, rows(row()), taken={"boot": 1})
    with pytest.raises(tables.TableChangedError):
        tables.append(late, rows(row()), taken={"boot": 1})
    with pytest.raises(tables.TableChangedError):
        tables.replace(late, [], "date = '2026-11-30'")
    again = tables.open_table(tmp_path / "t")
    assert again is not None
    assert (again.version(), again.to_pyarrow_table().num_rows) == (1, 1)


def test_what_was_recorded_outlives_checkpoints(table: Any, tmp_path: Path) -> None:
    tables.append(table, rows(row()), taken={"first": 7})
    table.create_checkpoint()
    for file in (tmp_path / "t" / "_delta_log").glob("*.json"):
        file.unlink()  # as the clean-up of old log files does
    again = tables.open_table(tmp_path / "t")
    assert again is not None
    assert tables.recorded(again, "first") == 7


def test_a_new_column_is_null_in_old_rows_and_a_changed_one_is_refused(table: Any, tmp_path: Path) -> None:
    tables.append(table, rows(row()))
    more = Schema((*CONTRACT.features, NumberFeature("income", "a year", 0, 1e6, False)))
    assert tables.widen(table, answers.schema(more))
    again = tables.open_table(tmp_path / "t")
    assert again is not None
    assert again.to_pyarrow_table()["income"].to_pylist() == [None]
    assert not tables.widen(again, answers.schema(CONTRACT))
    other = Schema((NumberFeature("age", "years", 0, 120, False), *CONTRACT.features[1:]))
    with pytest.raises(tables.RowsError, match="age: float, in the table it is int64"):
        tables.widen(again, answers.schema(other))


def test_rows_that_were_replaced_are_in_no_file(table: Any, tmp_path: Path) -> None:
    tables.append(table, rows(row(), row(request_id="r-2", key="k-2")))
    table = tables.open_table(tmp_path / "t")
    kept = rows(row(request_id="r-2", key="k-2")).to_batches()
    tables.replace(table, kept, "date = '2026-11-30'")
    (gone,) = tables.unreferenced(table, 0)
    assert tables.unreferenced(table, 24) == []
    (tmp_path / "t" / gone).unlink()
    again = tables.open_table(tmp_path / "t")
    assert again is not None
    assert again.to_pyarrow_table()["key"].to_pylist() == ["k-2"]
    for file in (tmp_path / "t").rglob("*"):
        assert not file.is_file() or b"k-1" not in file.read_bytes()  # short columns are not compressed


def test_a_file_of_a_commit_under_way_is_left_alone(table: Any, tmp_path: Path) -> None:
    tables.append(table, rows(row()))
    again = tables.open_table(tmp_path / "t")
    assert again is not None
    orphan = tmp_path / "t" / "date=2026-11-30" / "part-00000-left.snappy.parquet"
    orphan.write_bytes(b"rows")
    assert tables.unreferenced(again, 0) == []
    two_days_ago = orphan.stat().st_mtime - 2 * 86_400
    os.utime(orphan, (two_days_ago, two_days_ago))
    assert tables.unreferenced(again, 0) == ["date=2026-11-30/part-00000-left.snappy.parquet"]


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(MlopsError, match="neither"):
        tables.open_table("s3://b/t")
    with pytest.raises(MlopsError, match="no credential"):
        tables.open_table(tables.address("a", "c", "t"))
