"""A batch's published run as it is loaded."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import get_args

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.batch.asked import Format
from ml.batch.evaluate import Composite
from ml.batch.outputs import Folders
from ml.batch.run import Limits, run
from ml.errors import MlopsError
from ml.precomputed import rows as precomputed
from ml.precomputed.rows import as_csv
from tests.ml.batch.conftest import ID, composite, rows, written
from tests.ml.precomputed.made import block

__all__ = ["composite", "rows"]  # fixtures


@pytest.mark.parametrize("format_", get_args(Format))
def test_a_published_run_is_read_with_its_record(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, format_: Format
) -> None:
    output = str(tmp_path / "out")
    first = run(composite, written(rows, tmp_path / "in"), output, ID, Limits(), format_=format_)
    (record,) = (tmp_path / "out").rglob("record.json")
    record.write_text(json.dumps({**first, "made_at": "2026-11-29T00:00:00+00:00"}))
    some = rows.iloc[:50]
    second = run(composite, written(some, tmp_path / "more"), output, ID, Limits(), format_=format_)
    assert precomputed.newest(output) == second["run"]
    found = precomputed.batch(output, second["run"])
    assert (found.rows, found.model, found.release) == (50, "credit-default:1", "r-0123456789abcdef")
    blocks = pa.Table.from_batches(list(found.blocks()))
    assert sorted(blocks["key"].to_pylist()) == sorted(str(key) for key in some[ID])
    assert blocks.column_names == list(precomputed.COLUMNS)
    assert precomputed.batch(output, first["run"]).rows == len(rows)


def test_a_run_of_parquet_that_nobody_sees_yet_is_not_loaded(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, where = str(tmp_path / "out"), written(rows.iloc[:40], tmp_path / "in")
    first = run(composite, where, output, ID, Limits(), format_="parquet")
    with monkeypatch.context() as patch:
        patch.setattr(Folders, "publish", lambda *_: [])  # killed before it
        second = run(composite, written(rows, tmp_path / "b"), output, ID, Limits(), format_="parquet")
    assert precomputed.newest(output) == first["run"]
    with pytest.raises(MlopsError, match=f"no published run {second['run']}"):
        precomputed.batch(output, second["run"])


def test_what_is_no_published_run_is_named(tmp_path: Path, composite: Composite, rows: pd.DataFrame) -> None:
    with pytest.raises(MlopsError, match="has no table of predictions"):
        precomputed.newest(str(tmp_path / "none"))
    output = str(tmp_path / "out")
    run(composite, written(rows, tmp_path / "in"), output, None, Limits())
    with pytest.raises(MlopsError, match="no published run b-none"):
        precomputed.batch(output, "b-none")
    without_keys = precomputed.batch(output, precomputed.newest(output))
    with pytest.raises(MlopsError, match="rows or more without a key"):
        list(without_keys.blocks())


@pytest.mark.parametrize("key", ["Ann Example", "ann@example.com", "a/b", "", "k" * 65, "é"])
def test_keys_that_nobody_could_ask_for_are_refused_and_not_shown(key: str) -> None:
    with pytest.raises(MlopsError, match="1 keys or more that do not match") as refused:
        precomputed._checked(block({"k-1": (0.5, 1, 0.5, True), key: (0.5, 1, 0.5, True)}), "b-1")
    assert not key or key not in str(refused.value)


FINITE = st.floats(0, 1)


@settings(max_examples=200)
@given(
    keys=st.lists(
        st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True), min_size=1, max_size=20, unique=True
    ),
    numbers=st.data(),
)
def test_no_digit_is_lost_on_the_way_to_the_server(keys: list[str], numbers: st.DataObject) -> None:
    made = {key: (numbers.draw(FINITE), 1, numbers.draw(FINITE), numbers.draw(st.booleans())) for key in keys}
    read = list(csv.reader(io.StringIO(as_csv(block(made), 7).decode())))
    for line, (key, (probability, label, score, outlier)) in zip(read, made.items(), strict=True):
        assert line[:2] == ["7", key]
        assert (float(line[2]), int(line[3]), float(line[4])) == (probability, label, score)
        assert line[5] == str(outlier).lower()
