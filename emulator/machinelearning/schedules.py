"""Schedules: checked when they are written, and fired in each minute that their trigger names."""

from __future__ import annotations

import copy
import logging
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.arm.service import Action, Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.identity.service import Identity
from emulator.lifetime import Lifetime
from emulator.machinelearning import triggers
from emulator.machinelearning.jobs import Jobs
from emulator.machinelearning.names import SCHEDULE, Workspace

Json = dict[str, Any]
LOG = logging.getLogger("emulator.machinelearning")
MINUTE = timedelta(minutes=1)
AUTHOR = "ml-schedule"  # documents: who wrote a schedule; the jobs are submitted in that name


class Scheduler:
    """Submits the jobs of schedules. Minutes during which nothing ran here are not made up for."""

    def __init__(self, arm: Arm, store: Store, identity: Identity) -> None:
        self._arm = arm
        self._store = store
        self._identity = identity
        self._stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._loop, name="schedules", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def fire(self, at: datetime) -> list[str]:
        """Submit what is due in the minute ``at``; the ids of the jobs."""
        submitted: list[str] = []
        for schedule in self._store.by_type(SCHEDULE):
            try:
                submitted += self._fire(schedule, at)
            except AzureError as error:
                LOG.warning("schedule %s could not submit its job: %s", schedule["id"], error.message)
            except Exception:  # a schedule that cannot be read must not keep others from their time
                LOG.exception("schedule %s could not be fired", schedule["id"])
        return submitted

    def _fire(self, schedule: Json, at: datetime) -> list[str]:
        properties = schedule["properties"]
        created = datetime.fromisoformat(schedule["systemData"]["createdAt"])
        if not properties["isEnabled"] or not triggers.fires(properties["trigger"], at, created):
            return []
        job_id = Workspace.of(schedule["id"]).child("jobs", f"{schedule['name']}-{at:%Y%m%dT%H%MZ}")
        if self._arm.find(job_id) is not None:
            return []
        self._submit(schedule, job_id)
        return [job_id]

    def trigger(self, schedule: Json) -> str:
        """Submit the job of an enabled schedule now; the job's name."""
        if not schedule["properties"]["isEnabled"]:
            raise AzureError(400, "UserError", f"Schedule {schedule['name']!r} is disabled; enable it first.")
        name = f"{schedule['name']}-{uuid.uuid4().hex[:12]}"
        self._submit(schedule, Workspace.of(schedule["id"]).child("jobs", name))
        return name

    def _submit(self, schedule: Json, job_id: str) -> None:
        body = copy.deepcopy(schedule["properties"]["action"]["jobDefinition"])
        body["properties"] = {**(body.get("properties") or {}), "azureml.scheduleName": schedule["name"]}
        author = self._store.document(AUTHOR, schedule["id"].lower()) or ""
        submitter = self._identity.directory.find(author)
        self._arm.put(job_id, {"properties": body}, principal=submitter)

    def _loop(self) -> None:
        due = datetime.now(UTC).replace(second=0, microsecond=0) + MINUTE
        while not self._stop.wait(max(0.0, (due - datetime.now(UTC)).total_seconds())):
            self.fire(due)
            due = max(due, datetime.now(UTC).replace(second=0, microsecond=0)) + MINUTE


def with_source(find: Callable[[str], Json | None], definition: Json) -> Json:
    """A definition that only names an earlier job, with that job's content."""
    source = find(definition["sourceJobId"]) if definition.get("sourceJobId") else None
    if source is None or definition.get("jobs") or definition.get("command"):
        return definition
    kept = {key: value for key, value in source["properties"].items() if key not in ("services", "status")}
    return {**kept, **{key: value for key, value in definition.items() if value not in (None, {}, "")}}


def install(arm: Arm, store: Store, lifetime: Lifetime, identity: Identity, jobs: Jobs) -> Scheduler:
    """Hook schedules into the ARM store, and run the scheduler with the emulator."""
    arm, scheduler = arm, Scheduler(arm, store, identity)

    @arm.before_put(SCHEDULE)
    def fill(put: Put) -> None:
        properties, name = put.properties, put.resource["name"]
        triggers.check(name, properties.get("trigger") or {})
        action: Json = properties.get("action") or {}
        if action.get("actionType") != "CreateJob":
            raise NotEmulated(
                f"schedules with action {action.get('actionType')} (schedule {name!r}); use CreateJob"
            )
        action["jobDefinition"] = with_source(store.get, action.get("jobDefinition") or {})
        jobs.check(Workspace.of(put.id), name, action["jobDefinition"])
        enabled = properties.get("isEnabled")
        properties["isEnabled"] = True if enabled is None else enabled
        for key in ("tags", "properties"):
            properties[key] = properties.get(key) or {}
        if put.principal is not None:
            store.put_document(AUTHOR, put.id.lower(), put.principal.object_id)

    @arm.action(SCHEDULE, "trigger")
    def trigger(action: Action) -> Json:
        name = scheduler.trigger(arm.get(action.id))
        return {"submissionId": name, "scheduleActionType": "CreateJob"}

    @arm.with_delete(SCHEDULE)
    def forget(schedule: Json) -> None:
        store.delete_document(AUTHOR, schedule["id"].lower())

    @arm.on_list(SCHEDULE)
    def by_state(items: list[Json], query: dict[str, str]) -> list[Json]:
        view = query.get("listviewtype", "EnabledOnly").lower()
        if view == "all":
            return items
        return [item for item in items if item["properties"]["isEnabled"] == (view == "enabledonly")]

    lifetime.on_start(scheduler.start)
    lifetime.on_stop(scheduler.stop)
    return scheduler
