"""A question about metrics, and its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from emulator.errors import AzureError, NotEmulated
from emulator.monitor.database import Database
from emulator.monitor.kql.values import datetime_text
from emulator.monitor.logs.spans import duration
from emulator.monitor.metrics.book import MINUTE, Book, Point
from emulator.monitor.metrics.definitions import (
    AGGREGATIONS,
    COMPONENT,
    CUSTOM,
    ELSEWHERE,
    Aggregation,
    Metric,
    of,
)
from emulator.monitor.metrics.telemetry import Measured

GRAINS: Final = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
MOST_SERIES: Final = 10  # unless `top` asks for more
_CLAUSE: Final = re.compile(r"\s*\(?\s*([\w/ .-]+?)\s+(eq|ne|sw)\s+'((?:[^']|'')*)'\s*\)?\s*", re.IGNORECASE)
Json = dict[str, Any]
Filter = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Question:
    """low, high: ticks. grain: ticks of an interval, 0 for all in one. top: most series."""

    metrics: tuple[str, ...]
    low: int
    high: int
    grain: int
    aggregations: tuple[Aggregation, ...]
    where: Filter
    namespace: str = ""
    top: int = MOST_SERIES


class Metrics:
    """Answers questions about one resource."""

    def __init__(self, book: Book, database: Database) -> None:
        self._book, self._measured = book, Measured(database)

    def definitions(self, resource: Json) -> list[tuple[str, Metric]]:
        """The namespace of each metric of a resource, and what it is."""
        name, metrics = _known(resource)
        found = [(name, metric) for metric in metrics]
        if name == COMPONENT:
            custom = self._measured.custom_names(resource["id"])
            found += [(CUSTOM, Metric(one, one, "Count", "Average")) for one in custom]
        return found

    def ask(self, resource: Json, question: Question) -> list[tuple[Metric, list[Series]]]:
        """The series of each metric. 400 for what the resource has not; NotEmulated for what is "
        "not measured."""
        return [self._one(resource, name, question) for name in question.metrics]

    def _one(self, resource: Json, wanted: str, question: Question) -> tuple[Metric, list[Series]]:
        metric, custom = self._metric(resource, wanted, question.namespace)
        for dimension in question.where:
            if dimension.lower() not in {one.lower() for one in metric.dimensions}:
                known = ", ".join(metric.dimensions) or "none"
                raise _bad(
                    f"Metric: {metric.name} does not support requested dimension combination: {dimension}, "
                    f"supported ones are: {known}"
                )
        arguments = (resource["id"], metric.name, question.low, question.high)
        if custom:
            points = self._measured.custom(*arguments)
        elif resource["type"].lower() == COMPONENT.lower():
            points = self._measured.points(*arguments)
        else:
            points = self._book.points(*arguments)
        return metric, series_of(points, question)

    def _metric(self, resource: Json, wanted: str, namespace: str) -> tuple[Metric, bool]:
        kind, metrics = _known(resource)
        if namespace.lower() not in ("", kind.lower(), CUSTOM):
            raise NotEmulated(f"metrics of the namespace {namespace} (of {resource['id']})")
        if namespace.lower() != CUSTOM:
            for metric in metrics:
                if metric.name.lower() == wanted.lower():
                    return metric, False
            if wanted.lower() in {one.lower() for one in ELSEWHERE[kind]}:
                raise NotEmulated(f"metric {wanted} of {kind}: it is not measured here")
        if kind == COMPONENT and namespace.lower() in ("", CUSTOM):
            for name in self._measured.custom_names(resource["id"]):
                if name.lower() == wanted.lower():
                    return Metric(name, name, "Count", "Average"), True
        provider, _, rest = kind.partition("/")
        raise _bad(
            f"Failed to find metric configuration for provider: {provider}, resource Type: {rest}, "
            f"metric: {wanted}, "
            f"Valid metrics: {','.join(one.name for one in metrics)}"
        )


@dataclass(frozen=True, slots=True)
class Series:
    """One combination of dimensions, and its points by the begin of their interval."""

    dimensions: dict[str, str]
    points: dict[int, Point]

    def value(self, at: int, aggregation: Aggregation) -> float | None:
        """Of an interval; None where nothing was measured in it."""
        point = self.points.get(at)
        return None if point is None else value_of(point, aggregation)


def value_of(point: Point, aggregation: Aggregation) -> float:
    """An aggregation of a point's values."""
    match aggregation:
        case "Average":
            return point.total / point.count if point.count else 0.0
        case "Minimum":
            return point.least
        case "Maximum":
            return point.greatest
        case "Total":
            return point.total
        case "Count":
            return point.count


