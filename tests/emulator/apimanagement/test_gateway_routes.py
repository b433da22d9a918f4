"""What a request is for: APIs by path and version, operations by method and template."""

from __future__ import annotations

import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apimanagement.gateway import ids
from emulator.apimanagement.gateway.connections import AT_ONCE
from emulator.apimanagement.gateway.routing import Api, Operation, Template, Version, find
from tests.emulator.apimanagement.world import ADDRESS, PORT, SERVICE, Echo, World

SEGMENT = st.text("abcxyz019-_", min_size=1, max_size=6)


def operation(method: str, template: str) -> Operation:
    return Operation(f"id-{template}", template, template, method, Template.of(template))


def api(path: str, *operations: Operation, **given: object) -> Api:
    return Api(f"id-{path}", path, path, path, ("https",), False, operations=operations, **given)  # type: ignore[arg-type]


def name(apis: list[Api], method: str, path: str, **headers: str) -> str | None:
    raw, _, query = path.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    parameters = {key: [value] for key, _, value in pairs}
    route = find(apis, method, raw, headers, parameters)
    return f"{route.api.path}: {route.operation.name}" if route else None


APIS = [
    api("", operation("GET", "/health")),
    api("scoring", operation("GET", "/*")),
    api(
        "scoring/v1",
        operation("POST", "/score"),
        operation("GET", "/models/{name}"),
        operation("GET", "/models/latest"),
        operation("GET", "/models/{name}/files/{*path}"),
        operation("GET", "/rows?kind={kind}"),
        operation("GET", "/"),
    ),
]


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("POST", "/scoring/v1/score", "scoring/v1: /score"),
        ("POST", "/scoring/v1/score/", "scoring/v1: /score"),
        ("POST", "/Scoring/V1/Score", "scoring/v1: /score"),
        ("GET", "/scoring/v1/score", None),
        ("POST", "/scoring/v1/other", None),
        ("POST", "/scoring/v10/score", None),
        ("GET", "/scoring/v10/score", "scoring: /*"),
        ("GET", "/scoring/v1", "scoring/v1: /"),
        ("GET", "/scoring/v1/models/m", "scoring/v1: /models/{name}"),
        ("GET", "/scoring/v1/models/latest", "scoring/v1: /models/latest"),
        ("GET", "/scoring/v1/models/m/files/a/b", "scoring/v1: /models/{name}/files/{*path}"),
        ("GET", "/scoring/v1/rows", None),
        ("GET", "/scoring/v1/rows?kind=a", "scoring/v1: /rows?kind={kind}"),
        ("GET", "/health", ": /health"),
        ("GET", "/elsewhere", None),
    ],
)
def test_the_longest_path_and_the_most_literal_template_are_meant(
    method: str, path: str, wanted: str | None
) -> None:
    assert name(APIS, method, path) == wanted


def test_versions_by_segment_header_and_query() -> None:
    one = operation("GET", "/x")
    for scheme, path, headers in (
        ("Segment", "/a/V2/x", {}),
        ("Header", "/a/x", {"api-version": "v2"}),
        ("Query", "/a/x?api-version=v2", {}),
    ):
        apis = [
            Api(version, version, version, "a", ("https",), False, operations=(one,), version=found)
            for version in ("", "v1", "v2")
            for found in (Version(scheme, version, "api-version"),)  # type: ignore[arg-type]
        ]
        raw, _, query = path.partition("?")
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        route = find(apis, "GET", raw, headers, {key: [value] for key, _, value in pairs})
        assert route is not None and route.api.name == "v2"
        bare = find(apis, "GET", "/a/x", {}, {})
        assert bare is not None and bare.api.name == ""


def test_a_revision_is_called_by_its_number() -> None:
    current = api("a", operation("GET", "/x"))
    other = api("a", operation("GET", "/x"), revision="2", current=False)
    assert find([current, other], "GET", "/a/x", {}, {}).api is current  # type: ignore[union-attr]
    assert find([current, other], "GET", "/a;rev=2/x", {}, {}).api is other  # type: ignore[union-attr]


