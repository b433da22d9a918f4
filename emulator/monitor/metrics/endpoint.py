"""Metrics over HTTP: of one resource by ARM, of several at `REGION.metrics.monitor.azure.com`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, cast
from urllib.parse import unquote

from emulator.arm.service import Arm
from emulator.errors import AzureError, NotEmulated
from emulator.hosts import Hosts
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.monitor.kql.values import datetime_text, parse_datetime, ticks_of
from emulator.monitor.logs.spans import span
from emulator.monitor.metrics.definitions import AGGREGATIONS, Metric
from emulator.monitor.metrics.query import GRAINS, Metrics, Question, read, rendered
from emulator.principal import Principal

AUDIENCE: Final = "https://metrics.monitor.azure.com"
READ: Final = "Microsoft.Insights/Metrics/Read"
DEFINITIONS: Final = "Microsoft.Insights/MetricDefinitions/Read"
MOST_RESOURCES: Final = 50
_PATH: Final = r"(?P<id>/subscriptions/.+)/providers/Microsoft\.Insights/"
Json = dict[str, Any]


def install(
    arm: Arm,
    hosts: Hosts,
    identity: Identity,
    metrics: Metrics,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Register the paths and the host."""

    @arm.special("GET", f"{_PATH}metrics")
    def one(request: Request, match: re.Match[str], principal: Principal) -> Response:
        resource = arm.get(match["id"])
        identity.require(principal, READ, resource["id"])
        at = ticks_of(now())
        try:
            within = span(unquote(request.query.get("timespan", "")), at)  # az encodes it twice
        except ValueError as error:
            raise AzureError(400, "BadRequest", f"Invalid timespan: {error}") from error
        question = read(request.query, at, within.low, within.high)
        if not question.metrics:
            first = metrics.definitions(resource)[0][1].name
            question = read({**request.query, "metricnames": first}, at, within.low, within.high)
        return Response.json(_answer(resource, metrics, question, request.query.get("interval") or "PT1M"))

    @arm.special("GET", f"{_PATH}metricDefinitions")
    def definitions(request: Request, match: re.Match[str], principal: Principal) -> Response:
        resource = arm.get(match["id"])
        identity.require(principal, DEFINITIONS, resource["id"])
        wanted = request.query.get("metricnamespace", "").lower()
        found = metrics.definitions(resource)
        return Response.json(
            {"value": [_definition(resource, *one) for one in found if wanted in ("", one[0].lower())]}
        )

    def several(request: Request) -> Response:
        match = re.fullmatch(r"/subscriptions/([^/]+)/metrics:getBatch", request.path)
        if request.method != "POST" or match is None:
            raise NotEmulated(f"metrics: {request.describe()}")
        principal = identity.principal(request, AUDIENCE)
        given = request.object("resourceids")["resourceids"]
        ids = [str(one) for one in cast("list[Any]", given)] if isinstance(given, list) else []
        if not 1 <= len(ids) <= MOST_RESOURCES:
            raise AzureError(
                400, "BadRequest", f"resourceids: 1 to {MOST_RESOURCES} ids are needed, it has {len(ids)}"
            )
        if not request.query.get("metricnamespace") or not request.query.get("metricnames"):
            raise AzureError(400, "BadRequest", "metricnamespace and metricnames are needed")
        ends = [
            parse_datetime(request.query[name]) if request.query.get(name) else None
            for name in ("starttime", "endtime")
        ]
        values: list[Json] = []
        for resource_id in ids:
            if not resource_id.lower().startswith(f"/subscriptions/{match[1].lower()}/"):
                raise AzureError(400, "BadRequest", f"{resource_id} is not in the subscription {match[1]}")
            resource = arm.get(resource_id)
            identity.require(principal, READ, resource["id"])
            question = read(request.query, ticks_of(now()), ends[0], ends[1])
            made = _answer(resource, metrics, question, request.query.get("interval") or "PT1M")
            times = {
                "starttime": datetime_text(question.low, -1),
                "endtime": datetime_text(question.high, -1),
            }
            del made["timespan"]
            values.append({**times, **made, "resourceid": resource["id"]})
        return Response.json({"values": values})

    hosts.route("*.metrics.monitor.azure.com", several)


def _answer(resource: Json, metrics: Metrics, question: Question, interval: str) -> Json:
    found = metrics.ask(resource, question)
    return {
        "cost": 0,
        "timespan": f"{datetime_text(question.low, -1)}/{datetime_text(question.high, -1)}",
        "interval": interval,
        "namespace": question.namespace or resource["type"],
        "resourceregion": resource.get("location", "global"),
        "value": [rendered(resource, metric, series, question) for metric, series in found],
    }


def _definition(resource: Json, namespace: str, metric: Metric) -> Json:
    return {
        "id": f"{resource['id']}/providers/microsoft.insights/metricdefinitions/{metric.name}",
        "resourceId": resource["id"],
        "namespace": namespace,
        "name": {"value": metric.name, "localizedValue": metric.title},
        "unit": metric.unit,
        "primaryAggregationType": metric.primary,
        "supportedAggregationTypes": list(AGGREGATIONS),
        "isDimensionRequired": False,
        "dimensions": [{"value": name, "localizedValue": name} for name in metric.dimensions],
        "metricAvailabilities": [{"timeGrain": grain, "retention": "P93D"} for grain in GRAINS],
    }
