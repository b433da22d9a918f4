"""Metrics of resources: by ARM, of several at once, and who measures them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from emulator.app import Emulator
from emulator.containerinstance.runtime import Runtime
from emulator.containerinstance.usage import Usage
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN, Principal
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.metrics.book import MINUTE, Book
from emulator.monitor.metrics.query import read_filter
from tests.emulator.monitor.test_logs import LOG_READER, MONITORING_READER, component_id, telemetry
from tests.emulator.storage import estate

AT = datetime(2026, 11, 29, 10, tzinfo=UTC)
SPAN = "2026-11-29T10:00:00Z/2026-11-29T10:10:00Z"
SERVICE = f"{estate.GROUP}/providers/Microsoft.ApiManagement/service/gate"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """With the component ``app`` and its telemetry, and a gateway's requests."""
    emulator = estate.start(tmp_path_factory.mktemp("metrics"))
    held = estate.resource(emulator, "Microsoft.OperationalInsights/workspaces/logs")
    estate.resource(
        emulator, "Microsoft.Insights/components/app", {"WorkspaceResourceId": held["id"]}, kind="web"
    )
    emulator.telemetry.add(list(telemetry(emulator, AT + timedelta(minutes=9))))
    publisher = {"publisherEmail": "a@example.org", "publisherName": "a"}
    sku = {"name": "Developer", "capacity": 1}
    estate.resource(emulator, "Microsoft.ApiManagement/service/gate", publisher, sku=sku)
    for minute, code in ((0, "2xx"), (0, "2xx"), (1, "5xx"), (7, "2xx")):
        at = ticks_of(AT) + minute * MINUTE
        emulator.metrics.write(SERVICE, "Requests", 1, at, {"GatewayResponseCodeCategory": code})
        emulator.metrics.write(SERVICE, "Duration", 100 * (minute + 1), at, {"ApiId": "scoring"})
    yield emulator
    emulator.close()


def ask(
    emulator: Emulator, resource: str, principal: Principal = SIGNED_IN, path: str = "metrics", **query: str
) -> tuple[int, dict[str, Any]]:
    token = emulator.identity.tokens.issue(principal, "https://management.azure.com")[0]
    whole = f"{resource}/providers/microsoft.insights/{path}"
    asked = {"api-version": "2024-02-01", **{name.replace("_", "$"): value for name, value in query.items()}}
    answer = emulator.answer(
        Request("GET", "management.azure.com", whole, whole, asked, {"authorization": f"Bearer {token}"})
    )
    return answer.status, json.loads(answer.body)


def values(body: dict[str, Any], aggregation: str) -> dict[str, list[float | None]]:
    """By the values of dimensions: one number an interval, None without one."""
    return {
        ",".join(one["value"] for one in series["metadatavalues"]): [
            point.get(aggregation) for point in series["data"]
        ]
        for series in body["value"][0]["timeseries"]
    }


def test_intervals_aggregations_and_dimensions(emulator: Emulator) -> None:
    _, body = ask(
        emulator, SERVICE, metricnames="Requests", timespan=SPAN, interval="PT5M", aggregation="Total"
    )
    assert values(body, "total") == {"": [3, 1]}
    assert body["value"][0]["timeseries"][0]["data"][1]["timeStamp"] == "2026-11-29T10:05:00Z"
    both = "GatewayResponseCodeCategory eq '*'"
    _, body = ask(emulator, SERVICE, metricnames="Requests", timespan=SPAN, interval="FULL", _filter=both)
    assert values(body, "total") == {"2xx": [3], "5xx": [1]}
    one = "GatewayResponseCodeCategory eq '5xx'"
    _, body = ask(emulator, SERVICE, metricnames="Requests", timespan=SPAN, interval="PT5M", _filter=one)
    assert values(body, "total") == {"5xx": [1, None]}
    _, body = ask(
        emulator,
        SERVICE,
        metricnames="Duration",
        timespan=SPAN,
        interval="FULL",
        aggregation="Average,Maximum",
    )
    assert (values(body, "average"), values(body, "maximum")) == ({"": [300]}, {"": [800]})


def test_a_component_is_measured_by_its_telemetry_with_the_weights_of_items(emulator: Emulator) -> None:
    asked = {
        "metricnames": "requests/count,requests/failed,requests/duration",
        "timespan": SPAN,
        "interval": "FULL",
    }
    _, body = ask(emulator, component_id("app"), **asked)
    found = [one["timeseries"][0]["data"][0] for one in body["value"]]
    assert [one.get("count") for one in found[:2]] == [11, 2]
    assert found[2]["average"] == pytest.approx((sum(range(20, 110, 10)) + 2 * 10) / 11)
    by_code = "request/resultCode eq '*'"
    _, body = ask(
        emulator,
        component_id("app"),
        metricnames="requests/count",
        timespan=SPAN,
        interval="FULL",
        _filter=by_code,
    )
    assert values(body, "count") == {"200": [9], "500": [2]}
    _, body = ask(
        emulator,
        component_id("app"),
        metricnames="scoring.requests",
        metricnamespace="azure.applicationinsights",
        timespan=SPAN,
        interval="FULL",
        aggregation="Total,Count",
    )
    assert body["value"][0]["timeseries"][0]["data"][0] | {"timeStamp": ""} == {
        "timeStamp": "",
        "total": 100,
        "count": 100,
    }


def test_a_time_span_that_is_encoded_twice_is_read(emulator: Emulator) -> None:
    twice = "2026-11-29T10%3A00%3A00.5%2F2026-11-29T10%3A10%3A00"
    _, body = ask(emulator, SERVICE, metricnames="Requests", timespan=twice, interval="FULL")
    assert body["timespan"] == "2026-11-29T10:00:00.5Z/2026-11-29T10:10:00Z"


