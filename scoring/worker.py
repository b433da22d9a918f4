"""What one of several worker processes is given by its supervisor, and what all of them share."""

from __future__ import annotations

import fcntl
import mmap
import os
import signal
import socket
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scoring.model.drift import DriftRules
from scoring.model.machine import Absent, MachineCode
from scoring.model.sketch import DriftReference
from scoring.settings import SettingsError
from scoring.told import BYTES, Told
from scoring.window import RollingWindow, slot_bytes

VARIABLE: Final = "SCORING_WORKER"  # set by the supervisor, for its workers only
# The shared memory begins with a state and the latest beat of each worker, and the digest of the model.
STATUS: Final = 4_096
STATES, BEATS, DIGEST, DIGEST_BYTES = 0, 512, 3_072, 128
TELLING: Final = 3_200  # a byte that nobody reads: whoever compares what was told holds its lock
STARTING, READY, FAILED = range(3)  # FAILED: the worker died and none could be started in its place
BEAT_SECONDS: Final = 1.0  # how often each worker says that its event loop runs
LATE_SECONDS: Final = 10.0  # when a worker has said nothing for this long, the service is not ready

_THREADS: Final = threading.Lock()


@dataclass(frozen=True)
class Place:
    """A worker's number, the number of workers, and the files it inherits.

    `listener` is the bound socket of all workers, `memory` the memory that they share, `alive` a pipe that
    is closed when the supervisor ends.
    """

    number: int
    workers: int
    listener: int
    memory: int
    alive: int

    def text(self) -> str:
        return f"{self.number},{self.workers},{self.listener},{self.memory},{self.alive}"

    @cached_property
    def _status(self) -> mmap.mmap:
        return mmap.mmap(self.memory, STATUS)

    @cached_property
    def _beats(self) -> memoryview:
        return memoryview(self._status)[BEATS:DIGEST].cast("Q")

    def socket(self) -> socket.socket:
        return socket.socket(fileno=self.listener)

    def window(
        self, reference: DriftReference, rules: DriftRules, code: MachineCode | Absent | None = None
    ) -> tuple[RollingWindow, Told]:
        """The window of all workers, in which this worker writes its own slot, and what was told of it."""
        size = self.workers * slot_bytes(len(reference.sketches), rules.window_rows)
        memory = self.shared(size + BYTES)
        window = RollingWindow(reference, rules.window_rows, memory[:size], self.number, self.workers, code)
        return window, Told(memory[size:], self.alone)

    def shared(self, size: int) -> memoryview:
        """So many bytes that all workers have in common; each asks for the same number, once."""
        os.ftruncate(self.memory, STATUS + size)  # of the same size, so what is there stays
        return memoryview(mmap.mmap(self.memory, STATUS + size))[STATUS:]

    @contextmanager
    def alone(self) -> Generator[None]:
        """Keeps other workers out; one that is killed in it lets the next one in."""
        with _THREADS:  # the file's lock is the whole process's
            fcntl.lockf(self.memory, fcntl.LOCK_EX, 1, TELLING)
            try:
                yield
            finally:
                fcntl.lockf(self.memory, fcntl.LOCK_UN, 1, TELLING)

    def leads(self) -> bool:
        """Whether this worker speaks for all: the first one of those that could be started."""
        return all(self.state(number) == FAILED for number in range(self.number))

    def agree(self, digest: str) -> str:
        """Name a digest; the answer is the digest that the service serves, which the first worker named."""
        fcntl.lockf(self.memory, fcntl.LOCK_EX, DIGEST_BYTES, DIGEST)
        try:
            named = self._status[DIGEST : DIGEST + DIGEST_BYTES].rstrip(b"\0").decode()
            if not named:
                self._status[DIGEST : DIGEST + len(digest)] = digest.encode()
            return named or digest
        finally:
            fcntl.lockf(self.memory, fcntl.LOCK_UN, DIGEST_BYTES, DIGEST)

    def say_ready(self) -> None:
        """Say that this worker is ready. It counts as ready after it was killed, too: the others go on."""
        self._status[STATES + self.number] = READY

    def say_failed(self, number: int) -> None:
        """Say that no process could be started for that worker. It holds until one says that it is ready."""
        self._status[STATES + number] = FAILED

    def state(self, number: int) -> int:
        """STARTING, READY or FAILED."""
        return self._status[STATES + number]

    def beat(self) -> None:
        """Say that this worker's event loop runs."""
        self._beats[self.number] = time.monotonic_ns()

    def last_beat(self, number: int) -> int:
        """When that worker's event loop last ran: nanoseconds on the monotonic clock, or 0."""
        return self._beats[number]

    def not_ready(self) -> dict[int, str]:
        """The numbers of the workers that do not serve, each with the reason."""
        now, found = time.monotonic_ns(), dict[int, str]()
        for number in range(self.workers):
            state, silent = self.state(number), (now - self.last_beat(number)) / 1e9
            if state == FAILED:
                found[number] = "could not be started again"
            elif state == STARTING:
                found[number] = "is not ready yet"
            elif silent > LATE_SECONDS:
                found[number] = f"has not got on for {silent:.0f} s"
        return found

    def end_with_supervisor(self) -> None:
        """Send SIGTERM to this process when the supervisor has ended."""

        def wait() -> None:
            os.read(self.alive, 1)  # returns when the supervisor has ended, for nothing is ever written
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=wait, name="supervisor", daemon=True).start()


def place(environment: Mapping[str, str]) -> Place | None:
    """The place that a supervisor gave, else None. Raises SettingsError when somebody else set VARIABLE."""
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return None
    try:
        number, workers, listener, memory, alive = map(int, text.split(","))
    except ValueError as error:
        reason = (
            f"{VARIABLE} is {text!r}: workers are told their place by it; set SCORING_WORKERS to a number"
        )
        raise SettingsError(reason) from error
    return Place(number, workers, listener, memory, alive)