def series_of(points: Iterable[Point], question: Question) -> list[Series]:
    """Points by the dimensions that are asked for, and by interval."""
    names = {name.lower(): name for name in question.where}
    found: dict[tuple[tuple[str, str], ...], dict[int, Point]] = {}
    for point in points:
        held = {name.lower(): value for name, value in point.dimensions}
        if not all(_fits(held.get(name.lower(), ""), values) for name, values in question.where.items()):
            continue
        key = tuple((name, held.get(low, "")) for low, name in names.items())
        at = begin(point.at, question)
        series = found.setdefault(key, {})
        if at in series:
            series[at].add(point)
        else:
            series[at] = Point(at, key, point.count, point.total, point.least, point.greatest)
    return [Series(dict(key), series) for key, series in found.items()][: question.top]


def begin(at: int, question: Question) -> int:
    """Of the interval that a time is in."""
    return at // question.grain * question.grain if question.grain else question.low


def _fits(value: str, wanted: list[str]) -> bool:
    return "*" in wanted or value.lower() in {one.lower() for one in wanted}


def _known(resource: Json) -> tuple[str, tuple[Metric, ...]]:
    found = of(resource["type"])
    if found is None:
        raise NotEmulated(f"metrics of {resource['type']}")
    return found


# the words of a request


def read(query: dict[str, str], now: int, low: int | None, high: int | None) -> Question:
    """From a request's query (names in lower case); the last hour where no time is given."""
    high = now if high is None else high
    low = high - 60 * MINUTE if low is None else low
    interval = query.get("interval") or "PT1M"
    if interval.upper() != "FULL" and interval not in GRAINS:
        raise _bad(f"Invalid time grain duration: {interval}, supported ones are: {', '.join(GRAINS)}")
    asked = [one.strip() for one in query.get("aggregation", "").split(",") if one.strip()]
    by_word: dict[str, Aggregation] = {one.lower(): one for one in AGGREGATIONS}
    for one in asked:
        if one.lower() not in by_word:
            raise _bad(f"Aggregation type: {one} is not valid. Supported: {', '.join(AGGREGATIONS)}")
    names = tuple(one.strip() for one in query.get("metricnames", "").split(",") if one.strip())
    grain = 0 if interval.upper() == "FULL" else duration(interval) or MINUTE
    text = query.get("$filter") or query.get("filter") or ""
    top = query.get("top") or query.get("$top") or str(MOST_SERIES)
    return Question(
        names,
        low // grain * grain if grain else low,
        high,
        grain,
        tuple(by_word[one.lower()] for one in asked),
        read_filter(text),
        query.get("metricnamespace", ""),
        int(top) if top.isdigit() else MOST_SERIES,
    )


def read_filter(text: str) -> Filter:
    """`NAME eq 'VALUE'` with `and` between dimensions and `or` between values of one; `*` is each value."""
    found: Filter = {}
    if not text.strip():
        return found
    for clause in re.split(r"\s+(?:and|or)\s+(?=[^']*(?:'[^']*'[^']*)*$)", text, flags=re.IGNORECASE):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            raise _bad(f"Invalid filter: '{text}'; write NAME eq 'VALUE' and NAME eq '*'.")
        if match[2].lower() != "eq":
            raise NotEmulated(f"metrics with a filter by '{match[2]}'")
        found.setdefault(match[1], []).append(match[3].replace("''", "'"))
    return found


def rendered(resource: Json, metric: Metric, found: list[Series], question: Question) -> Json:
    """A metric as the API writes it."""
    wanted = question.aggregations or (metric.primary,)
    grid = range(question.low, question.high, question.grain) if question.grain else (question.low,)
    return {
        "id": f"{resource['id']}/providers/Microsoft.Insights/metrics/{metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": metric.name, "localizedValue": metric.title},
        "displayDescription": metric.title,
        "unit": metric.unit,
        "timeseries": [
            {
                "metadatavalues": [
                    {"name": {"value": name.lower(), "localizedValue": name.lower()}, "value": value}
                    for name, value in one.dimensions.items()
                ],
                "data": [
                    {
                        "timeStamp": datetime_text(at, -1),
                        **{
                            aggregation.lower(): value
                            for aggregation in wanted
                            if (value := one.value(at, aggregation)) is not None
                        },
                    }
                    for at in grid
                ],
            }
            for one in found
        ],
        "errorCode": "Success",
    }


def _bad(message: str) -> AzureError:
    return AzureError(400, "BadRequest", message)
