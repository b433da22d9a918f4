"""From the start of the process to its first answer: the emulator, moto's server, a bare uvicorn."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.emulator.figures import Figure, middle
from benchmarks.emulator.world import EMULATOR, REPOSITORY, BenchmarkError, World

GOAL_S: Final = 1.5
ROUNDS: Final = 4
WITHIN_S: Final = 60.0
MOTO: Final = ("moto.server", "-p")
UVICORN: Final = ("uvicorn", "benchmarks.emulator.bare:app", "--log-level", "error", "--port")


def figures(folder: Path, step: Callable[[], None]) -> list[Figure]:
    """In turn, so that a slow moment of the machine hits all of them."""
    first: list[float] = []
    again: list[float] = []
    moto: list[float] = []
    bare: list[float] = []
    for number in range(ROUNDS):
        world = World(folder / f"ready{number}")
        first.append(emulator(world))
        again.append(emulator(world))
        moto.append(server(*MOTO))
        bare.append(server(*UVICORN))
        step()
    return [
        Figure("ready", "ready, in an empty home", middle(first), "s", GOAL_S, "moto's server", middle(moto)),
        Figure("ready_again", "ready, in a home of before", middle(again), "s", GOAL_S, "a bare uvicorn",
               middle(bare)),
    ]  # fmt: skip


def emulator(world: World) -> float:
    """Seconds from the start of `python -m emulator up` until a request of the control plane is answered."""
    began = time.perf_counter()
    subprocess.run([*EMULATOR, "up"], cwd=REPOSITORY, env=world.environment, check=True, capture_output=True)
    try:
        port = json.loads((world.home / "run" / "ports.json").read_text())["plain"]
        if not answers(port):
            raise BenchmarkError(f"the emulator does not answer on port {port} after `up`")
        return time.perf_counter() - began
    finally:
        world.emulator("down")


def server(*module: str) -> float:
    """Seconds from the start of `python -m MODULE … PORT` until it answers a request."""
    began = time.perf_counter()
    with started(*module):
        return time.perf_counter() - began


@contextmanager
def started(*module: str) -> Generator[int]:
    """The port of a server that answers; it is ended afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", *module, str(port)],
        cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + WITHIN_S
        while not answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise BenchmarkError(f"python -m {' '.join(module)} {port} does not answer")
            time.sleep(0.005)
        yield port
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    """Whether an HTTP request gets any answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
