"""Child processes: each in a process group of its own; none outlives the emulator, however that ends."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from emulator.home import private

MARK = "EMULATOR_PROCESS"
"""A variable of each process: by it those are found that had no time to be listed."""

# Reads "+GROUP" and "-GROUP" lines. Its input ends with the emulator, once what that was starting has started
# (it inherits the pipe until then): the reaper then kills the groups still listed, and what bears the mark.
REAPER = """
import os, signal, sys
groups, mark = set(), sys.argv[1].encode()
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for line in sys.stdin:
    (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass
def marked():
    for name in os.listdir("/proc"):
        try:
            with open("/proc/" + name + "/environ", "rb") as file:
                if mark in file.read().split(bytes(1)):
                    yield int(name)
        except (OSError, ValueError):
            continue
while os.path.isdir("/proc/self") and (left := list(marked())):
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
"""


@dataclass(slots=True)
class Handle:
    """One started process."""

    name: str
    pid: int
    _process: subprocess.Popen[bytes] = field(repr=False)
    ended: threading.Event = field(repr=False)

    def poll(self) -> int | None:
        """The exit code, None while it runs; negative: ended by that signal."""
        return self._process.poll() if not self.ended.is_set() else self._process.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end (``on_exit`` has then run); TimeoutError after ``timeout`` seconds."""
        if not self.ended.wait(timeout):
            raise TimeoutError(f"{self.name} (pid {self.pid}) still runs after {timeout} s")
        return self._process.returncode

    def terminate(self, grace_s: float = 5.0) -> int:
        """SIGTERM to the group, SIGKILL after ``grace_s`` seconds; the exit code."""
        self._signal(signal.SIGTERM)
        if not self.ended.wait(grace_s):
            self._signal(signal.SIGKILL)
        return self.wait()

    def _signal(self, number: signal.Signals) -> None:
        if not self.ended.is_set():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)


class Processes:
    """Starts processes and knows which run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, Handle] = {}
        self._reaper: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._mark = secrets.token_hex(8)

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        log: Path,
        on_exit: Callable[[int], None] | None = None,
    ) -> Handle:
        """Start ``argv``; its output is appended to ``log``. OSError when it cannot be started.

        ``on_exit`` gets the exit code, in a thread of its own; what it raises goes to the emulator's log.
        """
        private(log.parent)
        with self._lock:
            if self._stopped:
                raise RuntimeError(f"{name}: the emulator is going down")
            self._start_reaper()
            with log.open("ab") as output:
                process = subprocess.Popen(
                    list(argv),
                    cwd=cwd,
                    env={**env, MARK: self._mark},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    process_group=0,
                    umask=0o022,  # as programs expect it; the daemon's own is narrower
                )
            handle = Handle(name, process.pid, process, threading.Event())
            self._running[process.pid] = handle
            self._tell_reaper(f"+{process.pid}\n")
        threading.Thread(
            target=self._watch, args=(handle, process, on_exit), name=f"watch {name}", daemon=True
        ).start()
        return handle

    def running(self) -> list[Handle]:
        """The processes that run, in the order of their start."""
        with self._lock:
            return list(self._running.values())

    def stop(self, grace_s: float = 5.0) -> None:
        """End all of them: SIGTERM, then SIGKILL after ``grace_s`` seconds in all; no more can be started."""
        with self._lock:
            self._stopped = True
            handles = list(self._running.values())
        threads = [threading.Thread(target=handle.terminate, args=(grace_s,)) for handle in handles]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self._lock:
            reaper, self._reaper = self._reaper, None
        if reaper and reaper.stdin:
            reaper.stdin.close()
            reaper.wait()

    def _watch(
        self, handle: Handle, process: subprocess.Popen[bytes], on_exit: Callable[[int], None] | None
    ) -> None:
        code = process.wait()
        # what the process left behind in its group goes with it
        with suppress(ProcessLookupError):
            os.killpg(handle.pid, signal.SIGKILL)
        with self._lock:
            self._running.pop(handle.pid, None)
            self._tell_reaper(f"-{handle.pid}\n")
        try:
            if on_exit:
                on_exit(code)
        finally:
            handle.ended.set()

    def _start_reaper(self) -> None:
        if self._reaper is None:
            self._reaper = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", REAPER, f"{MARK}={self._mark}"],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,
                env={},
                cwd="/",
            )

    def _tell_reaper(self, line: str) -> None:
        """Tell it what began or ended. One that was killed is replaced, and told all that runs."""
        if self._reaper is None or self._reaper.stdin is None:
            return
        try:
            self._reaper.stdin.write(line.encode())
        except BrokenPipeError:
            self._reaper.stdin.close()
            self._reaper.wait()
            self._reaper = None
            self._start_reaper()
            for pid in self._running:
                self._tell_reaper(f"+{pid}\n")
