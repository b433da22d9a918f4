"""Schedules: their triggers and the jobs they make are checked and kept; nothing fires them here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from emulator.arm.service import Put
from emulator.errors import AzureError, NotEmulated
from emulator.machinelearning.jobs import Jobs
from emulator.machinelearning.names import SCHEDULE, Workspace

if TYPE_CHECKING:
    from emulator.app import Emulator

Json = dict[str, Any]
CRON_FIELD = re.compile(r"(?:\*|\d+(?:-\d+)?)(?:/\d+)?(?:,(?:\*|\d+(?:-\d+)?)(?:/\d+)?)*", re.ASCII)
FREQUENCIES = ("Minute", "Hour", "Day", "Week", "Month")


def install(emulator: Emulator, jobs: Jobs) -> None:
    """Hook schedules into the ARM store."""
    arm = emulator.arm

    @arm.before_put(SCHEDULE)
    def fill(put: Put) -> None:
        properties, name = put.properties, put.resource["name"]
        check_trigger(name, properties.get("trigger") or {})
        action: Json = properties.get("action") or {}
        if action.get("actionType") != "CreateJob":
            raise NotEmulated(
                f"schedules with action {action.get('actionType')} (schedule {name!r}); use CreateJob"
            )
        jobs.check(Workspace.of(put.id), name, action.get("jobDefinition") or {})
        enabled = properties.get("isEnabled")
        properties["isEnabled"] = True if enabled is None else enabled
        for key in ("tags", "properties"):
            properties[key] = properties.get(key) or {}

    @arm.on_list(SCHEDULE)
    def by_state(items: list[Json], query: dict[str, str]) -> list[Json]:
        view = query.get("listviewtype", "EnabledOnly").lower()
        if view == "all":
            return items
        return [item for item in items if item["properties"]["isEnabled"] == (view == "enabledonly")]


def check_trigger(name: str, trigger: Json) -> None:
    """400 for a trigger that could never fire."""
    kind = trigger.get("triggerType")
    if kind == "Cron":
        fields = str(trigger.get("expression") or "").split()
        if len(fields) != 5 or not all(CRON_FIELD.fullmatch(field) for field in fields):
            raise AzureError(
                400,
                "UserError",
                f"Schedule {name!r}: trigger.expression is {trigger.get('expression')!r}; "
                "it needs five fields: minute, hour, day, month, weekday.",
            )
    elif kind == "Recurrence":
        if str(trigger.get("frequency")) not in FREQUENCIES:
            raise AzureError(
                400,
                "UserError",
                f"Schedule {name!r}: trigger.frequency is {trigger.get('frequency')!r}; "
                f"it must be one of {', '.join(FREQUENCIES)}.",
            )
        if int(trigger.get("interval") or 0) < 1:
            raise AzureError(400, "UserError", f"Schedule {name!r}: trigger.interval must be 1 or more.")
    else:
        raise NotEmulated(f"triggers of type {kind} (schedule {name!r}); use Cron or Recurrence")
