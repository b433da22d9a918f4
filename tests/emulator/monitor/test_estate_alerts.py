"""Each rule of the estate over logs at work: what fires it, what is just not enough, when it is resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from emulator.monitor.alerts.finding import length
from emulator.monitor.kql import engine
from emulator.monitor.kql.table import Column, Table
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.logs.schema import SCHEMA
from infra import alerts, log_queries
from infra.alerts import QueryAlert
from tests.emulator.monitor.test_alerts import HOUR, World
from tests.emulator.monitor.test_logs import client, received, workspace_id
from tests.emulator.monitor.test_logs import rows as rows_of
from tests.emulator.storage import estate
from tests.infra.test_alert_runbooks import runbook_queries
from tests.infra.test_infra_observe import workbook_queries

MINUTE: Final = timedelta(minutes=1)
HEALTHY: Final = {"PT5M": 3, "PT15M": 3, "PT1H": 2}
"""Frequency -> evaluations in a row without a violation after which Azure resolves an alert of a log rule."""
Row = tuple[str, dict[str, Any]]


def metric(name: str, total: float, count: int = 1, **properties: str) -> Row:
    """count: of the measurements of which total is the sum."""
    whole = {"Name": name, "Sum": total, "Min": 0.0, "Max": total, "ItemCount": count}
    return "AppMetrics", {**whole, "Properties": properties}


def answered(status: int, times: int) -> Row:
    return metric("scoring.requests", float(times), **{"http.response.status_code": str(status)})


def looked_up(times: int) -> Row:
    return metric("scoring.requests", float(times), **{"http.route": "/predictions/{key}"})


def took(milliseconds: float, times: int, route: str = "/score") -> Row:
    return metric("scoring.request.duration", milliseconds * times, times, **{"http.route": route})


def rows(total: int, outliers: int) -> list[Row]:
    return [metric("scoring.rows", float(total)), metric("scoring.rows.outlier", float(outliers))]


def drift(status: str, part: int = 1) -> Row:
    return "AppEvents", {"Name": "scoring.drift", "Properties": {"status": status, "part": str(part)}}


def called(status: int, times: int, function: str = "score") -> Row:
    """As Azure's host of functions tells of its own calls: the operation is the function's name."""
    told = {"Name": function, "OperationName": function, "ResultCode": str(status), "Success": status < 400}
    return "AppRequests", {**told, "DurationMs": 1.0, "ItemCount": times}


EXPORTED: Final = metric("scoring.telemetry.failed", 0.0)


@dataclass(frozen=True, slots=True)
class Case:
    """fires: what breaks the rule. quiet: sets that do not, each as near to it as its kind goes.

    calm: what has to come, over and over, for the rule to stay quiet. ago: minutes before the evaluation at
    which it has broken.
    """

    fires: list[Row]
    quiet: list[list[Row]]
    calm: tuple[Row, ...] = ()
    ago: int = 1
    none: list[Row] = field(default_factory=list[Row])


CASES: Final[dict[str, Case]] = {
    "availability": Case(
        [answered(200, 197), answered(429, 1), answered(503, 2)],
        [
            [answered(200, 198), answered(503, 2)],  # one in a hundred
            [answered(503, 19)],  # too few to say
            [answered(200, 90), answered(500, 10)],  # another rule's
        ],
    ),
    "failures": Case(
        [answered(200, 97), answered(500, 2), answered(504, 1)],
        [[answered(200, 98), answered(500, 2)], [answered(500, 19)], [answered(200, 90), answered(503, 10)]],
    ),
    "function-failures": Case(
        [called(200, 96), called(500, 2), called(503, 1, "explain")],
        [
            [called(200, 98), called(500, 2)],  # one in fifty
            [called(500, 19)],  # too few to say
            [called(200, 20), called(401, 20), called(500, 20, "POST /score")],  # the container's own
        ],
    ),
    "answers-lost": Case(
        [metric("scoring.kept.lost", 1.0, reason="refused")],
        [[metric("scoring.kept.lost", 0.0), metric("scoring.kept.rows", 100.0)]],
    ),
    "latency": Case(
        [took(200, 10), took(301, 10)],
        [[took(250, 20)], [took(9000, 19)], [took(20, 20), took(9000, 5, "/healthz")]],
    ),
    "drift": Case(
        [drift("drifted")] * 3,
        [
            [drift("drifted")] * 2 + [drift("stable")],
            [drift("drifted"), drift("drifted", 2), drift("drifted", 3)],  # one evaluation in three parts
        ],
    ),
    "outliers": Case(rows(200, 21), [rows(200, 20), rows(199, 199)]),
    "quality": Case(
        [metric("quality.retrain", 1.0)],
        [
            [
                metric("quality.retrain", 0.0),
                metric("quality.broken", 1.0),
                metric("quality.drifted.days", 9.0),
            ]
        ],
    ),
    "drift-days": Case([metric("quality.drifted.days", 3.0)], [[metric("quality.drifted.days", 2.0)] * 3]),
    "broken-column": Case(
        [metric("quality.broken", 1.0)], [[metric("quality.broken", 0.0), metric("quality.retrain", 1.0)]]
    ),
    "no-quality": Case(
        [metric("scoring.kept.rows", 5.0)],
        [
            [metric("scoring.kept.rows", 5.0)],  # of today: its report comes tomorrow
        ],
        none=[metric("scoring.kept.rows", 0.0)],
        calm=(metric("quality.rows", 5.0),),
        ago=29 * 60,
    ),
    "predictions-stale": Case(
        [looked_up(1)],
        [
            [looked_up(9), metric("precomputed.age.hours", 36.0)],
            [answered(200, 9), metric("precomputed.age.hours", 99.0)],  # nobody asks for it
        ],
        none=[looked_up(0)],
        calm=(looked_up(9), metric("precomputed.age.hours", 1.0)),
    ),
    "no-telemetry": Case([answered(200, 100)], [[EXPORTED]], calm=(EXPORTED,)),
    "telemetry-lost": Case(
        [metric("scoring.telemetry.lost", 1.0)],
        [[metric("scoring.telemetry.lost", 0.0), metric("scoring.telemetry.failed", 3.0)]],
    ),
}
BY_HAND: Final = {"daily-cap"}
"""Rules over tables that Azure alone fills: they are asked over rows that are made here."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    emulator = estate.start(tmp_path_factory.mktemp("alerts"))
    yield World(emulator)
    emulator.close()


