"""Clients that hold a connection and do nothing with it."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from scoring.http.app import Service
from scoring.http.authentication import AnyoneMay
from scoring.http.protocol import MOST_PIPELINED, OwnFields
from scoring.http.server import Server, configuration
from scoring.model.artifact import Artifact
from scoring.model.drift import DriftRules
from scoring.monitor import DriftMonitor, Pace
from scoring.scorer import Scorer
from scoring.settings import Limits
from scoring.telemetry.queue import Telemetry
from tests.scoring.conftest import IDENTITY, free_port

IN_FLIGHT = 4
QUESTION = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.fixture
def served(artifact: Artifact) -> Iterator[tuple[Service, int]]:
    """A service that gives a connection half a second to get on, and its port."""
    scorer = Scorer(artifact, DriftMonitor(artifact.drift, DriftRules(), Pace()), IDENTITY, 100)
    service = Service(scorer, AnyoneMay(), Telemetry(None), Limits(in_flight=IN_FLIGHT))
    port = free_port()
    config = configuration(service.application(), "127.0.0.1", port, service.direct)
    server = Server(config, service.state, 0.0, stalled_seconds=0.5)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield service, port
    server.should_exit = True
    thread.join(10)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.01)


def connected(port: int) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.settimeout(20)
    client.connect(("127.0.0.1", port))
    return client


@pytest.mark.parametrize("sent", [b"", b"POST /score HT", QUESTION[:-2]], ids=["nothing", "line", "head"])
def test_who_never_finishes_a_head_is_disconnected(served: tuple[Service, int], sent: bytes) -> None:
    with connected(served[1]) as client:
        client.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""


def test_who_is_silent_after_an_answer_keeps_the_connection(served: tuple[Service, int]) -> None:
    with connected(served[1]) as client, connected(served[1]) as other:
        for _ in range(2):
            client.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            assert client.recv(4_096).startswith(b"HTTP/1.1 200")
            with contextlib.suppress(ConnectionResetError):
                assert other.recv(1) == b""  # this one was given up meanwhile


def test_who_does_not_read_answers_does_not_stay_pending(
    served: tuple[Service, int], artifact: Artifact
) -> None:
    service, port = served
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(port)) for _ in range(2 * IN_FLIGHT)]
        for client in clients:
            client.setblocking(False)

        def stuck() -> bool:
            for client in clients:
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    client.send(QUESTION * 50)
            return service.state.pending() >= IN_FLIGHT

        until(stuck)
        until(lambda: service.state.pending() == 0)
        answer = httpx.post(
            f"http://127.0.0.1:{port}/score", json=artifact.samples.request, timeout=20, trust_env=False
        )
        assert answer.status_code == 200


def test_requests_without_end_in_one_read_are_answered_as_far_as_they_may_wait(
    served: tuple[Service, int],
) -> None:
    service, port = served
    with connected(port) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" * 1_000)
        received = bytearray()
        with contextlib.suppress(ConnectionResetError):
            while part := client.recv(65_536):
                received += part
    assert received.count(b"HTTP/1.1 200") == received.count(b"HTTP/1.1") == 1 + MOST_PIPELINED
    assert service.state.pending() == 0


def test_the_servers_own_headers_are_those_of_now() -> None:
    """The server replaces their list each second, with another date."""
    own, first = OwnFields(), [(b"date", b"one"), (b"x", b"y")]
    assert own.joined(first) == own.joined(first) == b"date: one\r\nx: y\r\n"
    assert own.joined([(b"date", b"two")]) == b"date: two\r\n"
    assert own.joined([]) == b""
