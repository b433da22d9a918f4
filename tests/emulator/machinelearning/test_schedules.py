"""Triggers, and the jobs that schedules submit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import AzureError, NotEmulated
from emulator.machinelearning.schedules import Scheduler
from emulator.machinelearning.triggers import FREQUENCIES, check, fires
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab, command_body

Json = dict[str, Any]
CREATED = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)  # a Monday

NIGHT: Json = {"hours": [1], "minutes": [0]}


def cron(expression: str, **more: Any) -> Json:
    return {"triggerType": "Cron", "expression": expression, **more}


def recurrence(frequency: str, interval: int = 1, **more: Any) -> Json:
    return {"triggerType": "Recurrence", "frequency": frequency, "interval": interval, **more}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("trigger", "moment", "expected"),
    [
        (cron("30 1 * * 1-5"), "2026-03-02T01:30", True),
        (cron("30 1 * * 1-5"), "2026-03-02T01:31", False),
        (cron("30 1 * * 1-5"), "2026-03-01T01:30", False),
        (cron("30 1 * * MON,sun"), "2026-03-01T01:30", True),
        (cron("*/15 * * * *"), "2026-03-01T07:45", True),
        (cron("*/15 * * * *"), "2026-03-01T07:46", False),
        (cron("0 9 * * *", timeZone="W. Europe Standard Time"), "2026-07-01T07:00", True),
        (cron("0 9 * * *", timeZone="W. Europe Standard Time"), "2026-01-01T08:00", True),
        (cron("* * * * *", startTime="2026-03-01T07:00:00"), "2026-03-01T06:59", False),
        (cron("* * * * *", endTime="2026-03-01T07:00:00Z"), "2026-03-01T07:01", False),
        (recurrence("Minute", 10), "2026-03-02T08:45", True),
        (recurrence("Minute", 10), "2026-03-02T08:46", False),
        (recurrence("Minute", 10, schedule={"hours": [], "minutes": []}), "2026-03-02T08:45", True),
        (recurrence("Minute", 10, schedule={"hours": [], "minutes": []}), "2026-03-02T08:46", False),
        (recurrence("Hour", 5), "2026-03-02T13:15", True),
        (recurrence("Day", 2), "2026-03-04T08:15", True),
        (recurrence("Day", 2), "2026-03-03T08:15", False),
        (recurrence("Day", schedule={"hours": [3], "minutes": [0, 30]}), "2026-03-03T03:30", True),
        (recurrence("Week", 2, schedule={**NIGHT, "weekDays": ["Friday"]}), "2026-03-06T01:00", True),
        (recurrence("Week", 2, schedule={**NIGHT, "weekDays": ["Friday"]}), "2026-03-13T01:00", False),
        (recurrence("Month", schedule={**NIGHT, "monthDays": [1]}), "2026-04-01T01:00", True),
        (recurrence("Month"), "2026-04-02T08:15", True),
        (recurrence("Month"), "2026-04-03T08:15", False),
    ],
)
def test_trigger_fires_in_its_minutes(trigger: Json, moment: str, expected: bool) -> None:
    check("s", trigger)
    assert fires(trigger, at(moment), CREATED) is expected


@given(st.sampled_from(FREQUENCIES[:4]), st.integers(1, 9), st.integers(0, 5))
def test_recurrence_fires_once_in_each_of_its_intervals(frequency: str, interval: int, turn: int) -> None:
    minutes = {"Minute": 1, "Hour": 60, "Day": 1440, "Week": 10080}[frequency] * interval
    due = CREATED + timedelta(minutes=minutes * turn)
    trigger = recurrence(frequency, interval)
    assert fires(trigger, due, CREATED)
    assert minutes == 1 or not fires(trigger, due + timedelta(minutes=1), CREATED)


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        (cron("daily"), "it needs five fields"),
        (cron("61 * * * *"), "'61' is not within 0 to 59"),
        (cron("0 0 1 * *"), "only \\* for day and month"),
        (cron("a * * * *"), "'a' is no number"),
        (recurrence("Often"), r"trigger\.frequency is 'Often'"),
        (recurrence("Day", 0), r"trigger\.interval is 0"),
        (cron("* * * * *", startTime="soon"), r"trigger\.startTime is 'soon'"),
        (cron("* * * * *", startTime=5), r"trigger\.startTime is 5"),
        (recurrence("Day", True), r"trigger\.interval is True"),
        (recurrence("Day", schedule="at ten"), r"trigger\.schedule is 'at ten'"),
        (recurrence("Day", schedule={"hours": 10, "minutes": [0]}), r"trigger\.schedule\.hours is 10"),
        (recurrence("Day", schedule={"hours": [10]}), r"trigger\.schedule\.minutes is None"),
        (recurrence("Day", schedule={**NIGHT, "hours": [24]}), r"hours is \[24\]; .* 0 to 23"),
        (recurrence("Week", schedule={**NIGHT, "weekDays": ["Freitag"]}), r"weekDays is \['Freitag'\]"),
        (recurrence("Month", schedule={**NIGHT, "monthDays": [32]}), r"monthDays is \[32\]; .* 1 to 31"),
    ],
)
def test_wrong_trigger_is_refused(trigger: Json, message: str) -> None:
    with pytest.raises(AzureError, match=message):
        check("s", trigger)


def test_other_triggers_and_zones_are_not_emulated() -> None:
    with pytest.raises(NotEmulated, match="triggers of type Event"):
        check("s", {"triggerType": "Event"})
    with pytest.raises(NotEmulated, match="time zone 'Mars'"):
        check("s", cron("* * * * *", timeZone="Mars"))


def test_schedule_submits_its_job_when_it_is_due(lab: Lab) -> None:
    job = command_body("echo scheduled")["properties"]
    body = {"trigger": cron("0 1 * * *"), "action": {"actionType": "CreateJob", "jobDefinition": job}}
    lab.write(f"{estate.WORKSPACE}/schedules/nightly", {"properties": body})
    scheduler = Scheduler(lab.emulator.arm, lab.emulator.store, lab.emulator.identity)
    assert scheduler.fire(at("2027-01-01T00:59")) == []
    submitted = scheduler.fire(at("2027-01-01T01:00"))
    assert [one.rsplit("/", 1)[1] for one in submitted] == ["nightly-20270101T0100Z"]
    assert scheduler.fire(at("2027-01-01T01:00")) == []
    assert lab.until("nightly-20270101T0100Z") == "Completed"
    assert lab.log("nightly-20270101T0100Z") == "scheduled\n"
    lab.write(f"{estate.WORKSPACE}/schedules/nightly", {"properties": {**body, "isEnabled": False}})
    assert scheduler.fire(at("2027-01-02T01:00")) == []


def test_a_schedule_that_cannot_be_read_keeps_no_other_from_firing(lab: Lab) -> None:
    """One that an older version took, say."""
    job = command_body("echo scheduled")["properties"]
    for name in ("a", "b"):
        body = {"trigger": cron("0 1 * * *"), "action": {"actionType": "CreateJob", "jobDefinition": job}}
        lab.write(f"{estate.WORKSPACE}/schedules/{name}", {"properties": body})
    broken = lab.get("schedules", "a")
    broken["properties"]["trigger"] = recurrence("Day", schedule={"hours": 10, "minutes": None})
    lab.emulator.store.put(broken["id"], broken)
    scheduler = Scheduler(lab.emulator.arm, lab.emulator.store, lab.emulator.identity)
    submitted = scheduler.fire(at("2027-01-01T01:00"))
    assert [one.rsplit("/", 1)[1] for one in submitted] == ["b-20270101T0100Z"]
    assert lab.until("b-20270101T0100Z") == "Completed"


def test_schedule_checks_its_job(lab: Lab) -> None:
    action = {"actionType": "CreateJob", "jobDefinition": command_body("")["properties"]}
    body = {"properties": {"trigger": cron("0 1 * * *"), "action": action}}
    with pytest.raises(AzureError, match="there is no command"):
        lab.write(f"{estate.WORKSPACE}/schedules/nightly", body)
