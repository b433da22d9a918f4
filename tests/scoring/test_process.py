"""`python -m scoring` as a process of its own."""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from scoring.model.artifact import Artifact
from tests.scoring.conftest import free_port
from tests.scoring.trained import as_stated

ROOT = Path(__file__).parents[2]
Start = Callable[..., tuple[subprocess.Popen[str], httpx.Client]]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return kept | {"OMP_NUM_THREADS": "1", **more}


@pytest.fixture
def start(model_dir: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def begin(**more: str) -> tuple[subprocess.Popen[str], httpx.Client]:
        port = free_port()
        given = {"SCORING_ALLOW_ANONYMOUS": "true"} | more
        process = subprocess.Popen(
            [sys.executable, "-m", "scoring"],
            cwd=ROOT,
            env=environment(MODEL_DIR=str(model_dir), PORT=str(port), HOST="127.0.0.1", **given),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get("/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        return process, client

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def resident(process: int) -> int:
    """Bytes of memory."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def unread(port: int) -> int:
    """Bytes that have come to connections of that port and were not taken by its program."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    queues = [row[4] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01"]
    return sum(int(queue.split(":")[1], 16) for queue in queues)


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.05)


def finished(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, object]]]:
    output, _ = process.communicate(timeout=30)
    return process.returncode, [json.loads(line) for line in output.splitlines()]


def test_serves_and_ends_well(start: Start, artifact: Artifact) -> None:
    process, client = start(MODEL_NAME="credit", MODEL_VERSION="5")
    answer = client.post("/score", json=artifact.samples.request).json()
    assert as_stated(answer["predictions"], artifact.samples.predictions)
    assert answer["model"]["version"] == "5"
    process.send_signal(signal.SIGTERM)
    code, lines = finished(process)
    assert code == 0
    messages = [line["message"] for line in lines]
    assert "the model passed its self-test" in messages
    assert any("APPLICATIONINSIGHTS_CONNECTION_STRING" in str(message) for message in messages)


def test_sigterm_lets_an_accepted_request_finish(start: Start, artifact: Artifact) -> None:
    process, client = start()
    body = json.dumps(artifact.samples.request).encode()
    fields = f"host: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    head = f"POST /score HTTP/1.1\r\n{fields}\r\n\r\n"
    url = client.base_url
    with socket.create_connection((url.host, url.port), timeout=10) as connection:
        connection.sendall(head.encode() + body[:100])
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        connection.sendall(body[100:])
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
    assert finished(process)[0] == 0


ENDLESS = {  # the beginning of a head or of trailers, and what follows again and again
    "target": (b"GET /", b"x" * 8_192),
    "field": (b"GET / HTTP/1.1\r\nhost: ", b"x" * 8_192),
    "fields": (b"GET / HTTP/1.1\r\n", b"x-a: b\r\n" * 1_024),
    "trailer": (b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ", b"x" * 8_192),
    "trailers": (b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", b"x-a: b\r\n" * 1_024),
}


def test_heads_without_end_leave_the_memory_flat(start: Start) -> None:
    """200 connections send 30 MB of them, without a key; nothing else is held by who sends them."""
    process, client = start(SCORING_WORKERS="1")
    url = client.base_url
    with contextlib.ExitStack() as stack:
        connections = [
            (stack.enter_context(socket.create_connection((url.host, url.port), timeout=10)), *endless)
            for endless in ENDLESS.values()
            for _ in range(40)
        ]
        before = resident(process.pid)
        for connection, first, _ in connections:
            connection.sendall(first)
        for _ in range(18):
            for connection, _, more in connections:
                with contextlib.suppress(OSError):  # it was refused
                    connection.sendall(more)
        until(lambda: unread(int(url.port or 0)) == 0, 30.0)
        assert resident(process.pid) - before < 12 * 1024 * 1024
        assert client.get("/healthz").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert finished(process)[0] == 0


def test_a_service_without_descriptors_says_so_and_goes_on(start: Start) -> None:
    process, client = start(SCORING_WORKERS="1")
    before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    used = {int(item.name) for item in Path(f"/proc/{process.pid}/fd").iterdir()}
    free = min(set(range(len(used) + 1)) - used)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (free, before[1]))
    url = client.base_url
    with socket.create_connection((url.host, url.port), timeout=10):
        time.sleep(2.5)  # a look comes every second
        assert client.get("/healthz").status_code == 200  # on the connection that it has
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)
    with socket.create_connection((url.host, url.port), timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(4_096).startswith(b"HTTP/1.1 200")
    until(lambda: client.get("/readyz").status_code == 200)
    process.send_signal(signal.SIGTERM)
    code, lines = finished(process)
    said = [line for line in lines if str(line["message"]).startswith("no file descriptor is left")]
    assert code == 0 and [line["limit"] for line in said] == [free]


def test_drain_time_keeps_the_port_open_and_says_not_ready(start: Start) -> None:
    process, client = start(SCORING_DRAIN_SECONDS="1")
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    assert finished(process)[0] == 0


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"SCORING_ALLOW_ANONYMOUS": ""}, "KEY_VAULT_URI is not set"),
        ({"PORT": "x"}, "PORT is 'x'"),
        ({"MODEL_DIR": "nowhere"}, "nowhere/manifest.json"),
        ({"SCORING_REDACT_FEATURES": "colour"}, "SCORING_REDACT_FEATURES names colour"),
    ],
)
def test_does_not_start_with_wrong_settings(model_dir: Path, more: dict[str, str], says: str) -> None:
    given = {"MODEL_DIR": str(model_dir), "SCORING_ALLOW_ANONYMOUS": "true"} | more
    done = subprocess.run(
        [sys.executable, "-m", "scoring"],
        cwd=ROOT,
        env=environment(**given),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["message"] == "the service cannot start"
    assert says in last["reason"]
    assert "Traceback" not in done.stdout + done.stderr


def test_a_taken_port_is_an_error(model_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "scoring"],
            cwd=ROOT,
            env=environment(
                MODEL_DIR=str(model_dir),
                SCORING_ALLOW_ANONYMOUS="true",
                HOST="127.0.0.1",
                PORT=str(taken.getsockname()[1]),
            ),
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert done.returncode != 0
    assert "address already in use" in done.stdout


HEAVY = ("sklearn", "scipy", "pandas", "onnx", "pulumi", "azure", "opentelemetry", "ml")


def test_serving_imports_no_training_library(model_dir: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from scoring import __main__
from scoring.http import server
from scoring.assembly import assemble
from scoring.settings import Settings
assemble(Settings(model_dir=Path({str(model_dir)!r}))).application()
print(sorted(set({HEAVY!r}) & {{name.split('.')[0] for name in sys.modules}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_scoring_names_no_training_library_in_its_source() -> None:
    for path in (ROOT / "scoring").glob("*.py"):
        text = path.read_text()
        for name in ("sklearn", "pandas", "scipy", "pulumi", "ml."):
            assert f"import {name}" not in text, path
            assert f"from {name}" not in text, path
