"""Rules over metrics (metricAlerts): each criterion over a window, by dimensions; all of them have to hold.

From "Types of Azure Monitor alerts" and the REST reference of metricAlerts (read 2026-11).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from emulator.arm.store import Store
from emulator.errors import NotEmulated
from emulator.monitor.alerts.finding import OPERATORS, Finding, included, length
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.metrics.definitions import Aggregation
from emulator.monitor.metrics.query import Metrics, Question

MOST_SERIES: Final = 1000
Json = dict[str, Any]


class MetricRules:
    """Evaluates rules over metrics."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store, self._metrics = store, metrics

    def findings(self, rule: Json, at: datetime) -> list[Finding]:
        """Of each resource and combination of dimensions that was measured in the window."""
        properties = rule["properties"]
        low = at - length(properties["windowSize"])
        found: list[Finding] = []
        for scope in properties["scopes"]:
            resource = self._store.get(scope)
            if resource is None:
                continue
            held = [self._criterion(resource, one, low, at) for one in properties["criteria"]["allOf"]]
            for finding in held[0]:
                others = [any(one.violates for one in more) for more in held[1:]]
                violates = finding.violates and all(others)
                key = (
                    (("", resource["id"]), *finding.dimensions)
                    if len(properties["scopes"]) > 1
                    else finding.dimensions
                )
                found.append(Finding(key, violates, finding.value, finding.condition, low))
        return found

    def _criterion(self, resource: Json, criterion: Json, low: datetime, high: datetime) -> list[Finding]:
        if criterion.get("criterionType", "StaticThresholdCriterion") != "StaticThresholdCriterion":
            raise NotEmulated(f"metric alerts with a {criterion['criterionType']}")
        given: list[Json] = criterion.get("dimensions") or []
        aggregation = cast("Aggregation", criterion.get("timeAggregation", "Average"))
        question = Question(
            (criterion["metricName"],),
            ticks_of(low),
            ticks_of(high),
            0,
            (aggregation,),
            {str(one["name"]): ["*"] for one in given},
            criterion.get("metricNamespace") or "",
            MOST_SERIES,
        )
        ((_, series),) = self._metrics.ask(resource, question)
        compare, threshold = OPERATORS[criterion["operator"]], float(criterion["threshold"])
        found: list[Finding] = []
        for one in series:
            if not all(included(value, given, name) for name, value in one.dimensions.items()):
                continue
            value = one.value(question.low, aggregation)
            if value is not None:
                dimensions = tuple(one.dimensions.items())
                found.append(Finding(dimensions, compare(value, threshold), value, criterion, low))
        return found or [Finding((), False, None, criterion, low)]
