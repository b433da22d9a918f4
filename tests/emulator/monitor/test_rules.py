"""Alert rules and budgets: what Azure refuses of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.arm.hooks import Hooks, Put
from emulator.errors import AzureError
from emulator.monitor import budgets, rules

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
    rules.install(made)
    budgets.install(made)
    return made


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
