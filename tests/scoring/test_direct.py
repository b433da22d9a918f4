"""Requests that are answered from their bytes: told apart from all others, and answered alike."""

import hashlib
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scoring.http import direct
from scoring.http.authentication import DigestOfKey
from scoring.model.artifact import Artifact
from scoring.scorer import Batch
from scoring.settings import KeyDigest, Limits
from scoring.telemetry.queue import Telemetry
from tests.scoring.conftest import Running
from tests.scoring.test_telemetry import Collecting
from tests.scoring.trained import as_stated

Serve = Callable[..., Running]


def request(body: bytes, *more: str, length: str | None = None) -> bytes:
    stated = str(len(body)) if length is None else length
    lines = ["POST /score HTTP/1.1", "Host: x", "Content-Type: application/json", *more]
    return "\r\n".join([*lines, f"Content-Length: {stated}", "", ""]).encode() + body


def connected(running: Running) -> socket.socket:
    url = running.client.base_url
    return socket.create_connection((url.host, url.port), timeout=5)


def answer(connection: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of one answer, of which nothing more is read than it holds."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, f"the connection ended after {head!r}"
        head += byte
    first, *lines = head.decode().strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    body = b""
    while len(body) < int(headers["content-length"]):
        body += connection.recv(int(headers["content-length"]) - len(body))
    return int(first.split()[1]), headers, body if "json" not in headers["content-type"] else json.loads(body)


def sample(artifact: Artifact, row: int = 0) -> bytes:
    return json.dumps({"records": [artifact.samples.request["records"][row]]}).encode()


def test_a_whole_request_is_read() -> None:
    whole = direct.read(request(b"{}", "X-Request-Id:  mine \t", "X-Empty:"))
    assert whole is not None
    assert whole.body == b"{}"
    assert whole.headers == {
        b"host": b"x",
        b"content-type": b"application/json",
        b"x-request-id": b"mine",
        b"x-empty": b"",
        b"content-length": b"2",
    }


@pytest.mark.parametrize(
    "data",
    [
        request(b"{}")[:-1],
        request(b"{}") + b"P",
        request(b"{}") * 2,
        request(b"{}", length="+2"),
        request(b"{}", length="02"),
        request(b"{}", length="9" * 5_000),
        request(b"{}", "Content-Length: 2"),
        request(b"{}", "Content-Length: 7"),
        request(b"{}", "Transfer-Encoding: chunked"),
        request(b"{}", "Expect: 100-continue"),
        request(b"{}", "Connection: close"),
        request(b"{}", "Connection: keep-alive, upgrade"),
        request(b"{}", "Upgrade: websocket"),
        request(b"{}", "X-Spaced : 1"),
        request(b"{}", "X-Folded: 1\r\n 2"),
        request(b"{}", "X-Bare: 1\n2"),
        request(b"{}", "X-Null: \x00"),
        request(b"{}", "no field"),
        request(b"{}").replace(b"POST", b"GET"),
        request(b"{}").replace(b"/score", b"/score?x=1"),
        request(b"{}").replace(b"HTTP/1.1", b"HTTP/1.0"),
        request(b"x" * direct.LONGEST),
        b"",
        b"POST /score HTTP/1.1\r\n",
        b"POST /score HTTP/1.1\r\n\r\n",
    ],
    ids=lambda data: repr(data[20:70]),
)
def test_whatever_is_not_plainly_one_request_is_for_the_parser(data: bytes) -> None:
    assert direct.read(data) is None


@pytest.mark.parametrize("more", [(), ("Connection: Keep-Alive",), ("X-Long: " + direct.REMEMBERED * "x",)])
def test_a_head_that_comes_again_belongs_to_its_own_body(more: tuple[str, ...]) -> None:
    for body in (b"{}", b"[]"):
        whole = direct.read(request(body, *more))
        assert whole is not None
        assert whole.body == body
        assert len(whole.headers) == 3 + len(more)
    assert direct.read(request(b"{}", *more) + b"x") is None


@given(st.binary(max_size=60), st.binary(max_size=60))
@example(b"\r\nContent-Length: 0", b"")
def test_bytes_put_in_anywhere_never_hide_a_request(inserted: bytes, body: bytes) -> None:
    """What is read is the whole of the data: its fields, one a line, and exactly the stated body."""
    data = request(body).replace(b"Host: x", b"Host: x" + inserted)
    whole = direct.read(data)
    if whole is None:
        return
    head, _, rest = data.partition(b"\r\n\r\n")
    assert whole.body == rest
    assert int(whole.headers[b"content-length"]) == len(rest)
    assert len(whole.headers) == head.count(b"\r\n") == head.count(b"\n")


def test_both_ways_give_the_same_answer(serve: Serve, artifact: Artifact) -> None:
    sink = Collecting()
    running = serve(telemetry=Telemetry(lambda: sink))
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    data = request(
        json.dumps(artifact.samples.request).encode(),
        "X-Request-Id: mine",
        f"Traceparent: 00-{trace}-00f067aa0ba902b7-01",
    )
    with connected(running) as connection:
        connection.sendall(data)
        at_once = answer(connection)
        connection.sendall(data[:-1])
        time.sleep(0.05)
        connection.sendall(data[-1:])
        usual = answer(connection)
    assert at_once[0] == usual[0] == 200
    assert set(at_once[1]) == set(usual[1])
    for name in ("content-type", "x-request-id"):  # a new drift report may make the second one longer
        assert at_once[1][name] == usual[1][name]
    assert at_once[1]["traceparent"].startswith(f"00-{trace}-")
    at_once[2].pop("drift"), usual[2].pop("drift")
    assert at_once[2] == usual[2]
    assert as_stated(at_once[2]["predictions"], artifact.samples.predictions)
    deadline = time.monotonic() + 5
    while len(sink.seen) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    first, second = sink.seen
    assert (first.status, first.route, first.method) == (second.status, second.route, second.method)
    assert first.batch is not None and first.batch.rows == len(artifact.samples.predictions)
    assert first.duration_ns > 0


def test_requests_of_one_moment_are_answered_each_with_its_own(serve: Serve, artifact: Artifact) -> None:
    """Many at once, some of them wrong, some synthetic: each its own answer; drift counts the real."""
    running = serve(limits=Limits(in_flight=16, queued=64))
    rows = len(artifact.samples.predictions)
    connections = [connected(running) for _ in range(24)]
    try:
        for round_ in range(5):
            for number, connection in enumerate(connections):
                body = b"{" if number % 8 == 7 else sample(artifact, number % rows)
                more = ["X-Synthetic: true"] if number % 3 == 0 else []
                connection.sendall(request(body, f"X-Request-Id: r{round_}-{number}", *more))
            for number, connection in enumerate(connections):
                status, headers, body = answer(connection)
                assert headers["x-request-id"] == f"r{round_}-{number}"
                assert status == (400 if number % 8 == 7 else 200)
                if status == 200:
                    assert as_stated(body["predictions"], [artifact.samples.predictions[number % rows]])
                    assert as_stated(body["outliers"], [artifact.samples.outliers[number % rows]])
    finally:
        for connection in connections:
            connection.close()
    real = sum(1 for number in range(24) if number % 8 != 7 and number % 3 != 0)
    assert running.scorer.monitor.snapshot().rows == 5 * real
    assert running.service.state.pending() == 0


def test_a_client_that_does_not_wait_gets_its_answers_in_order(serve: Serve, artifact: Artifact) -> None:
    running = serve()
    with connected(running) as connection:
        for number in range(20):
            connection.sendall(request(sample(artifact), f"X-Request-Id: n{number}"))
            if number % 5 == 4:  # two in one read
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        for number in range(20):
            assert answer(connection)[1]["x-request-id"] == f"n{number}"
            if number % 5 == 4:
                assert answer(connection)[2] == {"status": "alive"}


def test_the_middle_of_a_request_is_never_taken_for_one(serve: Serve, artifact: Artifact) -> None:
    """Else a caller could smuggle a request past a proxy, in the head or the body of another."""
    running = serve()
    hidden = request(sample(artifact), "X-Request-Id: hidden")
    with connected(running) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Note: ")
        time.sleep(0.05)
        connection.sendall(hidden)
        assert answer(connection)[2] == {"status": "alive"}
    with connected(running) as connection:
        outer = request(b"", length=str(len(hidden)))
        connection.sendall(outer)
        time.sleep(0.05)
        connection.sendall(hidden)
        assert answer(connection)[0] == 400


def test_only_the_key_opens(serve: Serve, artifact: Artifact) -> None:
    digest = KeyDigest(hashlib.sha256(b"the-key").hexdigest())
    running = serve(authenticator=DigestOfKey(digest))
    with connected(running) as connection:
        for given_, status in (
            ("Authorization: Bearer the-key", 200),
            ("Authorization: Bearer the-kez", 401),
            ("Authorization: bearer the-key", 200),
            ("Authorization: Bearer the-key", 200),
            ("Authorization: Basic the-key", 401),
            ("X-Nothing: 1", 401),
        ):
            connection.sendall(request(sample(artifact), given_))
            assert answer(connection)[0] == status, given_


def test_rows_count_for_drift_once_although_their_answer_failed(
    serve: Serve, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = serve()
    original, failures = running.scorer.body, [RuntimeError("broken")]

    def made(batch: Batch, request_id: str) -> bytes:
        if failures:
            raise failures.pop()
        return original(batch, request_id)

    monkeypatch.setattr(running.scorer, "body", made)
    with connected(running) as connection:
        connection.sendall(request(sample(artifact)))
        assert answer(connection)[0] == 200
    assert not failures
    assert running.scorer.monitor.snapshot().rows == 1


def test_an_idle_connection_is_closed_a_busy_one_is_not(
    serve: Serve, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.http.server.KEEP_ALIVE_SECONDS", 1)
    running = serve()
    with connected(running) as connection:
        for _ in range(5):
            connection.sendall(request(sample(artifact)))
            assert answer(connection)[0] == 200
            time.sleep(0.4)
        connection.settimeout(10)
        assert connection.recv(1) == b""
