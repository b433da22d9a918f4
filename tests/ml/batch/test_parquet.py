"""Parquet as output: a run is seen whole or not at all, in its own folder."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from pyarrow import dataset

from ml.batch import days, outputs
from ml.batch.evaluate import Composite
from ml.batch.run import Limits, run
from ml.errors import MlopsError
from tests.ml.batch.conftest import ID, written
from tests.ml.batch.test_run import Killed, table


def seen(output: Path) -> pd.DataFrame:
    """As pyarrow reads the folder, and Spark alike."""
    return (
        dataset.dataset(output / "predictions", format="parquet", partitioning="hive").to_table().to_pandas()
    )


def test_the_rows_are_those_of_the_table(composite: Composite, rows: pd.DataFrame, tmp_path: Path) -> None:
    where = written(rows, tmp_path / "in")
    answer = run(composite, where, str(tmp_path / "parquet"), ID, Limits(), format_="parquet")
    run(composite, where, str(tmp_path / "delta"), ID, Limits())
    one = seen(tmp_path / "parquet").sort_values(["file", "row"]).reset_index(drop=True)
    other = table(tmp_path / "delta")
    assert set(one.pop("run")) == {answer["run"]} and len(other.pop("run")) == len(rows)
    pd.testing.assert_frame_equal(one, other, check_exact=True, check_dtype=False)
    found = duckdb.read_parquet(f"{tmp_path}/parquet/predictions/*/*.parquet")
    assert found.count("*").fetchall() == [(len(rows),)]


@pytest.mark.parametrize("after", range(1, 11))
def test_killed_anywhere_nobody_sees_half_and_the_next_run_ends_it(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    broken = rows.copy()
    broken.loc[3, "sex"] = "unknown"
    where, output = written(broken, tmp_path / "in", files=2), tmp_path / "out"
    effects = [0]

    def counted(real: Any) -> Any:
        def call(*given: Any, **more: Any) -> Any:
            answer = real(*given, **more)
            effects[0] += 1
            if effects[0] == after:
                raise Killed
            return answer

        return call

    with monkeypatch.context() as patch:
        patch.setattr(outputs.Place, "write", counted(outputs.Place.write))
        patch.setattr(outputs.Place, "rename", counted(outputs.Place.rename))
        with contextlib.suppress(Killed):
            run(composite, where, str(output), ID, Limits(workers=1), format_="parquet")
    there = len(seen(output)) if (output / "predictions").exists() else 0
    assert there in (0, len(rows) - 1)
    run(composite, where, str(output), ID, Limits(workers=2), format_="parquet")
    assert len(seen(output)) == len(rows) - 1
    again = run(composite, where, str(output), ID, Limits(), format_="parquet")
    assert again["found"]
    assert not list((output / "_unpublished" / "predictions").glob("*"))


def test_a_folder_holds_one_kind(composite: Composite, rows: pd.DataFrame, tmp_path: Path) -> None:
    where = written(rows.head(50), tmp_path / "in")
    run(composite, where, str(tmp_path / "delta"), ID, Limits())
    run(composite, where, str(tmp_path / "parquet"), ID, Limits(), format_="parquet")
    with pytest.raises(MlopsError, match="holds a Delta table"):
        run(composite, where, str(tmp_path / "delta"), ID, Limits(), format_="parquet")
    with pytest.raises(MlopsError, match="holds Parquet files without a table"):
        run(composite, where, str(tmp_path / "parquet"), ID, Limits())


def test_a_day_that_is_there_is_refused_before_its_rows_are_scored(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    day, output = "2026-11-30", str(tmp_path / "out")

    def scored(count: int, told: Any = lambda *_: None) -> dict[str, Any]:
        where = written(rows.head(count), tmp_path / "in", files=1)
        return run(composite, where, output, ID, Limits(), None, told, date=day, format_="parquet")

    scored(50)
    with pytest.raises(MlopsError, match="An earlier run of the same day"):
        scored(60, lambda *_: pytest.fail("a row was read"))


def test_rejects_of_a_killed_run_do_not_stand_beside_another_run_of_its_day(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed between its two renames; what it had shown is taken back when another is shown."""
    output, real = tmp_path / "out", outputs.Place.rename

    def scored(count: int) -> dict[str, Any]:
        broken = rows.head(count).astype({"sex": object})
        broken.loc[3, "sex"] = "unknown"
        where = written(broken, tmp_path / str(count), files=1)
        return run(composite, where, str(output), ID, Limits(), date="2026-11-30", format_="parquet")

    def killed(*given: Any) -> None:
        real(*given)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outputs.Place, "rename", killed)
        with contextlib.suppress(Killed):
            scored(200)
    assert len(list((output / "rejects").iterdir())) == 1
    done = scored(210)["run"]
    for name in ("predictions", "rejects"):
        assert [folder.name for folder in (output / name).iterdir()] == [f"run={done}"]


def test_its_days_are_found(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, done = str(tmp_path / "out"), dict[str, str]()

    def scored(day: str) -> None:
        where = written(rows.head(50), tmp_path / "in" / day, files=1)
        answer = run(composite, where, output, ID, Limits(), date=day, format_="parquet")
        done[day] = answer["run"]

    def killed(*_: Any) -> None:
        raise Killed

    scored("2026-11-27")
    scored("2026-11-28")
    with monkeypatch.context() as patch:
        patch.setattr(outputs.Place, "rename", killed)
        with contextlib.suppress(Killed):
            scored("2026-11-29")
    written(rows.head(50), tmp_path / "in" / "2026-11-30", files=1)
    rows.tail(5).to_parquet(tmp_path / "in" / "2026-11-28" / "late.parquet", index=False)
    asked = days.days("2026-11-26", "2026-11-30")
    found = days.checked(output, str(tmp_path / "in" / "{date}"), asked, None)
    assert [(day.state, day.run) for day in found] == [
        ("no data", None),
        ("scored", done["2026-11-27"]),
        ("late", done["2026-11-28"]),
        ("unfinished", None),
        ("missing", None),
    ]