@pytest.fixture
def minute(request: pytest.FixtureRequest) -> int:
    """A day of its own for each rule, in minutes after HOUR: what others told is in no window of it."""
    return 10 * 24 * 60 * (1 + list(CASES).index(request.node.callspec.params["key"]))


def tell(world: World, minute: float, told: list[Row] | tuple[Row, ...]) -> None:
    row = received(world.emulator, HOUR + timedelta(minutes=minute))
    world.emulator.telemetry.add([(table, {**row, **more}) for table, more in told])


def minutes(duration: str) -> int:
    return length(duration) // MINUTE


def test_each_rule_over_logs_has_its_case() -> None:
    assert {one.key for one in alerts.QUERIES} == {*CASES, *BY_HAND}


def rule_of(key: str) -> QueryAlert:
    (found,) = [one for one in alerts.QUERIES if one.key == key]
    return found


@pytest.mark.parametrize("key", list(CASES))
def test_a_rule_fires_when_something_is_wrong_and_is_resolved_when_it_is_well(
    world: World, minute: int, key: str
) -> None:
    alert, case = rule_of(key), CASES[key]
    window, every = minutes(alert.window), minutes(alert.every)
    asked = log_queries.from_the_first_day(alert.query)
    rule = world.rule(
        key, asked, evaluationFrequency=alert.every, windowSize=alert.window, severity=alert.severity
    )
    world.got.clear()
    for quiet in case.quiet:
        minute += window
        tell(world, minute - 1, quiet)
        assert world.at(minute) == [], quiet
    if case.none:
        minute += window
        tell(world, minute - case.ago, case.none)
        assert world.at(minute) == [], case.none
    minute += window
    tell(world, minute - case.ago, case.fires)
    assert world.at(minute) == [(minute, key, "Fired")]

    well = minute + (every if case.calm else window)  # the first evaluation that sees nothing wrong
    resolved = well + (HEALTHY[alert.every] - 1) * every
    due = list(range(minute + every, resolved + every + 1, every))
    for at in due:
        tell(world, at - 1, case.calm)
    assert world.at(*due) == [(resolved, key, "Resolved")]
    told = [one["essentials"] for one in world.got]
    assert [(one["alertRule"], one["severity"], one["monitorCondition"]) for one in told] == [
        (key, f"Sev{alert.severity}", "Fired"),
        (key, f"Sev{alert.severity}", "Resolved"),
    ]
    world.emulator.arm.delete(rule["id"])


