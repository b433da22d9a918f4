"""The types of a csv file come from the contract, never from what its values look like."""

import csv
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.commands import score
from ml.errors import MlopsError
from ml.jobs import csv_table, data
from scoring.http.openapi import document
from scoring.model.schema import CategoryFeature, NumberFeature, Schema
from scoring.settings import Limits

FEATURES = (
    CategoryFeature("branch", "", ("01", "1", "true", "12E5", "2024-05-01", "NA", "null", " a", "x,y\n")),
    CategoryFeature("grade", "", (1, 2, 3)),
    NumberFeature("tenure", "", 0, 600, integer=True),
    NumberFeature("rate", "", 0, 99.9, integer=False),
)
NAMES = tuple(feature.name for feature in FEATURES)
KINDS = csv_table.kinds_of(FEATURES)


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "branch": st.sampled_from(FEATURES[0].categories),
            "grade": st.sampled_from(FEATURES[1].categories),
            "tenure": st.integers(0, 600),
            "rate": st.floats(0, 99.9),
        }
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_what_was_written_is_read(rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        table = csv_table.read(written(Path(scratch, "a.csv"), rows), "x", NAMES, KINDS)
    assert table.to_pylist() == rows
    assert table.schema.types == [pa.string(), pa.int64(), pa.int64(), pa.float64()]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1", "02", " 3 ", "+4", "5.0", "6.", "1E+02"], [1, 2, 3, 4, 5, 6, 100]),
        (["1", ""], [1, None]),
        (["", ""], [None, None]),
        (["1", "1.5"], [1.0, 1.5]),
        (["9007199254740993"], [9007199254740993]),
    ],
)
def test_numbers_as_programs_write_them(tmp_path: Path, texts: list[str], values: list[Any]) -> None:
    path = written(tmp_path / "a.csv", [{"id": "1", "tenure": text} for text in texts])
    table = csv_table.read(path, "x", ("id", "tenure"), KINDS)
    assert table.column("tenure").to_pylist() == values


@pytest.mark.parametrize("text", ["thirty", "NA", "1,5", "0x10", "1_0", "nan", "inf", "true", "1 2", "--1"])
def test_what_is_no_number_is_named(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "a.csv", [{"id": "1", "tenure": each} for each in ("1", text, "2", text)])
    with pytest.raises(MlopsError, match="text where the contract has numbers") as caught:
        csv_table.read(path, "x", ("id", "tenure"), KINDS)
    assert caught.value.details == [f"column tenure: 2 values are no numbers, for example {text!r} in row 2"]


def test_a_training_reads_a_csv_file_by_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.steps.contract.FEATURES", FEATURES)
    row = {"id": "007", "branch": "01", "grade": 1, "tenure": 12, "rate": 5, "default": 1}
    file = data.inspect(written(tmp_path / "a.csv", [row, {**row, "id": "1E+05", "branch": "true"}]))
    read = pq.read_table(data.as_parquet(file, tmp_path).path)
    assert read.to_pylist() == [row, {**row, "id": "1E+05", "branch": "true"}]


def described() -> Any:
    """A service that describes FEATURES."""
    artifact: Any = SimpleNamespace(
        schema=Schema(FEATURES),
        digest="sha256:0",
        thresholds=SimpleNamespace(decision=0.5, outlier=0.5, outlier_share=0.01),
    )
    body = json.loads(json.dumps(document(artifact, Limits())))
    request = httpx.Request("GET", "http://x/openapi.json")
    return SimpleNamespace(
        address="http://x", get=lambda path: httpx.Response(200, json=body, request=request)
    )


def test_score_reads_a_csv_file_as_the_deployed_model_takes_it(tmp_path: Path) -> None:
    assert score.kinds_of(described()) == KINDS
    row = {"id": "007", "branch": "01", "grade": 2, "tenure": 12, "rate": 5.5}
    path = written(tmp_path / "a.csv", [row])
    records, ids = score.read_rows(path, NAMES, 9, 0, lambda: score.kinds_of(described()))
    assert (ids, records) == (["007"], [{name: row[name] for name in NAMES}])


def test_a_service_without_a_description_is_named() -> None:
    request = httpx.Request("GET", "http://x/openapi.json")
    silent: Any = SimpleNamespace(
        address="http://x", get=lambda path: httpx.Response(200, json={}, request=request)
    )
    with pytest.raises(MlopsError, match="does not describe its features"):
        score.kinds_of(silent)


def test_score_sends_what_is_empty_as_null_and_refuses_what_json_cannot_say(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"rate": [1.5, float("nan"), None]}), path)
    records, _ = score.read_rows(path, ("rate",), 3, 0)
    assert sorted(map(str, (record["rate"] for record in records))) == ["1.5", "None", "None"]
    for values in (pa.array([1, 2], pa.date32()), pa.array([float("inf"), 1.0]), pa.array([b"a", b"b"])):
        pq.write_table(pa.table({"rate": values}), path)
        with pytest.raises(MlopsError, match="The column rate of the data set"):
            score.read_rows(path, ("rate",), 2, 0)
