"""Schedules in a workspace: made, found as they are, started, taken away; and the job of a command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ml.azure.clients import Azure
from ml.errors import MlopsError
from ml.published.reason import Reason
from ml.scheduled import job, schedules
from ml.scheduled.settings import FleetRow, Row, ScheduledSettings
from ml.scheduled.table import rows
from tests.emulator.pipelines.lab import Lab
from tests.ml.published.conftest import azure, cache, lab, outputs

__all__ = ["azure", "cache", "lab", "outputs"]
pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[3]
OFF = dict.fromkeys(("push", "batch", "features", "precomputed", "fleet"), "off")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workspace's own environment in place of the training's, which has to be built."""
    monkeypatch.setattr(
        job.environment, "ensure", lambda *_, **__: SimpleNamespace(name="plain", version="1")
    )


def switched(azure: Azure, **given: Any) -> Azure:
    """The same estate with other settings of what is scheduled."""
    return replace(
        azure, settings=azure.settings.model_copy(update={"scheduled": ScheduledSettings(**given)})
    )


def states(azure: Azure) -> dict[str, str]:
    return {one.name: one.state for one in schedules.states(azure)}


def test_what_is_on_is_made_once_and_what_is_off_goes(azure: Azure, lab: Lab) -> None:
    assert states(azure) == {"collect": "missing", "quality": "missing", **OFF}
    done = schedules.apply(azure, ROOT, rows(()))
    assert {one.name: one.state for one in done} == {"collect": "scheduled", "quality": "scheduled", **OFF}
    made = lab.ml.schedules.get("mlops-collect")
    assert (made.trigger.expression, made.trigger.time_zone) == ("10 * * * *", "UTC")
    kept = made.creation_context.last_modified_at
    schedules.apply(azure, ROOT, rows(()))
    assert lab.ml.schedules.get("mlops-collect").creation_context.last_modified_at == kept

    other = switched(azure, collect=Row(cron="5 * * * *"), quality=Row(on=False))
    assert states(other) == {"collect": "changed", "quality": "stray", **OFF}
    schedules.apply(other, ROOT, rows(()))
    assert states(other) == {"collect": "scheduled", "quality": "off", **OFF}
    assert [one.name for one in lab.ml.schedules.list()] == ["mlops-collect"]
    schedules.remove(other, rows(("collect",)))
    assert list(lab.ml.schedules.list()) == []


def test_what_it_starts_says_why_and_runs_the_work(azure: Azure, lab: Lab) -> None:
    schedules.apply(azure, ROOT, rows(("collect",)))
    name = lab.ml.schedules.trigger("mlops-collect").job_name
    started = lab.wait(name)
    assert Reason.of(started.tags) == Reason(
        "schedule", "hourly: kept answers go into their table", "mlops-collect"
    )
    (step,) = lab.steps(name).values()
    assert step.display_name == "collect, scheduled"
    assert started.status == "Failed" and "No module named 'numpy'" in lab.log(step.name), (
        "the plain environment has none: the program itself was begun"
    )


def test_a_command_s_job_is_found_by_its_content_and_its_failure_told(azure: Azure, lab: Lab) -> None:
    made = job.command_job(azure, ROOT, "collect", "{}", "collect", state="1", reason=Reason("person", "why"))
    assert made.key == job.command_job(azure, ROOT, "collect", "{}", "collect", state="1").key
    assert made.key != job.command_job(azure, ROOT, "collect", "{}", "collect", state="2").key
    with pytest.raises(MlopsError, match="ended as Failed") as caught:
        job.carry_out(azure, made)
    assert "No module named 'numpy'" in "".join(caught.value.details)
    first = job.submit(azure, made)
    assert first.reused is False, "one that failed does not stand for the next"
    assert Reason.of(lab.wait(first.name).tags) == Reason("person", "why")


def test_the_schedule_of_a_fleet_starts_its_pipeline_over_what_is_at_a_path(azure: Azure, lab: Lab) -> None:
    data = "azureml://datastores/workspaceblobstore/paths/fleet/rows.parquet"
    row = FleetRow(on=True, declaration="fleets/by-education.toml", data=data)
    with pytest.raises(MlopsError, match=r"scheduled\.fleet\.data is not set"):
        schedules.apply(switched(azure, fleet=row.model_copy(update={"data": None})), ROOT, rows(("fleet",)))
    (done,) = schedules.apply(switched(azure, fleet=row), ROOT, rows(("fleet",)))
    assert (done.state, done.cron) == ("scheduled", "0 1 1 * *")
    made = lab.ml.schedules.get("mlops-fleet")
    assert made.trigger.schedule.month_days == [1]  # Azure ML's cron expressions have no days of a month
    later = switched(azure, fleet=row.model_copy(update={"cron": "0 1 2 * *"}))
    assert (states(switched(azure, fleet=row))["fleet"], states(later)["fleet"]) == ("scheduled", "changed")
    steps = made.create_job.jobs
    assert {"prepare", "train", "members_1", "members_2", "gather"} <= set(steps)
    assert made.create_job.inputs["raw"].path == data
    assert made.create_job.settings.force_rerun
    assert made.create_job.tags["fleet"] == "credit-by-education"
    assert Reason.of(made.create_job.tags) == Reason(
        "schedule", "monthly: the fleet learns of new rows", "mlops-fleet"
    )
