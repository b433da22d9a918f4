"""The telemetry report: what it waits for, and what a person is shown of it."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from emulator.home import Home
from emulator.monitor import parts, report
from emulator.monitor.database import Database

EARLY, LATE = "2026-01-01T00:00:00.000000Z", "2026-01-01T00:10:00.000000Z"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.prepare()
    database = Database(made.telemetry)
    row = {"AppRoleName": "scoring", "Properties": {"http.route": "/score"}, "Measurements": {}}
    point = {name: row[name] for name in ("AppRoleName", "Properties")} | {"Sum": 3.0, "ItemCount": 1}
    try:
        database.add(
            [
                ("AppMetrics", {**point, "TimeGenerated": EARLY, "Name": "old.rows"}),
                ("AppMetrics", {**point, "TimeGenerated": LATE, "Name": "new.rows"}),
                ("AppMetrics", {**point, "TimeGenerated": LATE, "Name": "_OTELRESOURCE_"}),
                ("AppEvents", {**row, "TimeGenerated": EARLY, "Name": "old.batch"}),
            ]
        )
    finally:
        database.close()
    return made


def test_tables_metrics_and_events_are_waited_for_by_name(home: Home) -> None:
    assert report.wait_for(home, ["AppEvents", "old.rows", "old.batch"], 0.0) == []
    assert report.wait_for(home, ["new.rows", "nothing", "AppTraces"], 0.0) == ["AppTraces", "nothing"]


def test_what_is_older_does_not_count(home: Home) -> None:
    since = "2026-01-01T00:05:00+00:00"
    names = ["AppMetrics", "AppEvents", "new.rows", "old.rows", "old.batch"]
    assert report.wait_for(home, names, 0.0, since) == ["AppEvents", "old.batch", "old.rows"]


def test_an_event_in_parts_is_shown_as_one(home: Home) -> None:
    first = {"event_id": "a", "part": "1", "parts": "2", "rows": "3", "names": "x", "inputs": '{"x": [1]}'}
    second = {"event_id": "a", "part": "2", "parts": "2", "names": "y", "inputs": '{"y": [2]}'}
    lonely = {"event_id": "b", "part": "2", "parts": "3", "inputs": "{}"}
    database = Database(home.telemetry)
    try:
        for at, properties in ((EARLY, first), (LATE, second), (LATE, lonely)):
            row = {"TimeGenerated": at, "AppRoleName": "scoring", "Measurements": {}}
            database.add([("AppEvents", {**row, "Name": "wide", "Properties": properties})])
    finally:
        database.close()
    shown = [row["Properties"] for row in report.gather(home.telemetry, limit=2)["events"]]
    assert shown == [  # the first part is older than the newest two events
        lonely,
        {"event_id": "a", "rows": "3", "names": "x,y", "inputs": '{"x": [1], "y": [2]}'},
    ]


def test_a_part_that_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match=r"event a has 3 parts, found are \[1, 3\]"):
        parts.joined([{"event_id": "a", "part": number, "parts": "3"} for number in ("3", "1")])


def test_nothing_has_arrived_before_there_is_a_database(tmp_path: Path) -> None:
    assert report.wait_for(Home(tmp_path), ["AppRequests"], 0.0) == ["AppRequests"]


def test_a_duration_below_what_senders_count_is_not_shown_as_none(home: Home) -> None:
    database = Database(home.telemetry)
    request = {"TimeGenerated": LATE, "AppRoleName": "scoring", "Properties": {}, "Measurements": {}}
    times = {"GET /quick": 0.0, "GET /slow": 12.5}
    try:
        for name, time in times.items():
            answer = {"Name": name, "DurationMs": time, "ResultCode": "200", "Success": True}
            database.add([("AppRequests", {**request, **answer})])
    finally:
        database.close()
    written = StringIO()
    report.render(report.gather(home.telemetry), Console(file=written, width=120))
    said = written.getvalue()
    assert said.count("< 1 ms") == 3  # median, 95 % and the newest
    assert said.count("12.5 ms") == 3 and "0.0 ms" not in said


def test_a_person_sees_names_and_short_dimensions_and_not_the_exporters_own(home: Home) -> None:
    written = StringIO()
    report.render(report.gather(home.telemetry), Console(file=written, width=80))
    said = written.getvalue()
    assert "new.rows" in said
    assert "route=/score" in said
    assert "http.route" not in said.split("Metrics, newest values")[1]
    assert "_OTELRESOURCE_" not in said


def test_of_a_metric_with_many_dimensions_a_person_sees_the_greatest_values(home: Home) -> None:
    database = Database(home.telemetry)
    try:
        database.add(
            [
                (
                    "AppMetrics",
                    {
                        "TimeGenerated": LATE,
                        "Name": "drift.psi",
                        "AppRoleName": "scoring",
                        "Properties": {"feature": f"x{number}"},
                        "Sum": float(number),
                        "ItemCount": 1,
                    },
                )
                for number in range(8)
            ]
        )
    finally:
        database.close()
    written = StringIO()
    report.render(report.gather(home.telemetry), Console(file=written, width=80))
    said = written.getvalue()
    assert [f"x{number}" for number in range(8) if f"feature=x{number}" in said] == [
        "x3",
        "x4",
        "x5",
        "x6",
        "x7",
    ]
    assert "3 smaller values" in said
