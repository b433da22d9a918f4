"""The program that Spark runs: its exit code, and what it says and writes beside the tables."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pandas as pd
import pytest

from ml.batch.spark import main, program
from ml.batch.spark.engine import Model
from ml.errors import MlopsError
from ml.lake import lease
from tests.ml.batch.conftest import ID, written
from tests.ml.batch.spark.conftest import OneProcess


class Spark(OneProcess):
    def stop(self) -> None:
        """Nothing was started."""


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "session_here", lambda: Spark(2))


def given(model: Model, data: Path | str, output: Path, *more: str) -> list[str]:
    named = ["--model", str(model.folder), "--model-name", model.name, "--release", str(model.release)]
    return [*named, "--data", str(data), "--output", str(output), "--key", ID, *more]


def test_a_day_without_files_is_an_answer_and_no_failure(
    model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    asked = given(model, tmp_path / "in", tmp_path / "out", "--answer", "runs/answers/a.json")
    assert main.main([*asked, "--date", "2026-11-29"]) == 0
    answer = {"date": "2026-11-29", "run": None, "state": "no data"}
    said = capsys.readouterr()
    assert json.loads(said.out) == answer
    assert "2026-11-29: " in said.err and "holds no file" in said.err
    assert json.loads((tmp_path / "out" / "runs" / "answers" / "a.json").read_text()) == answer
    assert main.main(asked) == 1, "without a day there is nothing to pass over"


def test_another_run_is_told_of_and_waited_for_as_long_as_is_said(
    model: Model, rows: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where, output = written(rows, tmp_path / "in"), tmp_path / "out"
    with lease.held(str(output), None, 0):
        assert main.main(given(model, where, output, "--wait-s", "0.01")) == 1
    said = capsys.readouterr().err
    assert f"another run writes to {output}: waiting for it" in said
    assert "has not ended in 0.01 s" in said
    assert main.main(given(model, where, output)) == 0


def test_an_error_is_said_with_its_details(capsys: pytest.CaptureFixture[str]) -> None:
    def refused(_given: Namespace) -> str:
        raise MlopsError("It is not there.", "Name another.", ["what the server said"])

    assert program.ended(program.parser("A program.", "a file"), refused, []) == 1
    assert capsys.readouterr().err.splitlines() == [
        "It is not there.", "what the server said", "Name another.",
    ]  # fmt: skip
