"""`mlops batch` over days: what is refused, and what is answered for a day that has no files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from ml.batch import days
from ml.batch.asked import Asked, Named
from ml.commands import batch
from ml.terminal.subjects import app
from tests.ml.cli.mlops_fakes import RecordingReport


def test_days_are_not_begun_without_waiting() -> None:
    given = ["batch", "--env", "stage", "--data", "in/{date}", "--from", "2026-11-29", "--no-wait"]
    said = CliRunner().invoke(app, given, env={"COLUMNS": "200"})
    assert said.exit_code == 1
    assert "--no-wait does not go with --from: days are scored one after another." in said.output
    assert "Leave --no-wait out." in said.output


def test_a_day_whose_job_found_no_files_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the data cannot be seen from here, and the job alone can look."""
    azure: Any = SimpleNamespace(estate=SimpleNamespace(environment="stage"), report=RecordingReport())
    asked = Asked(Named("credit", "1", "r-0123456789abcdef", "sha256:0"), "in/{date}", "out")

    def job(_azure: Any, _root: Path, of_day: Asked) -> dict[str, Any]:
        date = str(of_day.date)
        told = {"job": f"batch-{date}", "status": "Completed"}
        return {**told, **(days.without_data(date) if date == "2026-11-29" else {"run": "b-1", "rows": 5})}

    monkeypatch.setattr(batch, "batch", job)
    answer = batch._each_day(azure, Path(), asked, ["2026-11-29", "2026-11-30"], {})
    assert [(day["date"], day["state"], day["run"]) for day in answer["days"]] == [
        ("2026-11-29", "no data", None),
        ("2026-11-30", "scored", "b-1"),
    ]
    assert batch.render(answer)
