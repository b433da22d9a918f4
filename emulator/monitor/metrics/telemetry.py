"""The metrics of Application Insights components, from the telemetry that arrived."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.monitor.database import Database
from emulator.monitor.kql.values import datetime_text, parse_datetime
from emulator.monitor.metrics.book import MINUTE, Point

# metric -> table, condition, what is measured ("": how many), dimensions with their columns
_ROLE: Final = {"cloud/roleInstance": "AppRoleInstance", "cloud/roleName": "AppRoleName"}
_REQUEST: Final = {
    **_ROLE,
    "request/resultCode": "ResultCode",
    "request/success": "CASE Success WHEN 1 THEN 'True' ELSE 'False' END",
}
_SOURCES: Final[dict[str, tuple[str, str, str, dict[str, str]]]] = {
    "requests/count": ("AppRequests", "1", "", _REQUEST),
    "requests/failed": ("AppRequests", "Success = 0", "", _REQUEST),
    "requests/duration": ("AppRequests", "1", "DurationMs", _REQUEST),
    "dependencies/count": ("AppDependencies", "1", "", _ROLE),
    "dependencies/failed": ("AppDependencies", "Success = 0", "", _ROLE),
    "dependencies/duration": ("AppDependencies", "1", "DurationMs", _ROLE),
    "exceptions/count": ("AppExceptions", "1", "", _ROLE),
    "traces/count": ("AppTraces", "1", "", _ROLE),
    "availabilityResults/count": ("AppAvailabilityResults", "1", "", {}),
    "availabilityResults/duration": ("AppAvailabilityResults", "1", "DurationMs", {}),
    "availabilityResults/availabilityPercentage": ("AppAvailabilityResults", "1", "Success * 100.0", {}),
}


class Measured:
    """Reads rows as points; an item that stands for several counts as many."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def points(self, resource_id: str, metric: str, low: int, high: int) -> list[Point]:
        """Of one of the component's own metrics."""
        table, condition, value, dimensions = _SOURCES[metric]
        expressions = ", ".join(dimensions.values()) or "1"
        rows = self._rows(
            f"ItemCount, {value or '1.0'}, {expressions}", table, condition, resource_id, low, high
        )
        found: list[Point] = []
        for at, count, measured, *rest in rows:
            named = tuple(sorted(zip(dimensions, (str(one or "") for one in rest), strict=False)))
            number = float(measured or 0)
            total = number * count if value else float(count)
            found.append(Point(at, named, float(count), total, number, number))
        return found

    def custom(self, resource_id: str, metric: str, low: int, high: int) -> list[Point]:
        """Of a metric that the program itself measured."""
        rows = self._rows(
            "ItemCount, Sum, Min, Max", "AppMetrics", "Name = ?", resource_id, low, high, metric
        )
        return [Point(at, (), float(n), float(s), float(lo), float(hi)) for at, n, s, lo, hi in rows]

    def custom_names(self, resource_id: str) -> list[str]:
        """Those that it measured."""
        statement = "SELECT DISTINCT Name FROM AppMetrics WHERE _ResourceId = ? ORDER BY Name"
        return [str(row[0]) for row in self._database.tuples(statement, fold(resource_id))]

    def _rows(
        self, columns: str, table: str, condition: str, resource_id: str, low: int, high: int, *more: Any
    ) -> Iterator[tuple[Any, ...]]:
        statement = (
            f"SELECT TimeGenerated, {columns} FROM {table} "  # noqa: S608
            f"WHERE {condition} AND _ResourceId = ? AND TimeGenerated >= ? AND TimeGenerated < ?"
        )
        ends = (datetime_text(low, 6), datetime_text(high, 6))
        for at, *rest in self._database.tuples(statement, *more, fold(resource_id), *ends):
            ticks = parse_datetime(at) or 0
            yield (ticks // MINUTE * MINUTE, *rest)
