"""Servers as processes: started on given cores, waited for, weighed, ended."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

READY_WITHIN_S = 90.0
STOP_WITHIN_S = 15.0
LOG_LINES = 12


class ServerError(Exception):
    """A server did not start or did not answer as it should; the text has the end of its log."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a tree of processes, in MB (10^6 bytes). `resident` counts shared pages in each, `pss` once."""

    resident: float
    pss: float


@dataclass(frozen=True, slots=True)
class Cpu:
    """Processor seconds of a tree of processes."""

    user: float
    system: float

    def since(self, before: Cpu) -> Cpu:
        return Cpu(self.user - before.user, self.system - before.system)

    @property
    def total(self) -> float:
        return self.user + self.system


def cores() -> list[int]:
    """Those that this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def pinned(wanted: Sequence[int]) -> None:
    """Bind this process to cores, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, wanted)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    with contextlib.ExitStack() as held:
        found = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in found]


class Process:
    """A program in a process group of its own, its output in a file."""

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], folder: Path, on: Sequence[int]
    ) -> None:
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        self.began = time.perf_counter()
        self._popen = subprocess.Popen(
            list(argv),
            cwd=folder,
            env=dict(environment),
            stdout=self._output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: pinned(on),
        )
        self._tree: dict[int, psutil.Process] = {}

    def wait_ready(self, port: int, path: str, pause: float = 0.02) -> float:
        """Seconds from the start to the first 200 of GET `path`. Raises ServerError."""
        while (passed := time.perf_counter() - self.began) < READY_WITHIN_S:
            if self._popen.poll() is not None:
                raise ServerError(f"ended with exit code {self._popen.returncode}\n{self.log()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if get(port, path)[0] == 200:
                    return time.perf_counter() - self.began
            time.sleep(pause)
        raise ServerError(f"not ready after {passed:.0f} s\n{self.log()}")

    def log(self) -> str:
        self._output.seek(0)
        lines = self._output.read().decode(errors="replace").splitlines()
        self._output.seek(0, os.SEEK_END)
        return "\n".join(f"  {line[:300]}" for line in lines[-LOG_LINES:])

    def tree(self) -> Iterable[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            root = self._tree.setdefault(self._popen.pid, psutil.Process(self._popen.pid))
            return [root, *(self._tree.setdefault(one.pid, one) for one in root.children(recursive=True))]
        return []

    def memory(self) -> Memory:
        resident = pss = 0
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                found = process.memory_full_info()
                resident += found.rss
                pss += getattr(found, "pss", 0)
        return Memory(resident / 1e6, pss / 1e6)

    def cpu(self) -> Cpu:
        user = system = 0.0
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                found = process.cpu_times()
                user, system = user + found.user, system + found.system
        return Cpu(user, system)

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(STOP_WITHIN_S)
        with contextlib.suppress(ProcessLookupError):  # what its children may have left
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        self._output.close()


def get(port: int, path: str, timeout: float = 5.0) -> tuple[int, bytes]:
    return _ask(port, "GET", path, None, {}, timeout)


def post(
    port: int, path: str, body: bytes, headers: Mapping[str, str], timeout: float = 30.0
) -> tuple[int, bytes]:
    return _ask(port, "POST", path, body, {"content-type": "application/json", **headers}, timeout)


def _ask(
    port: int, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
