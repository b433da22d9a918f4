"""Alerts, budget and workbooks: what they ask is what the scoring service writes, and somebody is told."""

import inspect
import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.monitor.tables import COMMON, TABLES
from infra import alerts, log_queries, months, workbooks
from infra.config import load
from infra.config_errors import ConfigError
from infra.graph.recording import MONTH
from scoring.telemetry import classes, durations, events, instruments, parts
from tests.infra.recording import Graph, record, stack_file
from tests.infra.settings import raw_settings, settings_of

AZURES = {"_LogOperation": {"Category", "Detail"}}
"""Tables of Azure's own, from "Monitor health of Log Analytics workspace"."""
FUNCTIONS = {
    "ago",
    "sum",
    "sumif",
    "count",
    "countif",
    "max",
    "min",
    "toint",
    "tolong",
    "todouble",
    "tostring",
    "bin",
}
WORDS = FUNCTIONS | {"in", "and", "or", "not", "has", "desc", "asc", "by"}
OPERATORS = {"where", "extend", "summarize", "project", "order", "take"}
METRIC = re.compile(r'"(scoring\.[\w.]+)"')


def workbook_queries() -> list[tuple[str, str]]:
    return [
        (f"{book.key}/{item['name']}", item["content"]["query"])
        for book in workbooks.WORKBOOKS
        for item in json.loads(book.content)["items"]
        if item["type"] == 3
    ]


INSIGHTS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/appi"
ASKED = [
    *((one.key, one.query) for one in alerts.QUERIES),
    *workbook_queries(),
    *(
        (f"{one.key}, of one", log_queries.only_of(one.query, INSIGHTS))
        for one in alerts.QUERIES
        if one.estates
    ),
]


def written_names() -> set[str]:
    """The metrics and events of the service, from its own code."""
    named = {name for name, _, _ in instruments.COUNTERS.values()}
    named |= set(METRIC.findall(inspect.getsource(instruments) + inspect.getsource(classes)))
    named.add(instruments.KEPT_LOST)
    return named | {durations.NAME, events.BATCH_EVENT, events.DRIFT_EVENT}


@pytest.mark.parametrize(("name", "query"), ASKED, ids=[name for name, _ in ASKED])
def test_a_query_asks_for_what_is_written(name: str, query: str) -> None:
    table, *steps = query.split("\n| ") if "\n| " in query else query.split(" | ")
    table, _, first = table.partition(" | ")
    steps = ([first] if first else []) + steps
    columns = AZURES.get(table) or set(COMMON) | set(TABLES[table])
    made: set[str] = set()
    for step in steps:
        operator, _, rest = step.partition(" ")
        assert operator in OPERATORS, step
        given = set(re.findall(r"\b([A-Za-z_]\w*) = ", rest))
        bare = re.sub(r'"[^"]*"', "", rest)  # texts are not names
        bare = re.sub(r"Properties(\.\w+|\[\])", "Properties", bare)
        used = set(re.findall(r"[A-Za-z_]\w*", bare)) - WORDS - given
        used = {word for word in used if not re.fullmatch(r"\d*[smhd]", word)}
        assert used <= columns | made, (name, sorted(used - columns - made))
        if operator == "summarize":  # what it does not name is gone
            columns = set(re.findall(r"[A-Za-z_]\w*", rest.partition(" by ")[2])) - WORDS
            made = set()
        made |= given
    assert set(METRIC.findall(query)) <= written_names()


def test_properties_that_are_asked_for_are_written() -> None:
    asked = {
        name
        for _, query in ASKED
        for pair in re.findall(r'Properties(?:\.(\w+)|\["([\w.]+)"\])', query)
        for name in pair
        if name
    }
    written = set(durations.attributes(("/score", 200))) | {"feature"}
    text = "".join(inspect.getsource(module) for module in (events, parts))
    written |= set(re.findall(r'"([a-z_]+)"', text))
    assert asked <= written


def test_every_kind_of_trouble_has_its_rule() -> None:
    keys = {one.key for one in alerts.QUERIES} | {one.key for one in alerts.METRICS}
    assert {
        "availability",
        "latency",
        "failures",
        "drift",
        "outliers",
        "job-failures",
        "no-telemetry",
        "daily-cap",
    } <= keys
    assert len(keys) == len(alerts.QUERIES) + len(alerts.METRICS)


