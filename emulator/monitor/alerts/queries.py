"""Rules over logs (scheduledQueryRules): a query over a window, split by dimensions, against a threshold.

From "Create a log search alert rule" and the REST reference of scheduledQueryRules (read 2026-11).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from emulator.errors import NotEmulated
from emulator.monitor.alerts.finding import OPERATORS, Finding, included, length
from emulator.monitor.kql.kinds import NUMBERS
from emulator.monitor.kql.table import Row, Table
from emulator.monitor.kql.values import dynamic_text, ticks_of, to_text
from emulator.monitor.logs.access import Logs
from emulator.monitor.logs.endpoint import Queries
from emulator.monitor.logs.rows import Span

AGGREGATIONS: Final = ("Count", "Average", "Minimum", "Maximum", "Total")
Json = dict[str, Any]


class QueryRules:
    """Evaluates rules over logs."""

    def __init__(self, logs: Logs, queries: Queries) -> None:
        self._logs, self._queries = logs, queries

    def findings(self, rule: Json, at: datetime) -> list[Finding]:
        """Of all combinations of dimensions that the last windows have.

        A rule has one condition, for ARM takes no more. With several periods each is a window of its own, and
        enough of them have to violate.
        """
        properties = rule["properties"]
        condition: Json = properties["criteria"]["allOf"][0]
        if "threshold" not in condition or condition.get("criterionType") == "DynamicThresholdCriterion":
            raise NotEmulated("log alerts with dynamic thresholds")
        window = length(properties["windowSize"])
        periods = condition.get("failingPeriods") or {}
        count = int(periods.get("numberOfEvaluationPeriods") or 1)
        needed = int(periods.get("minFailingPeriodsToAlert") or 1)
        found: dict[tuple[tuple[str, str], ...], list[float | None]] = {}
        for number in range(count):
            high = at - number * window
            low = high - length(properties.get("overrideQueryTimeRange") or properties["windowSize"])
            for dimensions, value in self._window(rule, condition, low, high, at).items():
                found.setdefault(dimensions, [None] * count)[number] = value
        compare, threshold = (
            OPERATORS[condition.get("operator", "GreaterThan")],
            float(condition["threshold"]),
        )
        results: list[Finding] = []
        for dimensions, values in found.items():
            failing = sum(value is not None and compare(value, threshold) for value in values)
            results.append(Finding(dimensions, failing >= needed, values[0], condition, at - count * window))
        return results

    def _window(
        self, rule: Json, condition: Json, low: datetime, high: datetime, at: datetime
    ) -> dict[tuple[tuple[str, str], ...], float | None]:
        """The measure of each combination of dimensions in one window."""
        tables: list[Table] = []
        for scope in rule["properties"]["scopes"]:
            target = self._logs.target(scope)
            # up to a tick before the end: a row on the border is in one window
            within = Span(ticks_of(low), ticks_of(high) - 1)
            tables += self._queries.run(target, condition["query"], within, ticks_of(at)).tables[-1:]
        names = [str(one["name"]) for one in condition.get("dimensions") or []]
        if condition.get("resourceIdColumn"):
            names.append(str(condition["resourceIdColumn"]))
        groups: dict[tuple[tuple[str, str], ...], list[tuple[Table, Row]]] = {}
        if not names:
            groups[()] = []
        for table in tables:
            for row in table.rows:
                key = tuple((name, _text(table, row, name)) for name in names)
                if all(included(value, condition.get("dimensions") or [], name) for name, value in key):
                    groups.setdefault(key, []).append((table, row))
        return {key: _measure(condition, rows) for key, rows in groups.items()}


def _text(table: Table, row: Row, name: str) -> str:
    for place, column in enumerate(table.columns):
        if column.name.lower() == name.lower():
            return to_text(column.kind)(row[place])
    return ""


def _measure(condition: Json, rows: list[tuple[Table, Row]]) -> float | None:
    """The aggregation of the measure's column, or how many rows there are; None of no rows."""
    aggregation = condition.get("timeAggregation") or "Count"
    name = condition.get("metricMeasureColumn")
    if aggregation == "Count" and not name:
        return float(len(rows))
    values: list[float] = []
    for table, row in rows:
        for place, column in enumerate(table.columns):
            if column.name.lower() != str(name).lower() or row[place] is None:
                continue
            if column.kind in NUMBERS:
                values.append(float(row[place]))
            elif aggregation == "Count":
                values.append(float(bool(dynamic_text(row[place]))))
    if aggregation == "Count":
        return float(len(values))
    if not values:
        return None
    return {
        "Average": sum(values) / len(values),
        "Minimum": min(values),
        "Maximum": max(values),
        "Total": sum(values),
    }[aggregation]
