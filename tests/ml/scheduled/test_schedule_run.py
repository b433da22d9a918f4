"""`mlops schedule run` of a fleet: a member that failed is named, and is no success."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import typer

from ml.commands.schedule import run_
from ml.jobs.submission import BY_HAND
from ml.scheduled import job, schedules
from ml.scheduled.job import Job
from tests.ml.features.test_commands import words


@pytest.mark.parametrize("failed", [{}, {"2": "its process ended"}])
def test_a_member_that_failed_is_shown_and_ends_with_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, failed: dict[str, str]
) -> None:
    shown: list[Any] = []

    def run(_env: str, _json: bool, _quiet: bool, work: Any, render: Any) -> None:
        shown.append(words(render(work(SimpleNamespace(), "."))))

    def carry_out(*_: Any, **__: Any) -> dict[str, Any]:
        return {"job": "fleet-1", "status": "Completed", "fallbacks": failed, "failed": failed}

    monkeypatch.setattr(run_, "run", run)
    made = Job("fleet", "fleet, scheduled", "key", lambda _: None, reason=BY_HAND)
    monkeypatch.setattr(schedules, "job_of", lambda *_: made)
    monkeypatch.setattr(job, "carry_out", carry_out)
    if not failed:
        run_.command("stage", "fleet")
        return
    with pytest.raises(typer.Exit) as caught:
        run_.command("stage", "fleet")
    assert caught.value.exit_code == 1
    assert "its process ended" in shown[0]