@settings(max_examples=150)
@given(st.lists(SEGMENT, min_size=1, max_size=4), st.data())
def test_a_template_matches_what_it_is_filled_with(values: list[str], data: st.DataObject) -> None:
    literal = [data.draw(SEGMENT) for _ in values]
    template = "/" + "/".join(f"{text}/{{p{index}}}" for index, text in enumerate(literal))
    path = "/" + "/".join(f"{text}/{value}" for text, value in zip(literal, values, strict=True))
    matched = Template.of(template).match(path, {})
    assert matched == {f"p{index}": value for index, value in enumerate(values)}
    assert Template.of(template).match(f"{path}/more", {}) is None


def test_nothing_found_is_said_in_its_words(world: World) -> None:
    for path, method in (("/absent", "GET"), ("/echo/x", "DELETE")):
        response = world.call(path, method)
        assert (response.status, json.loads(response.body)) == (
            404,
            {"statusCode": 404, "message": "Resource not found"},
        )


def test_the_backend_gets_path_query_headers_and_body(world: World) -> None:
    response = world.call(
        "/echo/a%20b?c=d&c=e", "POST", b"hello", {"x-one": "1", "connection": "keep-alive", "te": "trailers"}
    )
    got = json.loads(response.body)
    assert (response.status, got["method"], got["path"], got["body"]) == (
        200,
        "POST",
        "/base/a%20b?c=d&c=e",
        "hello",
    )
    assert got["headers"]["x-one"] == "1" and got["headers"]["host"] == "10.0.4.9:8080"
    assert not {"connection", "te"} & got["headers"].keys()


def test_connections_to_a_backend_are_kept(world: World) -> None:
    world.call()
    before = len(world.echo.connections)
    for _ in range(5):
        assert world.call().status == 200
    assert len(world.echo.connections) == before


def test_a_service_that_is_not_there_does_not_resolve(world: World) -> None:
    response = world.call(host="apim-absent.azure-api.net")
    assert response.status == 502 and b"does not resolve" in response.body
    assert world.call(host="apim-test.management.azure-api.net").status == 501
    assert f"{SERVICE}" in world.arm.ok("GET", SERVICE)["id"]


def test_an_endpoint_that_has_ended_is_passed_over(world: World) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = unused.getsockname()[1]
    ports = world.ports[ADDRESS, PORT]
    world.ports[ADDRESS, PORT] = [dead, *ports]
    try:
        assert {world.call().status for _ in range(6)} == {200}
        world.ports[ADDRESS, PORT] = [dead]
        assert world.call().status == 500
    finally:
        world.ports[ADDRESS, PORT] = ports


def test_a_connection_that_the_backend_has_closed_is_replaced(world: World) -> None:
    world.echo.answer = lambda got: (200, {"connection": "close"}, b"last")
    assert world.call().status == 200
    with Echo().running() as other:
        ports = world.ports[ADDRESS, PORT]
        world.ports[ADDRESS, PORT] = [other.port]
        try:
            assert world.call().status == 200
            other.drop()
            assert world.call("/echo/x", "POST", b"again").status == 200
            assert [got["body"] for got in other.got] == ["", "again"]
        finally:
            world.ports[ADDRESS, PORT] = ports


@pytest.mark.parametrize("size", [0, 1, AT_ONCE, AT_ONCE + 1])
def test_a_body_of_any_size_arrives_whole_and_leaves_nothing_for_the_next_request(
    world: World, size: int
) -> None:
    """Small ones go together with the head."""
    for body in (b"x" * size, b"", b"y"):
        assert world.call("/echo/x", "POST", body).status == 200
    assert [got["body"] for got in world.echo.got] == ["x" * size, "", "y"]


def test_ids_of_requests_and_spans_have_their_forms() -> None:
    assert {len(ids.span_id()) for _ in range(200)} == {16}
    assert {len(ids.trace_id()) for _ in range(200)} == {32}
    assert {one.version for one in (ids.request_id() for _ in range(200))} == {4}
    assert len({ids.request_id() for _ in range(200)}) == 200
