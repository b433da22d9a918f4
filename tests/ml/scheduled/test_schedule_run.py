"""`mlops schedule run`: a member of a fleet that failed is named, and is no success; so is a wrong name."""

from __future__ import annotations

import json
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from ml.commands.schedule import run_
from ml.jobs.submission import BY_HAND
from ml.scheduled import job, schedules
from ml.scheduled.job import Job
from ml.scheduled.table import ROWS
from ml.terminal.subjects import app
from tests.ml.cli.mlops_fakes import RecordingReport, WorkspaceAssets
from tests.ml.features.test_commands import words


class JobStatus(str, Enum):  # noqa: UP042 - as the SDK has it, whose members' text is their name
    COMPLETED = "Completed"


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


@pytest.mark.parametrize("verb", ["run", "apply", "remove"])
def test_a_name_of_nothing_that_is_scheduled_is_refused_before_the_stack_is_asked(
    monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr("ml.estate.read_estate", lambda *_: pytest.fail("the stack was asked"))
    done = CliRunner().invoke(app, ["schedule", verb, "--env", "stage", "--json", "feature"])
    assert done.exit_code == 1
    error = json.loads(done.stdout)["error"]
    assert error["problem"] == "Nothing that is called feature is scheduled."
    assert all(row.name in error["remedy"] for row in ROWS)


@pytest.mark.parametrize(("state", "reused"), [("", False), ("sha256 of the data", True)])
def test_a_job_that_ended_well_stands_for_the_next_one_only_where_it_has_read_the_same(
    state: str, reused: bool
) -> None:
    sent: list[str] = []

    def create(entity: Any) -> Any:
        sent.append(entity.name)
        return SimpleNamespace(studio_url="https://ml.azure.com")

    assets = WorkspaceAssets()
    assets.there["jobs/push-key"] = {"properties": {"status": "Completed"}}
    azure: Any = SimpleNamespace(
        assets=assets,
        ml=SimpleNamespace(jobs=SimpleNamespace(create_or_update=create)),
        granted=lambda call, _: call(),
        report=RecordingReport(),
    )
    made = Job("push", "push, scheduled", "key", lambda _: SimpleNamespace(), state)
    done = job.submit(azure, made)
    assert (done.reused, sent) == (reused, [] if reused else ["push-key-2"])
    assert done.status == ("Completed" if reused else "Submitted")
