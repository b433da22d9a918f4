"""The load generator against a server whose answers are known."""

import json
import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.scoring import load, tools
from benchmarks.scoring.load import Generator, Shape
from benchmarks.scoring.processes import Cpu, ServerError, cores
from benchmarks.scoring.serving import load_of

REPORT = {
    "seconds": 2.0,
    "statuses": {"200": 10, "429": 3, "503": 1, "500": 2},
    "accepted": {"count": 10, "mean_us": 5, "p50_us": 4, "p90_us": 7, "p99_us": 9, "max_us": 11},
    "refused": {"count": 6, "mean_us": 1, "p50_us": 1, "p90_us": 1, "p99_us": 1, "max_us": 1},
    "unsent": 5,
    "errors": {"read: connection reset": 4},
    "connections_opened": 2,
    "cpu_seconds": 0.5,
}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
CLOSED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
UNTIL_CLOSE = b"HTTP/1.0 200 OK\r\n\r\nall until the end"
BUSY = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\nshort"
CLOSING = {CLOSED, UNTIL_CLOSE, BROKEN}


def test_the_report_is_read_with_what_was_refused_and_what_failed() -> None:
    found = load.parse(json.dumps(REPORT))
    assert (found.per_second, found.accepted, found.p99) == (5.0, 10, 9)
    assert (found.refused, found.failed, found.unsent) == (4, 6, 5)


@pytest.mark.parametrize("text", ["{}", '{"accepted": 3}', "nothing", ""])
def test_another_text_is_not_a_report(text: str) -> None:
    with pytest.raises(ValueError):
        load.parse(text)


def test_processor_time_is_that_of_one_answered_request() -> None:
    made = load_of(4, load.parse(json.dumps(REPORT)), Cpu(1.6e-3, 3.2e-4))
    assert (made.server_user, made.server_system) == (pytest.approx(100.0), pytest.approx(20.0))
    assert (made.generator_share, made.errors) == (0.25, 6)


class Known:
    """Gives the same answer to each request, and keeps what was asked."""

    def __init__(self, answer: bytes, pause: float = 0.0) -> None:
        self._answer, self._pause = answer, pause
        self.bodies: Counter[bytes] = Counter()
        self.heads: set[bytes] = set()
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while head := stream.readline():
                length = 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    self.heads.add(line.strip())
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                self.bodies[stream.read(length)] += 1
                assert head == b"POST /score HTTP/1.1\r\n"
                time.sleep(self._pause)
                connection.sendall(self._answer)
                if self._answer in CLOSING:
                    return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    assert shutil.which("go"), "the load generator is built with Go"
    bodies = tmp_path_factory.mktemp("load") / "bodies.jsonl"
    bodies.write_text('{"row": 1}\n{"row": 2}\n')
    return Generator(tools.load_generator(print), bodies, cores())


@pytest.fixture
def known(request: pytest.FixtureRequest) -> Iterator[Known]:
    server = Known(*request.param)
    yield server
    server.close()


def run(generator: Generator, known: Known, shape: Shape) -> load.Found:
    return generator.run(f"http://127.0.0.1:{known.port}/score", {"authorization": "Bearer key"}, shape)


@pytest.mark.e2e
@pytest.mark.parametrize("known", [(OK, 0.001), (CHUNKED, 0.001)], indirect=True)
def test_connections_are_kept_and_bodies_sent_in_turn(generator: Generator, known: Known) -> None:
    found = run(generator, known, Shape(2, 0.3))
    assert found.accepted == sum(known.bodies.values()) > 10
    assert (found.failed, known.connections) == (0, 2)
    assert set(known.bodies) == {b'{"row": 1}', b'{"row": 2}'}
    assert b"authorization: Bearer key" in known.heads
    assert 1_000 <= found.p50 <= found.p90 <= found.p99


@pytest.mark.e2e
@pytest.mark.parametrize("known", [(CLOSED, 0.001), (UNTIL_CLOSE, 0.001)], indirect=True)
def test_a_server_that_closes_each_connection_is_called_anew(generator: Generator, known: Known) -> None:
    found = run(generator, known, Shape(2, 0.3))
    assert found.accepted == known.connections > 10
    assert found.failed == 0


@pytest.mark.e2e
@pytest.mark.parametrize("known", [(BUSY, 0.001)], indirect=True)
def test_refusals_are_not_among_the_accepted(generator: Generator, known: Known) -> None:
    found = run(generator, known, Shape(1, 0.2))
    assert (found.accepted, found.failed) == (0, 0)
    assert found.refused == sum(known.bodies.values())


@pytest.mark.e2e
@pytest.mark.parametrize("known", [(BROKEN, 0.01), (b"nonsense\r\n\r\n", 0.01)], indirect=True)
def test_answers_that_are_cut_off_or_no_http_are_failures(generator: Generator, known: Known) -> None:
    found = run(generator, known, Shape(1, 0.2))
    assert found.accepted == 0
    assert found.failed > 0


@pytest.mark.e2e
@pytest.mark.parametrize("known", [(OK, 0.0)], indirect=True)
def test_an_open_loop_sends_what_is_due(generator: Generator, known: Known) -> None:
    found = run(generator, known, Shape(16, 0.5, rate=100.0))
    assert found.accepted + found.unsent == 50
    assert sum(known.bodies.values()) == found.accepted


@pytest.mark.e2e
@pytest.mark.parametrize("known", [(OK, 0.2)], indirect=True)
def test_an_open_loop_does_not_wait_for_a_slow_server(generator: Generator, known: Known) -> None:
    found = run(generator, known, Shape(2, 0.5, rate=100.0))
    assert found.accepted + found.unsent == 50
    assert found.unsent >= 40
    assert known.connections == 2


@pytest.mark.e2e
def test_nobody_listening_and_wrong_options_are_told(generator: Generator, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = generator.run(f"http://127.0.0.1:{port}/score", {}, Shape(1, 0.05))
    assert found.accepted == 0
    assert any("refused" in text for text in found.errors)
    with pytest.raises(ServerError, match="expected http://HOST:PORT/PATH"):
        generator.run("https://127.0.0.1/score", {}, Shape(1, 0.05))
    with pytest.raises(ServerError, match="bodies"):
        Generator(generator.program, tmp_path / "none", cores()).run("http://127.0.0.1:1/", {}, Shape(1, 1))
