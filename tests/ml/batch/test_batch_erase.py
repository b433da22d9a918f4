"""One person leaves the outputs of batches: what readers see, what they do not see yet, old versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pyarrow.parquet as pq
import pytest

from ml.batch import outputs
from ml.batch.asked import Format
from ml.batch.erase import erase, outputs_below
from ml.batch.evaluate import Composite
from ml.batch.places import Place
from ml.batch.run import Limits, run
from ml.batch.unit import PREDICTIONS, REJECTS
from ml.errors import MlopsError
from ml.precomputed.rows import batch as to_load
from tests.ml.batch.conftest import ID, written
from tests.ml.batch.test_run import table

LIMITS = Limits(workers=1, most_rejected=0.5)


def holders(folder: Path, key: int) -> list[str]:
    """The Parquet files with a row of the key, whether a table names them or not."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*.parquet"))
        if key in pq.read_table(path, columns=["key"]).column("key").to_pylist()
    ]


def broken(rows: pd.DataFrame, place: int) -> pd.DataFrame:
    """With a row that is rejected."""
    changed = rows.copy()
    changed["age"] = changed["age"].astype(float)
    changed.loc[place, "age"] = float("nan")
    return changed


def test_predictions_rejects_and_hashes_of_a_person_go_from_every_run(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    output, some = tmp_path / "batch" / "credit-default", rows.head(60)
    key = int(some[ID][7])
    first = run(composite, written(some, tmp_path / "one"), str(output), ID, LIMITS)
    run(composite, written(broken(some, 7), tmp_path / "two"), str(output), ID, LIMITS)
    third = run(composite, written(rows.tail(20), tmp_path / "three"), str(output), ID, LIMITS)
    assert len(holders(output, key)) == 2
    assert outputs_below(str(tmp_path / "batch"), None) == [str(output)]
    assert erase(str(output), str(key), "e-1", None, 1.0) == 1
    assert holders(output, key) == []
    assert list(output.rglob("keys-*.npy")) == []
    assert len(table(output)) == 59 + 59 + 20
    assert len(table(output, REJECTS)) == 0
    assert erase(str(output), str(key), "e-1", None, 1.0) == 1, "the same erasure counts what it did"
    assert erase(str(output), str(key), "e-2", None, 1.0) == 0
    record = json.loads((output / "runs" / first["run"] / "record.json").read_text())
    assert (record["scored"], record["erased"]) == (60, 1)
    loaded = to_load(str(output), first["run"])
    assert loaded.rows == sum(block.num_rows for block in loaded.blocks()) == 59
    assert to_load(str(output), third["run"]).rows == 20
    assert run(composite, str(tmp_path / "one"), str(output), ID, LIMITS)["found"]


def test_units_that_nobody_sees_yet_go_whole_and_the_others_are_gone_on_with(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    """A run that was refused keeps its files; a key that occurs twice is such a run."""
    output, some = tmp_path / "out", rows.head(40).copy()
    some.loc[39, ID] = some[ID][3]
    with pytest.raises(MlopsError, match="more than once"):
        run(composite, written(some, tmp_path / "in", files=2), str(output), ID, LIMITS)
    key, other = int(some[ID][5]), int(some[ID][30])
    assert (len(holders(output, key)), len(holders(output, other))) == (1, 1)
    assert erase(str(output), str(key), "e-1", None, 1.0) == 0
    assert (holders(output, key), len(holders(output, other))) == ([], 1)
    assert len(list(output.rglob("unit-*.json"))) == 1


def test_files_without_a_table_are_written_anew(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    output, some = tmp_path / "out", rows.head(30)
    key = int(some[ID][7])
    where = written(some, tmp_path / "in")
    made = run(composite, where, str(output), ID, LIMITS, format_="parquet")
    assert len(holders(output, key)) == 1
    assert outputs_below(str(tmp_path), None) == [str(output)]
    assert erase(str(output), str(key), "e-1", None, 1.0) == 1
    assert holders(output, key) == []
    assert list(output.rglob("keys-*.npy")) == []
    found = pq.read_table(output / PREDICTIONS)
    assert sorted(found.column("key").to_pylist()) == sorted(set(some[ID]) - {key})
    loaded = to_load(str(output), made["run"])
    assert loaded.rows == sum(block.num_rows for block in loaded.blocks()) == 29, "its record says so"


def test_a_run_that_had_one_row_alone_has_lost_it(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    output, some = tmp_path / "out", rows.head(1)
    made = run(composite, written(some, tmp_path / "in"), str(output), ID, LIMITS)
    assert erase(str(output), str(some[ID].iloc[0]), "e-1", None, 1.0) == 1
    with pytest.raises(MlopsError, match="rejected or erased"):
        to_load(str(output), made["run"])


@pytest.mark.parametrize("format_", get_args(Format))
@pytest.mark.parametrize("who", [7, 9])
def test_a_run_that_was_killed_between_rejects_and_predictions_goes_on_after_an_erasure(
    composite: Composite,
    rows: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    format_: Format,
    who: int,
) -> None:
    """who: 7 is among the rejects that were shown, 9 is not."""
    output, some = tmp_path / "out", rows.head(30)
    where = written(broken(broken(some, 7), 8), tmp_path / "in")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(outputs.Tables, "_commit", killed_at_the_second(outputs.Tables._commit))
        patch.setattr(Place, "rename", killed_at_the_second(Place.rename))
        run(composite, where, str(output), ID, LIMITS, format_=format_)
    shown = {int(some[ID][7]), int(some[ID][8])}
    assert keys(output, format_, REJECTS) == sorted(shown)
    erase(str(output), str(some[ID][who]), "e-1", None, 1.0)
    assert holders(output, int(some[ID][who])) == []
    # The data still have the person: whoever scores them again scores all of their rows.
    done = run(composite, where, str(output), ID, LIMITS, format_=format_)
    assert (done["scored"], done["rejected"]) == (28, 2)
    assert len(keys(output, format_, PREDICTIONS)) == 28
    assert keys(output, format_, REJECTS) == sorted(
        shown if format_ == "delta" else shown - {int(some[ID][who])}
    )


def killed_at_the_second(call: Any) -> Any:
    calls: list[Any] = []

    def dies(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return call(*given)

    return dies


def keys(output: Path, format_: Format, name: str) -> list[int]:
    found: Any = table(output, name) if format_ == "delta" else pq.read_table(output / name).to_pandas()
    return sorted(int(key) for key in found["key"])


def test_a_key_that_is_no_number_is_in_no_column_of_numbers(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    run(composite, written(rows.head(10), tmp_path / "in"), str(output), ID, LIMITS)
    assert erase(str(output), "customer-7", "e-1", None, 1.0) == 0
    assert erase(str(output), f"0{rows[ID][0]}", "e-1", None, 1.0) == 0
    assert len(table(output)) == 10
