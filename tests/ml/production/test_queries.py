"""The texts of ml/production/queries, run over rows as they arrive: what the judge reads of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.monitor.kql import engine
from emulator.monitor.kql.table import INGESTED, Column, Table
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.logs import answers
from ml.production.telemetry import blocks, query
from scoring.telemetry.classes import DURATION, OUTLIERS, PROBABILITY, REQUESTS

RUNNING, NEW, ROLE = "r-0000000000000001", "r-0000000000000002", "prod.scoring"
AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
STATUS = "http.response.status_code"


class Held:
    def __init__(self, **tables: Table) -> None:
        self._tables = tables

    def table(self, name: str) -> Table | None:
        return self._tables.get(name)

    def names(self) -> list[str]:
        return list(self._tables)


def ticks(at: datetime) -> int:
    return ticks_of(at.replace(tzinfo=None))


def told(after: int) -> int:
    return ticks(AT + timedelta(seconds=after))


def ask(text: str, **tables: Table) -> list[dict[str, Any]]:
    answer = engine.run(text, Held(**tables), ticks(AT + timedelta(hours=1)))
    (table,) = answers.body(answer, render=False, statistics=None)["tables"]
    names = [column["name"] for column in table["columns"]]
    return [dict(zip(names, row, strict=True)) for row in table["rows"]]


def metrics(*rows: tuple[int, str, str, dict[str, Any], float]) -> Table:
    """Rows of AppMetrics: seconds after AT, role, name, properties, sum. Each came 42 s later."""
    columns = (
        Column("TimeGenerated", "datetime"),
        Column("AppRoleName", "string"),
        Column("Name", "string"),
        Column("Properties", "dynamic"),
        Column("Sum", "real"),
        Column(INGESTED, "datetime"),
    )
    made = [
        (
            ticks(AT + timedelta(seconds=after)),
            role,
            name,
            props,
            total,
            ticks(AT + timedelta(seconds=after + 42)),
        )
        for after, role, name, props, total in rows
    ]
    return Table(columns, made)


def test_counts_become_blocks() -> None:
    def of(release: str, **more: Any) -> dict[str, Any]:
        return {"release": release, **more}

    score = {STATUS: "200", "http.route": "/score"}
    table = metrics(
        (1, ROLE, REQUESTS, of(RUNNING, **score), 90.0),
        (2, ROLE, REQUESTS, of(RUNNING, **score), 8.0),
        (2, ROLE, REQUESTS, of(RUNNING, **{**score, STATUS: "500"}), 2.0),
        (2, ROLE, REQUESTS, of(RUNNING, **{**score, "http.route": "/healthz"}), 77.0),
        (2, ROLE, REQUESTS, of("r-0000000000000009", **score), 55.0),
        (2, "stage.scoring", REQUESTS, of(NEW, **score), 44.0),
        (3, ROLE, REQUESTS, of(NEW, **score), 10.0),
        (3, ROLE, DURATION, of(NEW, over_ms="10"), 10.0),
        (3, ROLE, PROBABILITY, of(NEW, **{"from": "0.3"}), 9.0),
        (3, ROLE, OUTLIERS, of(NEW), 0.5),
        (16, ROLE, REQUESTS, of(NEW, **score), 3.0),
        (16, ROLE, "scoring.rows", of(NEW), 33.0),
    )
    text = query("counts", role=ROLE, running=RUNNING, new=NEW, seconds="15")
    first, second = blocks(ask(text, AppMetrics=table), RUNNING, NEW)
    assert (first.start, second.start) == (AT.timestamp(), AT.timestamp() + 15)
    assert (first.requests(), second.requests()) == ((100, 10), (0, 3))
    assert first.running["failures"].over.tolist() == [2.0]
    assert first.new["latency"].over[:7].tolist() == [10.0] * 6 + [0.0]
    assert first.new["predictions"].over.tolist() == [9.0] * 3 + [0.0] * 6
    assert first.new["outliers"].over.tolist() == [0.5]


def test_the_lag_is_from_the_time_of_a_row_to_its_arrival() -> None:
    text = query("lag", role=ROLE)
    table = metrics((0, ROLE, REQUESTS, {}, 1.0), (9, ROLE, REQUESTS, {}, 1.0))
    assert ask(text, AppMetrics=table) == [{"most": 42.0, "rows": 2}]
    assert ask(text, AppMetrics=metrics())[0]["rows"] == 0


def test_failures_are_those_of_the_address_in_the_worst_interval() -> None:
    columns = (
        Column("TimeGenerated", "datetime"),
        Column("Target", "string"),
        Column("ResultCode", "string"),
        Column("ItemCount", "int"),
    )
    seen = [
        (1, "10.30.8.7", "500", 3),
        (2, "10.30.8.7:80", "0", 1),
        (3, "10.30.8.7", "", 1),
        (4, "10.30.8.7", "422", 50),
        (5, "10.30.8.70", "503", 99),
        (25, "10.30.8.7", "503", 4),
    ]
    rows = [(told(after), *row) for after, *row in seen]
    text = query("failures", address="10.30.8.7", seconds="20")
    assert ask(text, AppDependencies=Table(columns, rows)) == [{"most": 5}]
    assert ask(text, AppDependencies=Table(columns, []))[0]["most"] is None
