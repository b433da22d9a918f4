"""Alert rules and budgets: what Azure refuses of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import pytest

from emulator.arm.hooks import Hooks, Put
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.home import Home
from emulator.monitor import actiongroups, budgets, rules
from emulator.monitor.database import Database
from emulator.monitor.logs.rows import Declared
from emulator.monitor.logs.schema import SCHEMA
from emulator.monitor.logs.written import Written
from infra import alerts, log_queries

SINGLE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"


class Checks(Hooks):
    """Only the hooks."""

    def put(self, arm_type: str, properties: dict[str, Any], old: dict[str, Any] | None = None) -> None:
        resource = {"name": "one", "type": arm_type, "properties": properties}
        for hook in self._before_put[arm_type.lower()]:
            hook(Put("/one", resource, {"properties": old} if old else None, None))


@pytest.fixture(scope="module")
def checks() -> Checks:
    made: Any = Checks()
    rules.install(made, lambda _: Declared())
    budgets.install(made)
    return made


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checks]:
    """Checks in a world without a row of telemetry."""
    home = Home(tmp_path_factory.mktemp("empty")).prepare()
    store, telemetry, made = Store(home), Database(home.root / "telemetry.db"), Checks()
    rules.install(cast("Any", made), partial(Written, store, telemetry))
    yield made
    telemetry.close()
    store.close()


def query(
    operator: str = "GreaterThan", window: str = "PT15M", every: str = "PT5M", text: str = "AppMetrics"
) -> dict[str, Any]:
    condition = {"query": text, "operator": operator, "threshold": 0}
    return {"criteria": {"allOf": [condition]}, "windowSize": window, "evaluationFrequency": every}


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        (query("gt"), "The value 'gt' of the property 'operator' is not valid"),
        (query(window="PT5M", every="PT1H"), "must be equal to or greater than 'evaluationFrequency'"),
        (query(window="a while"), "'a while' is no ISO 8601 duration"),
        (
            query(text="AppMetrics | where Nome == 1"),
            "Failed to resolve column or scalar expression named 'Nome'",
        ),
        (query(text="AppMetrics | wher 1"), "The query of the rule is not valid: at 'wher'"),
        ({"criteria": {}}, "'criteria.allOf' must hold one condition"),
        (query(window="P3D"), "The property 'windowSize' is P3D. Supported values are PT1M, PT5M"),
        (query(window="PT1H", every="PT20M"), "The property 'evaluationFrequency' is PT20M"),
        ({**query(), "severity": 5}, "The property 'severity' is 5"),
        (
            {**query(), "autoMitigate": True, "muteActionsDuration": "PT1H"},
            "Auto mitigation must be disabled when action suppression is set",
        ),
        (
            {**query(), "muteActionsDuration": "PT1M"},
            "EvaluationFrequency cannot be greater than MuteActionsDuration",
        ),
    ],
)
def test_a_query_rule_speaks_as_arm_does(checks: Checks, properties: dict[str, Any], words: str) -> None:
    checks.put(rules.QUERY_RULE, query())
    with pytest.raises(AzureError, match="400 BadRequest") as refusal:
        checks.put(rules.QUERY_RULE, properties)
    assert words in refusal.value.message


@pytest.mark.parametrize("kind", [None, "SingleResourceMultipleMetricCriteria"])
def test_a_metric_rule_says_what_its_criteria_are(checks: Checks, kind: str | None) -> None:
    checks.put(rules.METRIC_RULE, {"criteria": {"odata.type": SINGLE, "allOf": []}})
    with pytest.raises(AzureError, match=r"'odata\.type'"):
        checks.put(rules.METRIC_RULE, {"criteria": {"odata.type": kind, "allOf": []}})


def metric(name: str, every: str = "PT5M", **more: Any) -> dict[str, Any]:
    criterion = {"metricNamespace": "Microsoft.ApiManagement/service", "metricName": name, **more}
    criteria = {"odata.type": SINGLE, "allOf": [criterion]}
    return {"criteria": criteria, "windowSize": "PT1H", "evaluationFrequency": every}


def test_a_metric_rule_is_over_a_metric_of_its_type(checks: Checks) -> None:
    for right in (metric("Requests"), metric("capacity"), metric("Request", skipMetricValidation=True)):
        checks.put(rules.METRIC_RULE, right)
    for old in ("FailedRequests", "UnauthorizedRequests", "ConnectionAttempts"):  # which Azure still has
        checks.put(rules.METRIC_RULE, metric(old))
    with pytest.raises(AzureError, match=r"^400 BadRequest: Couldn't find a metric named Request\. Make"):
        checks.put(rules.METRIC_RULE, metric("Request"))
    with pytest.raises(AzureError, match=r"'evaluationFrequency' is PT10M\. Supported values are PT1M, PT5M"):
        checks.put(rules.METRIC_RULE, metric("Requests", "PT10M"))


def test_a_short_name_is_short(checks: Checks) -> None:
    checks.put(actiongroups.GROUP, {"groupShortName": "twelve-chars"})
    with pytest.raises(AzureError, match=r"^400 GroupShortNameIsTooLong: .*'12' or less characters"):
        checks.put(actiongroups.GROUP, {"groupShortName": "thirteen-char"})


def budget(start: str) -> dict[str, Any]:
    return {"timeGrain": "Monthly", "timePeriod": {"startDate": start}}


def test_a_budget_begins_this_month_or_later_and_stays_so(checks: Checks) -> None:
    this = f"{datetime.now(UTC):%Y-%m}-01T00:00:00Z"
    checks.put(budgets.BUDGET, budget(this))
    with pytest.raises(AzureError, match="earlier than the first of the current time grain"):
        checks.put(budgets.BUDGET, budget("2024-01-01T00:00:00Z"))
    with pytest.raises(AzureError, match="first of a month"):
        checks.put(budgets.BUDGET, budget(this.replace("-01T", "-02T")))
    with pytest.raises(AzureError, match="cannot be changed"):
        checks.put(budgets.BUDGET, budget(this), old=budget("2024-01-01T00:00:00Z"))
    checks.put(budgets.BUDGET, budget("2024-01-01T00:00:00Z"), old=budget("2024-01-01T00:00:00+00:00"))


@pytest.mark.parametrize(
    "text", ["Own_CL | where a == 1", "AppMetrics | evaluate pivot(Name)", "requests | count"]
)
def test_a_query_that_cannot_be_judged_here_is_kept(checks: Checks, text: str) -> None:
    checks.put(rules.QUERY_RULE, query(text=text))


def test_a_query_is_not_looked_at_where_nobody_wants_it_to_be(checks: Checks) -> None:
    checks.put(rules.QUERY_RULE, {**query(text="AppMetrics | wher 1"), "skipQueryValidation": True})


@pytest.mark.parametrize("alert", alerts.QUERIES, ids=lambda one: one.key)
def test_a_rule_of_the_estate_is_made_in_a_workspace_that_nothing_was_written_to(
    checks: Checks, empty: Checks, alert: alerts.QueryAlert
) -> None:
    checks.put(rules.QUERY_RULE, query(text=alert.query))
    empty.put(rules.QUERY_RULE, query(text=log_queries.from_the_first_day(alert.query)))
    if alert.estates:
        words = "Failed to resolve table or column expression named '(AppMetrics|AppEvents|AppRequests)'"
        with pytest.raises(AzureError, match=words):
            empty.put(rules.QUERY_RULE, query(text=alert.query))


@pytest.mark.parametrize("table", log_queries.COLUMNS)
def test_a_tables_columns_are_declared_as_azure_declares_them(table: str) -> None:
    declared = [tuple(one.split(": ")) for one in log_queries.COLUMNS[table].split(", ")]
    assert set(declared) <= set(SCHEMA[table])
