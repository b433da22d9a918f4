from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml.errors import MlopsError
from ml.jobs import data

REQUIRED = ("id", "default")


def write(path: Path, columns: dict[str, list[int]]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_a_parquet_file_is_known_by_its_footer(tmp_path: Path):
    file = data.inspect(write(tmp_path / "a.parquet", {"id": [1, 2], "default": [0, 1]}), REQUIRED)
    assert (file.format, file.rows, file.columns) == ("parquet", 2, REQUIRED)
    assert file.sha256.startswith(file.version)
    assert data.blob_path("credit", file).endswith(f"{file.sha256}/credit.parquet")


def test_a_csv_file_is_known_by_its_header(tmp_path: Path):
    (tmp_path / "a.csv").write_text("id,default\n1,0\n")
    assert data.inspect(tmp_path / "a.csv", REQUIRED).format == "csv"


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path):
    (tmp_path / "a.csv").write_text("id,default\n1,0\n", encoding="utf-8-sig")
    file = data.inspect(tmp_path / "a.csv", REQUIRED)
    assert file.columns == REQUIRED
    assert data.as_parquet(file, tmp_path).columns == REQUIRED


def test_a_column_of_the_model_that_is_there_twice_is_named(tmp_path: Path):
    (tmp_path / "a.csv").write_text("id,default,id\n1,0,1\n")
    with pytest.raises(MlopsError, match="has the column id more than once"):
        data.inspect(tmp_path / "a.csv", REQUIRED)


def test_the_same_content_has_the_same_version_under_any_name(tmp_path: Path):
    one = write(tmp_path / "a.parquet", {"id": [1], "default": [0]})
    (tmp_path / "b.parquet").write_bytes(one.read_bytes())
    assert data.inspect(one).version == data.inspect(tmp_path / "b.parquet").version


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.parquet", b"PAR1 cut short", "not readable parquet"),
        ("a.bin", b"\x00\x01", "neither parquet nor"),
        ("a.csv", b"only one line", "no csv with a header"),
        ("a.csv", b"id,default\n1,2,3\n", "no csv with a header"),
        ("a.csv", b"id,\xff\xfe\n1,2\n", "not readable csv"),
        ("a.csv", b"id,other\n1,2\n", "has no column default"),
    ],
)
def test_what_is_no_data_set_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, words: str
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MlopsError, match=words):
        data.inspect(tmp_path / name, REQUIRED)


def test_no_file_and_no_rows_are_refused(tmp_path: Path):
    with pytest.raises(MlopsError, match="does not exist"):
        data.inspect(tmp_path / "none.parquet")
    with pytest.raises(MlopsError, match="no rows"):
        data.inspect(write(tmp_path / "e.parquet", {"id": [], "default": []}), REQUIRED)


def test_csv_becomes_the_same_parquet_each_time(tmp_path: Path):
    (tmp_path / "a.csv").write_text("id,default\n1,0\n2,1\n")
    file = data.inspect(tmp_path / "a.csv", REQUIRED)
    made = [data.as_parquet(file, tmp_path) for _ in range(2)]
    assert (made[0].format, made[0].rows, made[0].columns) == ("parquet", 2, REQUIRED)
    assert made[0].sha256 == made[1].sha256
    assert data.as_parquet(made[0], tmp_path) == made[0]


def test_a_broken_csv_row_is_named(tmp_path: Path):
    (tmp_path / "a.csv").write_text("id,default\n1,0\n2,1,3\n")
    with pytest.raises(MlopsError, match="Expected 2 columns, got 3"):
        data.as_parquet(data.inspect(tmp_path / "a.csv", REQUIRED), tmp_path)