@pytest.mark.parametrize("stack", ["stage", "prod"])
def test_each_rule_tells_somebody(graphs: dict[str, Graph], stack: str) -> None:
    graph = graphs[stack]
    group = graph.one("monitor:ActionGroup", "alerts-people")
    assert [one["emailAddress"] for one in group.inputs["emailReceivers"]] == ["mlops-engineers@example.com"]
    assert len(group.inputs["groupShortName"]) <= 12
    queries, metrics = graph.all("monitor:ScheduledQueryRule"), graph.all("monitor:MetricAlert")
    everywhere = {f"alerts-{one.key}" for one in alerts.QUERIES if one.part is None}
    assert {rule.name for rule in queries} == everywhere
    retraining = settings_of(stack).retraining
    starts = ["id of alerts-retraining"] if retraining and retraining.told else []
    retrain = {f"alerts-{one.key}" for one in alerts.QUERIES if one.retrain}
    for rule in queries:
        told = ["id of alerts-people", *(starts if rule.name in retrain else [])]
        assert rule.inputs["actions"] == {"actionGroups": told}
        (condition,) = rule.inputs["criteria"]["allOf"]
        assert condition["operator"] == "GreaterThan"  # "gt", as the SDK's enum has it, ARM refuses
        assert rule.inputs["scopes"] == ["id of telemetry-logs"]
    absent = {"predictions", "runners", *({"kubernetes"} if stack == "stage" else ())}
    assert {rule.name for rule in metrics} == {
        f"alerts-{one.key}" for one in alerts.METRICS if one.part not in absent
    }
    for rule in metrics:
        assert rule.inputs["actions"] == [{"actionGroupId": "id of alerts-people"}]
        assert rule.inputs["criteria"]["odataType"].endswith("SingleResourceMultipleMetricCriteria")


def test_the_budget_tells_before_it_is_spent(stage: Graph) -> None:
    budget = stage.one("consumption:Budget")
    assert budget.inputs["amount"] == 1800 and budget.inputs["scope"] == "id of group"
    assert budget.ignore_changes == ("timePeriod",)
    assert budget.inputs["timePeriod"] == {"startDate": MONTH}
    told = budget.inputs["notifications"]
    assert {(one["threshold"], one["thresholdType"]) for one in told.values()} == {
        (50, "Actual"),
        (80, "Actual"),
        (100, "Actual"),
        (100, "Forecasted"),
    }
    assert all(one["contactGroups"] == ["id of alerts-people"] for one in told.values())


def test_a_budget_begins_with_a_month() -> None:
    assert months.of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == "2026-12-01T00:00:00Z"
    assert months.this_month() == MONTH  # of what is recorded


@pytest.mark.parametrize("stack", ["stage", "prod"])
def test_workbooks_ask_the_estates_own_workspace(graphs: dict[str, Graph], stack: str) -> None:
    made = graphs[stack].all("applicationinsights:Workbook")
    names = {uuid.UUID(one.inputs["resourceName"]) for one in made}
    assert len(names) == len(workbooks.WORKBOOKS) and {name.version for name in names} == {5}
    for one in made:
        content = json.loads(one.inputs["serializedData"])
        assert content["fallbackResourceIds"] == ["id of telemetry-logs"] == [one.inputs["sourceId"]]


def test_the_daily_cap(stage: Graph) -> None:
    assert stage.one("operationalinsights:Workspace").inputs["workspaceCapping"] == {"dailyQuotaGb": 2}
    config = stack_file("stage")
    del config["mlops-estate:telemetry"]["dailyCapGb"]
    del config["mlops-estate:alerts"], config["mlops-estate:retraining"]
    without = record("stage", config)
    assert without.one("operationalinsights:Workspace").inputs["workspaceCapping"] == {"dailyQuotaGb": -1}
    assert not without.all("monitor:ScheduledQueryRule") and not without.all("monitor:ActionGroup")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"alerts": {"emails": []}}, "alerts.emails is []: list at least one"),
        (
            {"alerts": {"emails": ["A@b.example", "a@b.example"]}},
            'alerts.emails is ["A@b.example", "a@b.example"]: list each address once',
        ),
        ({"budget": {"monthly": 0}}, "budget.monthly is 0: set 1 or more"),
    ],
)
def test_wrong_settings(change: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load({**raw_settings("stage"), **change}, "stage")
    assert line in str(refusal.value)
