"""The Spark engine's own part, without executors: the same tables and record as one machine's engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from ml.batch.evaluate import Composite
from ml.batch.run import Limits, run
from ml.batch.spark import engine, worker
from ml.batch.spark.engine import Model, batch
from ml.batch.spark.order import Token
from ml.errors import MlopsError
from tests.ml.batch.conftest import ID, written
from tests.ml.batch.spark.conftest import OneProcess
from tests.ml.batch.test_run import table

TIMES = ("made_at", "found")


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row group is a unit, and a wave is of two of them."""
    monkeypatch.setattr("ml.batch.source.source.__defaults__", (None, 100))
    monkeypatch.setattr(engine, "PER_SLOT", 1)
    monkeypatch.setattr(worker, "_loaded", {})


def facts(answer: dict[str, Any]) -> dict[str, Any]:
    """A record without what differs from run to run."""
    report = {key: value for key, value in answer["report"].items() if "at" not in key.split("_")}
    return {key: value for key, value in answer.items() if key not in TIMES} | {"report": report}


def broken(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of which one has a category that nobody knows."""
    found = rows.copy()
    found.loc[5, "sex"] = "unknown"
    return found


@pytest.mark.parametrize("slots", [2, 3])
def test_equal_to_one_machine_s_to_the_last_bit(
    composite: Composite, model: Model, rows: pd.DataFrame, tmp_path: Path, slots: int
) -> None:
    where = written(broken(rows), tmp_path / "in")
    one = run(composite, where, str(tmp_path / "one"), ID, Limits())
    many = batch(OneProcess(slots), model, where, str(tmp_path / "many"), ID, Limits())
    for name in ("predictions", "rejects"):
        first, second = (table(tmp_path / each, name) for each in ("one", "many"))
        assert len(first)
        pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert facts(one) == facts(many)
    assert json.loads((tmp_path / "many" / "runs" / many["run"] / "record.json").read_text())["rows"] == len(
        rows
    )


def test_a_run_that_one_engine_began_another_ends(
    composite: Composite, model: Model, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, output = written(rows, tmp_path / "in"), tmp_path / "out"

    def cut(read: int, _all: int | None) -> None:
        if read:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(OneProcess(2), model, where, str(output), ID, Limits(), told=cut)
    done = sorted(output.glob("runs/*/unit-*.json"))
    assert len(done) == 2  # one wave
    before = [file.stat().st_mtime_ns for file in done]
    told: list[int] = []
    batch(OneProcess(2), model, where, str(output), ID, Limits(), told=lambda read, _all: told.append(read))
    assert told[0] == 200
    assert [file.stat().st_mtime_ns for file in done] == before
    assert table(output)["key"].tolist() == rows[ID].tolist()
    assert run(composite, where, str(output), ID, Limits())["found"]


def test_an_executor_with_another_evaluator_is_refused(
    model: Model, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the driver has the machine code and an executor's processor cannot run it."""
    where, output = written(rows, tmp_path / "in"), tmp_path / "out"
    real = worker.load

    def other(*given: Any) -> Composite:
        found = real(*given)
        monkeypatch.setattr(type(found), "evaluated_by", property(lambda _: "something else"))
        return found

    monkeypatch.setattr(worker, "load", other)
    with pytest.raises(MlopsError, match="on an executor something else would evaluate it"):
        batch(OneProcess(2), model, where, str(output), ID, Limits())
    assert len(table(output)) == 0


def test_a_model_that_was_changed_on_its_way_is_refused(
    model: Model, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, output = written(rows, tmp_path / "in"), tmp_path / "out"
    monkeypatch.setattr(engine, "_keep_model", lambda folder, place, run_: None)
    with pytest.raises(MlopsError, match="cannot be used on an executor"):
        batch(OneProcess(2), model, where, str(output), ID, Limits())
    other = Model(model.folder, model.name, model.release, "sha256:0")
    with pytest.raises(MlopsError, match="was made of sha256:0"):
        batch(OneProcess(2), other, where, str(output), ID, Limits())


def test_a_damaged_file_ends_the_run_with_its_name(model: Model, rows: pd.DataFrame, tmp_path: Path) -> None:
    where, output = written(rows, tmp_path / "in", group=50), tmp_path / "out"
    file = tmp_path / "in" / "part-1.parquet"
    content = bytearray(file.read_bytes())
    content[200:600] = bytes(400)
    file.write_bytes(content)
    with pytest.raises(MlopsError, match=r"part-1\.parquet cannot be read to its end"):
        batch(OneProcess(2), model, where, str(output), ID, Limits())
    assert len(table(output)) == 0


def test_too_many_rejects_end_it_at_the_wave_that_has_them(
    model: Model, rows: pd.DataFrame, tmp_path: Path
) -> None:
    where, output = written(rows.assign(sex="unknown"), tmp_path / "in"), tmp_path / "out"
    with pytest.raises(MlopsError, match="At least 200 of"):
        batch(OneProcess(2), model, where, str(output), ID, Limits())
    assert len(table(output)) == len(table(output, "rejects")) == 0


def test_a_key_that_two_executors_met_publishes_nothing(
    model: Model, rows: pd.DataFrame, tmp_path: Path
) -> None:
    twice = rows.copy()
    twice.loc[len(rows) - 1, ID] = twice[ID][0]
    with pytest.raises(MlopsError, match=r"has 1 values that occur more than once"):
        batch(OneProcess(2), model, written(twice, tmp_path / "in"), str(tmp_path / "out"), ID, Limits())
    assert len(table(tmp_path / "out")) == 0


def test_csv_files_are_units_and_their_keys_are_texts(
    composite: Composite, model: Model, rows: pd.DataFrame, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for number, part in enumerate(np.array_split(np.arange(len(rows)), 3)):
        rows.iloc[part].to_csv(tmp_path / "in" / f"{number}.csv", index=False)
    where = str(tmp_path / "in")
    one = run(composite, where, str(tmp_path / "one"), ID, Limits())
    many = batch(OneProcess(2), model, where, str(tmp_path / "many"), ID, Limits())
    assert facts(one) == facts(many)
    pd.testing.assert_frame_equal(table(tmp_path / "one"), table(tmp_path / "many"), check_exact=True)


def test_a_token_is_shown_nowhere() -> None:
    assert "abc" not in repr(Token("abc", 5))
    assert Token("abc", 5).get_token("anything").token == "abc"


def test_each_wave_has_a_token_of_its_own() -> None:
    asked: list[str] = []

    class Credential:
        def get_token(self, scope: str) -> Token:
            asked.append(scope)
            return Token(f"t{len(asked)}", 5)

    executors: Any = engine.Executors(cast("Any", None), Path(), cast("Any", Credential()))
    assert executors._token("rows", "out") is None
    assert [executors._token("abfss://a@b.dfs.core.windows.net/", "out").token for _ in range(2)] == [
        "t1",
        "t2",
    ]
    assert asked == ["https://storage.azure.com/.default"] * 2
    with pytest.raises(MlopsError, match="need a credential"):
        engine.Executors(None, Path(), None)._token("abfss://a@b.dfs.core.windows.net/")
