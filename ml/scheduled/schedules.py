"""Azure ML schedules of the table's rows: made, compared with what stands, removed."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.azure.clients import without_its_own_output
from ml.content import content_key
from ml.published.reason import WORK, Reason
from ml.scheduled.job import OUTPUT, Job, command_job
from ml.scheduled.table import ROWS, Scheduled
from ml.scheduled.triggers import same, trigger

if TYPE_CHECKING:
    from ml.azure.clients import Azure

PREFIX: Final = "mlops-"  # of their names in the workspace
KEY: Final = "content"  # tag: of what a schedule starts, and when


@dataclass(frozen=True, slots=True)
class State:
    """state: scheduled; changed: `apply` makes it as here; missing; off; stray: off here, and it stands.

    release: of a batch, that it scores with.
    """

    name: str
    state: str
    cron: str
    why: str
    schedule: str
    release: str | None = None


def states(azure: Azure) -> list[State]:
    """Each row beside what stands in the workspace."""
    there = {str(one.name): one for one in _listed(azure)}
    return [_state(azure, row, there.get(_name(row))) for row in ROWS]


def apply(azure: Azure, root: Path, chosen: list[Scheduled]) -> list[State]:
    """Make the schedules of the rows that are on, remove those of others. Raises MlopsError."""
    there = {str(one.name): one for one in _listed(azure)}
    done: list[State] = []
    for row in chosen:
        if not row.on(azure):
            if _name(row) in there:
                _remove(azure, _name(row))
            done.append(_state(azure, row, None))
            continue
        done.append(_applied(azure, root, row, there.get(_name(row))))
    return done


def remove(azure: Azure, chosen: list[Scheduled]) -> list[State]:
    """Remove the rows' schedules. What they started goes on."""
    there = {str(one.name) for one in _listed(azure)}
    for row in chosen:
        if _name(row) in there:
            _remove(azure, _name(row))
    return [_state(azure, row, None) for row in chosen]


def job_of(azure: Azure, root: Path, row: Scheduled) -> Job:
    """What the row's schedule starts. Raises MlopsError."""
    name, title = _name(row), f"{row.name}, scheduled"
    reason = Reason("schedule", row.why, event=name)
    if row.pipeline is not None:
        made = row.pipeline(azure, root, title, reason)
        return replace(made, tags={**made.tags, "schedule": name})
    asked = row.asked(azure)
    model = json.loads(asked).get("model")
    return command_job(
        azure,
        root,
        row.work,
        asked,
        title,
        reason=reason,
        tags={"schedule": name, **({"release": model["release"]} if model else {})},
    )


def _applied(azure: Azure, root: Path, row: Scheduled, standing: Any) -> State:
    from azure.ai.ml.entities import JobSchedule

    job, cron = job_of(azure, root, row), _cron(azure, row)
    key = content_key([job.key, cron])
    if standing is not None and _tag(standing, KEY) == key and standing.is_enabled:
        azure.report.line(f"{_name(row)} is as it should be")
        return _state(azure, row, standing)
    with (
        azure.report.phase(f"schedule {_name(row)}: {cron}"),
        tempfile.TemporaryDirectory(prefix="mlops-") as scratch,
    ):
        entity = job.entity(Path(scratch))
        started = entity if job.steps else _pipeline(azure, row, job, entity)
        started.tags = job.all_tags
        made = JobSchedule(
            name=_name(row),
            trigger=trigger(cron),
            create_job=started,
            display_name=row.name,
            description=row.why,
            tags={KEY: key, WORK: row.work, **job.tags},
        )

        def send() -> Any:
            with without_its_own_output():
                return azure.ml.schedules.begin_create_or_update(made).result()

        return _state(azure, row, azure.granted(send, "make schedules"))


def _pipeline(azure: Azure, row: Scheduled, job: Job, command: Any) -> Any:
    """The command as the one step of a pipeline: schedules of Azure ML start no other jobs."""
    from azure.ai.ml import dsl

    def scheduled() -> dict[str, Any]:
        work = command()  # the name of the variable becomes that of the step
        work.identity, work.limits = command.identity, command.limits
        return {OUTPUT: work.outputs[OUTPUT]}

    decorated: Any = dsl.pipeline
    made: Any = decorated(name=row.work, experiment_name=azure.settings.training.experiment)(scheduled)()
    made.display_name = job.title
    made.settings.default_compute = azure.estate.compute_cluster
    made.settings.force_rerun = True  # the same question has another answer each time
    return made


def _state(azure: Azure, row: Scheduled, standing: Any) -> State:
    wanted, cron = row.on(azure), _cron(azure, row)
    release = None if standing is None else _tag(standing, "release")
    if standing is None:
        state = "missing" if wanted else "off"
    elif not wanted:
        state = "stray"
    elif not standing.is_enabled or not same(standing.trigger, cron):
        state = "changed"
    else:
        state = "scheduled"
    return State(row.name, state, cron, row.why, _name(row), release)


def _listed(azure: Azure) -> list[Any]:
    everything: Any = "All"  # disabled ones, too; azure-ai-ml does not export its enum

    def found() -> list[Any]:
        return list(azure.ml.schedules.list(list_view_type=everything))

    return [one for one in azure.granted(found, "read schedules") if str(one.name).startswith(PREFIX)]


def _remove(azure: Azure, name: str) -> None:
    """Azure ML deletes a schedule that is disabled."""
    with azure.report.phase(f"removing the schedule {name}"):
        azure.granted(lambda: azure.ml.schedules.begin_disable(name).result(), "disable schedules")
        azure.granted(lambda: azure.ml.schedules.begin_delete(name).result(), "delete schedules")


def _name(row: Scheduled) -> str:
    return f"{PREFIX}{row.name}"


def _cron(azure: Azure, row: Scheduled) -> str:
    return azure.settings.scheduled.row(row.name).cron or row.cron


def _tag(standing: Any, name: str) -> str | None:
    return (standing.tags or {}).get(name)
