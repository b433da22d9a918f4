"""Heads, request lines and trailers that go on: bounded before they are kept, and refused in words."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from scoring.http import heads
from scoring.http.direct import Direct
from scoring.http.heads import MOST_FIELDS, MOST_HEAD_BYTES, MOST_TARGET_BYTES, HeldBytes
from scoring.http.protocol import MOST_PIPELINED, SLICE, Protocol, answering
from scoring.http.requests import State
from scoring.telemetry.moment import RequestRecord
from scoring.telemetry.queue import Telemetry
from tests.scoring.conftest import Running
from tests.scoring.test_direct import answer, connected, request
from tests.scoring.test_direct_queue import Echo
from tests.scoring.test_telemetry import Collecting

Serve = Callable[..., Running]
PROBE = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
LAST_CHUNK = b"POST /healthz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n"


def long_target(size: int) -> bytes:
    return b"GET /healthz?" + b"x" * (size - len("/healthz?")) + b" HTTP/1.1\r\nhost: x\r\n\r\n"


def long_field(size: int) -> bytes:
    """A head of that many bytes, as the service counts them."""
    start, end = b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: ", b"\r\n\r\n"
    counted_more = heads.LINE_BYTES - len(b"GET  HTTP/1.1\r\n\r\n")
    return start + b"v" * (size - counted_more - len(start) - len(end)) + end


def many_fields(count: int) -> bytes:
    fields = b"".join(b"x-%d: v\r\n" % number for number in range(count - 1))
    return b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + fields + b"\r\n"


LIMITS = [
    (long_target, MOST_TARGET_BYTES, 414, "uri-too-long"),
    (long_field, MOST_HEAD_BYTES, 431, "head-too-large"),
    (many_fields, MOST_FIELDS, 431, "head-too-large"),
]


class Wire:
    """A transport of which is kept what it was given."""

    def __init__(self) -> None:
        self.written, self.closed, self.ended = b"", False, False

    def write(self, data: bytes) -> None:
        self.written += data

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str) -> Any:
        return None

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def answers(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


class Bench:
    """Connections without a network, within a running event loop."""

    def __init__(self, application: Any = answers, waiting: HeldBytes | None = None) -> None:
        self.state, self.records = State(), list[RequestRecord]()
        self.kind = answering(Direct(self.state, 8, Echo(), self.records.extend))
        if waiting is not None:
            self.kind.waiting = waiting
        self.config = uvicorn.Config(
            application, lifespan="off", log_config=None, access_log=False, ws="none"
        )
        self.server_state = ServerState()
        self.server_state.tasks = self.state.tasks

    def connect(self) -> tuple[Protocol, Wire]:
        wire = Wire()
        connection = self.kind(config=self.config, server_state=self.server_state, app_state={})
        connection.connection_made(wire)  # pyright: ignore[reportArgumentType]
        return connection, wire


async def given_in(pieces: list[bytes], bench: Bench | None = None) -> bytes:
    """What a connection answers to those reads."""
    connection, wire = (bench or Bench()).connect()
    for piece in pieces:
        connection.data_received(piece)
        for _ in range(4):
            await asyncio.sleep(0)
    for _ in range(4 * MOST_PIPELINED):  # each request that waits needs some turns of the loop
        if not connection.pipeline:
            break
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    connection.connection_lost(None)
    assert connection.waiting.bytes == 0
    return wire.written


def status(answered: bytes) -> int:
    return int(answered.split(b" ", 2)[1]) if answered else 0


@pytest.mark.parametrize(("make", "most", "code", "name"), LIMITS, ids=["target", "bytes", "fields"])
def test_a_head_is_taken_up_to_its_limit_and_refused_beyond(
    serve: Serve, make: Callable[[int], bytes], most: int, code: int, name: str
) -> None:
    running = serve()
    with connected(running) as connection:
        connection.sendall(make(most))
        assert answer(connection)[2] == {"status": "alive"}
        connection.sendall(make(most + 1))  # on a connection that answered before
        found, headers, problem = answer(connection)
        assert (found, problem["type"]) == (code, f"urn:scoring:problem:{name}")
        assert headers["connection"] == "close"
        assert headers["content-type"] == "application/problem+json"
        assert problem["request_id"] == headers["x-request-id"]
        assert connection.recv(1) == b""


@pytest.mark.parametrize(("make", "most", "code", "name"), LIMITS, ids=["target", "bytes", "fields"])
@settings(max_examples=15)
@given(over=st.integers(-2, 2), cuts=st.lists(st.floats(0, 1), max_size=4))
def test_it_does_not_matter_how_a_head_is_cut_into_reads(
    make: Callable[[int], bytes], most: int, code: int, name: str, over: int, cuts: list[float]
) -> None:
    whole = make(most + over)
    places = [0, *sorted(int(cut * len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[start:end] for start, end in itertools.pairwise(places) if end > start]
    assert status(asyncio.run(given_in(pieces))) == (code if over > 0 else 200)


@pytest.mark.parametrize("before", [b"GET /a HTTP/1.1\r\n\r\n", request(b" " * 3 * SLICE)])
def test_a_head_that_begins_within_a_read_is_bounded_too(before: bytes) -> None:
    async def scenario() -> None:
        bench = Bench()
        for size, last in ((MOST_HEAD_BYTES - len(before) % SLICE, 200), (3 * MOST_HEAD_BYTES, 0)):
            connection, wire = bench.connect()
            head = long_field(size)
            connection.data_received(before + head[:1_000])
            for start in range(1_000, len(head), 4_096):
                connection.data_received(head[start : start + 4_096])
                assert connection.waiting.bytes <= MOST_HEAD_BYTES + SLICE + len(before) + 2 * 4_096
            for _ in range(8):
                await asyncio.sleep(0)
            assert wire.written.count(b"HTTP/1.1 200") == 1 + bool(last)  # what was asked before is answered
            assert wire.closed == (not last)
            connection.connection_lost(None)
            assert connection.waiting.bytes == 0

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "part",
    [b"x-a: " + b"v" * 997 + b"\r\n", b"v" * 1_000, b"x-a: v\r\n" * 100],
    ids=["fields", "one field", "short fields"],
)
def test_trailers_are_bounded_and_kept_nowhere(part: bytes) -> None:
    async def scenario() -> None:
        connection, wire = Bench().connect()
        connection.data_received(LAST_CHUNK + b"x-b: ")
        for _ in range(4):
            await asyncio.sleep(0)
        fields = len(connection.headers)
        sent = 0
        while not wire.ended:
            assert sent <= MOST_HEAD_BYTES
            connection.data_received(part)
            sent += len(part)
        assert len(connection.headers) == fields
        assert status(wire.written) == 431
        connection.connection_lost(None)

    asyncio.run(scenario())


def test_trailers_within_the_limit_are_no_fields_of_the_request() -> None:
    """One that stands for a key, say, would be read by the service and not by what stands before it."""
    seen: list[dict[bytes, bytes]] = []

    async def shows(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(scope["headers"]))
        await answers(scope, receive, send)

    whole = LAST_CHUNK + b"authorization: Bearer other\r\nx-t: 1\r\n\r\n" + PROBE
    written = asyncio.run(given_in([whole], Bench(shows)))
    assert written.count(b"HTTP/1.1 200") == 2
    assert [set(fields) for fields in seen] == [{b"host", b"transfer-encoding"}, {b"host"}]


def test_a_chunked_body_takes_no_room_of_the_heads() -> None:
    async def scenario() -> None:
        connection, wire = Bench().connect()
        connection.data_received(LAST_CHUNK[:-3])
        for _ in range(100):
            connection.data_received(b"400\r\n" + b"b" * 1_024 + b"\r\n")
            assert connection.waiting.bytes == 0
        connection.data_received(b"0\r\n\r\n")
        for _ in range(4):
            await asyncio.sleep(0)
        assert status(wire.written) == 200

    asyncio.run(scenario())


def test_the_line_of_a_chunk_is_bounded() -> None:
    start = LAST_CHUNK[:-3] + b"4;note="
    assert status(asyncio.run(given_in([start, *[b"x" * 1_000] * 40]))) == 431


def test_heads_of_all_connections_together_are_bounded_and_whole_ones_always_taken() -> None:
    async def scenario() -> None:
        bench = Bench(waiting=HeldBytes(10_000))
        held = [bench.connect() for _ in range(9)]
        for connection, _ in held:
            connection.data_received(PROBE[:-2] + b"x-a: " + b"v" * 1_000)
        assert not any(wire.written for _, wire in held)
        last, wire = bench.connect()
        last.data_received(PROBE[:-2] + b"x-a: " + b"v" * 1_000)
        assert status(wire.written) == 503 and b"retry-after: 1\r\n" in wire.written and wire.ended
        assert [(record.status, record.problem) for record in bench.records] == [(503, "overloaded")]
        assert status(await given_whole(bench)) == 200  # others are answered meanwhile
        held[0][0].data_received(b"\r\n\r\n")  # one gets on, and makes room
        for _ in range(4):
            await asyncio.sleep(0)
        assert status(held[0][1].written) == 200
        again, wire = bench.connect()
        again.data_received(PROBE[:-2] + b"x-a: " + b"v" * 1_000)
        assert not wire.written
        for connection, _ in [*held, (last, wire), (again, wire)]:
            connection.connection_lost(None)
        assert bench.kind.waiting.bytes == 0

    async def given_whole(bench: Bench) -> bytes:
        connection, wire = bench.connect()
        connection.data_received(PROBE)
        for _ in range(4):
            await asyncio.sleep(0)
        connection.connection_lost(None)
        return wire.written

    asyncio.run(scenario())


def test_requests_that_wait_behind_another_are_bounded_over_all_connections() -> None:
    async def never(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(60)

    async def scenario() -> None:
        bench = Bench(never, HeldBytes(50 * heads.PIPELINED_BYTES))
        connections = [bench.connect()[0] for _ in range(4)]
        for connection in connections:
            connection.data_received(PROBE * (1 + MOST_PIPELINED // 2))
        waiting = [len(connection.pipeline) for connection in connections]
        assert waiting[0] == MOST_PIPELINED // 2
        assert sum(waiting) < 50
        for connection in connections:
            connection.connection_lost(None)
        assert bench.kind.waiting.bytes == 0
        for task in list(bench.state.tasks):
            task.cancel()

    asyncio.run(scenario())


def test_a_body_that_the_parser_leaves_out_is_not_read_as_a_request() -> None:
    fields = b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: %d\r\n" % len(PROBE)
    head = b"POST /healthz HTTP/1.1\r\nhost: x\r\n" + fields + b"\r\n"
    for pieces in ([head + PROBE], [head, PROBE]):
        assert asyncio.run(given_in(pieces)).count(b"HTTP/1.1") == 1


OFFER = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"


@given(st.lists(st.booleans(), min_size=1, max_size=6), st.lists(st.integers(0, 400), max_size=4))
@settings(max_examples=25, deadline=None)
def test_requests_behind_one_that_offers_another_protocol_are_answered(
    offers: list[bool], cuts: list[int]
) -> None:
    whole = b"".join(OFFER if each else PROBE for each in offers) + PROBE
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[start:end] for start, end in itertools.pairwise(edges)]
    assert asyncio.run(given_in(pieces)).count(b"HTTP/1.1 200") == len(offers) + 1


def test_what_is_not_http_is_refused_in_words(serve: Serve) -> None:
    with connected(serve()) as connection:
        connection.sendall(b"HELLO\r\n\r\n")
        found, _, problem = answer(connection)
        assert (found, problem["type"]) == (400, "urn:scoring:problem:malformed-request")
        assert connection.recv(1) == b""


def test_beyond_the_connections_that_are_taken_others_are_turned_away(serve: Serve) -> None:
    sink = Collecting()
    running = serve(connections=3, telemetry=Telemetry(lambda: sink))
    held = [connected(running) for _ in range(3)]
    try:
        for connection in held:
            connection.sendall(PROBE)
            assert answer(connection)[0] == 200
        with connected(running) as more:
            found, headers, problem = answer(more)
            assert (found, problem["type"]) == (503, "urn:scoring:problem:overloaded")
            assert headers["retry-after"] == "1" and headers["connection"] == "close"
        assert running.service.state.turned_away == 1
        deadline = time.monotonic() + 10
        while not sink.counts and time.monotonic() < deadline:
            time.sleep(0.02)
        assert sink.counts == [("turned_away", 1)]
        held[0].sendall(PROBE)
        assert answer(held[0])[0] == 200
        held.pop().close()
        deadline = time.monotonic() + 10
        while running.service.state.turned_away == 1 and time.monotonic() < deadline:
            with connected(running) as more:
                more.sendall(PROBE)
                if answer(more)[0] == 200:
                    break
    finally:
        for connection in held:
            connection.close()
