"""What a batch reads: formats with the same answers, and what is refused before a row is read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from ml.batch.evaluate import Composite
from ml.batch.run import Limits, run
from ml.batch.source import source
from ml.errors import MlopsError
from ml.lake import lease
from tests.ml.batch.conftest import ID, written
from tests.ml.batch.test_run import table

VALUES = ["probability", "label", "outlier_score", "outlier"]


def refused(composite: Composite, where: Path, out: Path) -> str:
    with pytest.raises(MlopsError) as caught:
        run(composite, str(where), str(out), ID, Limits())
    assert caught.value.remedy
    return caught.value.problem


def test_csv_delta_and_parquet_have_the_same_answers(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    written(rows, tmp_path / "parquet", files=1)
    (tmp_path / "csv").mkdir()
    rows.to_csv(tmp_path / "csv" / "rows.csv.gz", index=False)
    write_deltalake(str(tmp_path / "delta"), pa.Table.from_pandas(rows, preserve_index=False))
    found = {}
    for kind in ("parquet", "csv", "delta"):
        run(composite, str(tmp_path / kind), str(tmp_path / f"out-{kind}"), ID, Limits(block_rows=100))
        found[kind] = table(tmp_path / f"out-{kind}")
    pd.testing.assert_frame_equal(found["parquet"][VALUES], found["csv"][VALUES], check_exact=True)
    pd.testing.assert_frame_equal(found["parquet"][VALUES], found["delta"][VALUES], check_exact=True)
    assert found["csv"]["key"].tolist() == rows[ID].astype(str).tolist()


def test_a_value_in_csv_that_is_no_number_is_a_reject(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    broken = rows.astype({"age": object})
    broken.loc[3, "age"] = "old"
    broken.to_csv(tmp_path / "rows.csv", index=False)
    run(composite, str(tmp_path / "rows.csv"), str(tmp_path / "out"), ID, Limits())
    rejects = table(tmp_path / "out", "rejects")
    assert rejects[["key", "row", "column"]].to_numpy().tolist() == [[str(rows[ID][3]), 3, "age"]]


def test_a_column_of_another_type_in_another_file(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    written(rows.iloc[:100], tmp_path / "in", files=1)
    rows.iloc[100:].astype({"age": str}).to_parquet(tmp_path / "in" / "other.parquet", index=False)
    said = refused(composite, tmp_path / "in", tmp_path / "out")
    assert said == "The column age holds texts in other.parquet and numbers in part-0.parquet."
    assert [file.name for file in (tmp_path / "out").iterdir()] == [lease.NAME]


def test_a_column_that_lacks(composite: Composite, rows: pd.DataFrame, tmp_path: Path) -> None:
    written(rows.drop(columns=["age"]), tmp_path / "in", files=1)
    assert refused(composite, tmp_path / "in", tmp_path / "out") == "part-0.parquet lacks the columns age."


def test_a_file_that_was_cut_off(composite: Composite, rows: pd.DataFrame, tmp_path: Path) -> None:
    written(rows, tmp_path / "in")
    file = tmp_path / "in" / "part-1.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    assert refused(composite, tmp_path / "in", tmp_path / "out").startswith(
        "part-1.parquet cannot be read as Parquet"
    )


def test_a_file_whose_rows_are_damaged_publishes_nothing(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    written(rows, tmp_path / "in")
    file = tmp_path / "in" / "part-1.parquet"
    content = bytearray(file.read_bytes())
    content[4:2_000] = bytes(1_996)
    file.write_bytes(content)
    assert "cannot be read to its end" in refused(composite, tmp_path / "in", tmp_path / "out")
    assert len(table(tmp_path / "out")) == 0


def test_an_empty_file_among_others_has_no_rows(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    written(rows, tmp_path / "in")
    rows.iloc[:0].to_parquet(tmp_path / "in" / "part-9.parquet", index=False)
    assert run(composite, str(tmp_path / "in"), str(tmp_path / "out"), ID, Limits())["rows"] == len(rows)


def test_nothing_to_read(composite: Composite, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert refused(composite, tmp_path / "in", tmp_path / "out") == f"{tmp_path / 'in'} holds no file."


def test_columns_of_neither_contract_nor_key_are_ignored_and_told(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    where = written(rows.assign(extra=1), tmp_path / "in")
    found = run(composite, where, str(tmp_path / "out"), None, Limits())
    assert found["ignored_columns"] == [ID, "extra"]
    assert table(tmp_path / "out")["key"].isna().all()


def test_a_table_with_partitions_is_refused(composite: Composite, rows: pd.DataFrame, tmp_path: Path) -> None:
    whole = pa.Table.from_pandas(rows, preserve_index=False)
    write_deltalake(str(tmp_path / "in"), whole, partition_by=["sex"])
    assert "is partitioned by sex" in refused(composite, tmp_path / "in", tmp_path / "out")


def test_units_are_whole_row_groups(composite: Composite, rows: pd.DataFrame, tmp_path: Path) -> None:
    where = written(rows, tmp_path / "in", files=1, group=100)
    found = source(where, composite.artifact.schema.names, None, unit_rows=250)
    assert [(unit.groups, unit.rows, unit.first_row) for unit in found.units] == [
        ((0, 1, 2), 300, 0),
        ((3, 4, 5), len(rows) - 300, 300),
    ]
    assert pq.ParquetFile(Path(where) / "part-0.parquet").num_row_groups == 6


def test_files_that_change_are_another_run(composite: Composite, rows: pd.DataFrame, tmp_path: Path) -> None:
    names = composite.artifact.schema.names
    before = source(written(rows, tmp_path / "in"), names, None).digest
    assert source(str(tmp_path / "in"), names, None).digest == before
    changed = rows.copy()
    changed.loc[0, "age"] += 1
    assert source(written(changed, tmp_path / "in"), names, None).digest != before