def test_definitions_name_what_can_be_asked(emulator: Emulator) -> None:
    _, body = ask(emulator, component_id("app"), path="metricDefinitions")
    names = {(one["namespace"], one["name"]["value"]) for one in body["value"]}
    assert ("Microsoft.Insights/components", "requests/failed") in names
    assert ("azure.applicationinsights", "scoring.requests") in names


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        (
            {"metricnames": "Nothing"},
            400,
            "Failed to find metric configuration for provider: Microsoft.ApiManagement",
        ),
        (
            {"metricnames": "Capacity"},
            501,
            "metric Capacity of Microsoft.ApiManagement/service: it is not measured here",
        ),
        ({"metricnames": "Requests", "interval": "PT2M"}, 400, "Invalid time grain duration: PT2M"),
        ({"metricnames": "Requests", "timespan": "soon"}, 400, "Invalid timespan"),
        ({"metricnames": "Requests", "aggregation": "Mode"}, 400, "Aggregation type: Mode is not valid"),
        (
            {"metricnames": "Requests", "_filter": "Planet eq '*'"},
            400,
            "requested dimension combination: Planet",
        ),
        ({"metricnames": "Requests", "_filter": "ApiId"}, 400, "Invalid filter"),
        ({"metricnames": "Requests", "_filter": "ApiId sw 'a'"}, 501, "a filter by 'sw'"),
        ({"metricnames": "Requests", "metricnamespace": "guests"}, 501, "metrics of the namespace guests"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    emulator: Emulator, query: dict[str, str], status: int, words: str
) -> None:
    found, body = ask(emulator, SERVICE, **query)
    assert (found, words in body["error"]["message"]) == (status, True), body


def test_a_type_without_metrics_here_is_refused_by_name(emulator: Emulator) -> None:
    account = estate.account(emulator, "metered")
    status, body = ask(emulator, account, metricnames="Availability")
    assert (status, body["error"]["message"]) == (
        501,
        "Not emulated: metrics of Microsoft.Storage/storageAccounts.",
    )


def test_readers_read_and_others_do_not(emulator: Emulator) -> None:
    reader = estate.identity(emulator, "metrics-reader")
    assert ask(emulator, SERVICE, reader, metricnames="Requests")[0] == 403
    estate.grant(emulator, reader.object_id, MONITORING_READER, SERVICE)
    assert ask(emulator, SERVICE, reader, metricnames="Requests")[0] == 200


def test_several_resources_at_once(emulator: Emulator) -> None:
    reader = estate.identity(emulator, "batch-reader")
    estate.grant(emulator, reader.object_id, LOG_READER)
    token = emulator.identity.tokens.issue(reader, "https://metrics.monitor.azure.com")[0]
    path = f"{estate.SUBSCRIPTION}/metrics:getBatch"
    query = urlencode(
        {
            "metricnamespace": "Microsoft.ApiManagement/service",
            "metricnames": "Requests",
            "starttime": "2026-11-29T10:00:00Z",
            "endtime": "2026-11-29T10:10:00Z",
            "interval": "PT5M",
        }
    )

    def batch(*ids: str) -> tuple[int, dict[str, Any]]:
        answer = emulator.answer(
            Request(
                "POST",
                "westeurope.metrics.monitor.azure.com",
                path,
                path,
                dict(parse_qsl(query)),
                {"authorization": f"Bearer {token}"},
                json.dumps({"resourceids": ids}).encode(),
            )
        )
        return answer.status, json.loads(answer.body)

    status, body = batch(SERVICE)
    assert status == 200
    assert (body["values"][0]["resourceid"], values(body["values"][0], "total")) == (SERVICE, {"": [3, 1]})
    assert batch()[0] == 400
    assert batch("/subscriptions/other/resourceGroups/g")[0] == 400


def test_filters_have_values_with_quotes_and_words() -> None:
    assert read_filter("ApiId eq 'a and b' and Location eq 'it''s' or Location eq 'x'") == {
        "ApiId": ["a and b"],
        "Location": ["it's", "x"],
    }


def test_the_book_keeps_minutes_apart_and_series_apart() -> None:
    book = Book()
    for at, value in ((0, 1.0), (MINUTE - 1, 3.0), (MINUTE, 5.0)):
        book.write("/A", "m", value, at, {"d": "x"})
    book.write("/a", "m", 7.0, 0, {"d": "y"})
    found = [
        (one.at, dict(one.dimensions)["d"], one.count, one.total, one.least, one.greatest)
        for one in book.points("/a", "m", 0, MINUTE + 1)
    ]
    assert found == [(0, "x", 2, 4.0, 1.0, 3.0), (MINUTE, "x", 1, 5.0, 5.0, 5.0), (0, "y", 1, 7.0, 7.0, 7.0)]


class _Groups(Runtime):
    """One group, whose only container is this process."""

    def __init__(self) -> None:
        pass

    def processes(self) -> dict[str, dict[str, int]]:
        return {"/g": {"scoring": os.getpid()}}


def test_what_a_container_uses_is_measured() -> None:
    book = Book()
    usage = Usage(_Groups(), book)
    usage.take()
    sum(range(10**6))
    usage.take()
    everything = (0, 1 << 62)
    memory, cpu = book.points("/g", "MemoryUsage", *everything), book.points("/g", "CpuUsage", *everything)
    assert memory[0].dimensions == (("containerName", "scoring"),)
    assert memory[0].greatest > 1 << 20
    assert [one.count for one in cpu] == [1]
    assert cpu[0].total > 0