class Held:
    """One table, as rows."""

    def __init__(self, name: str, *held: dict[str, Any]) -> None:
        columns = tuple(Column(column, kind) for column, kind in SCHEMA[name])
        self._name = name
        made = [tuple(one.get(column.name, "") for column in columns) for one in held]
        self._table = Table(columns, made, name=name)

    def table(self, name: str) -> Table | None:
        return self._table if name == self._name else None

    def names(self) -> list[str]:
        return [self._name]


def operation(detail: str, category: str = "Ingestion") -> dict[str, Any]:
    """A row as in "Monitor health of a Log Analytics workspace"."""
    return {"TimeGenerated": ticks_of(HOUR), "Category": category, "Detail": detail}


def test_the_daily_cap_is_told_when_it_is_reached() -> None:
    def found(*held: dict[str, Any]) -> int:
        answer = engine.run(rule_of("daily-cap").query, Held("_LogOperation", *held), ticks_of(HOUR))
        return len(answer.tables[0].rows)

    reached = "Data collection stopped due to daily limit of data reached. Ingestion status = OverQuota"
    near = "Data size collected is near the daily limit. Ingestion status = ApproachingQuota"
    assert found(operation(reached)) == 1
    assert found() == found(operation(near)) == found(operation(reached, "Agent")) == 0


@pytest.fixture(scope="module")
def told(world: World) -> World:
    """All that fires the rules and more of what the service writes, five minutes ago."""
    ago = (datetime.now(UTC) - 5 * MINUTE - HOUR) / MINUTE
    tell(world, ago, [row for case in CASES.values() for row in case.fires])
    tell(world, ago, [metric("scoring.drift.psi", 0.3, feature="age"), metric("scoring.drift.features", 1.0)])
    tell(world, ago, [metric("scoring.rows.positive", 50.0), metric("scoring.connections.refused", 1.0)])
    batch = {"part": "1", "rows": "4", "mean_probability": "0.25"}
    tell(world, ago, [("AppEvents", {"Name": "scoring.batch", "Properties": batch})])
    tell(world, ago, [EXPORTED, ("AppExceptions", {"ExceptionType": "ValueError", "OuterMessage": "no"})])
    request = {"Id": "r", "Name": "POST /score", "Success": 0, "ResultCode": "500", "DurationMs": 9.0}
    tell(world, ago, [("AppRequests", request)])
    return world


@pytest.mark.parametrize(("name", "query"), workbook_queries(), ids=[one for one, _ in workbook_queries()])
def test_a_workbook_shows_what_was_told(told: World, name: str, query: str) -> None:
    workspace = workspace_id(told.emulator, "logs")
    answer = client(told.emulator).query_workspace(workspace, query, timespan=60 * MINUTE)
    assert rows_of(answer), name


@pytest.mark.parametrize(("name", "query"), runbook_queries(), ids=[one for one, _ in runbook_queries()])
def test_a_runbooks_query_shows_what_fired_the_rule(told: World, name: str, query: str) -> None:
    workspace = workspace_id(told.emulator, "logs")
    answer = client(told.emulator).query_workspace(workspace, query, timespan=None)
    assert bool(rows_of(answer)) is not query.startswith("Usage\n"), name  # Azure alone fills that
