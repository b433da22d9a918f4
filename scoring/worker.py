"""What one of several worker processes is given by its supervisor, and what all of them share."""

from __future__ import annotations

import fcntl
import mmap
import os
import signal
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scoring.model.drift import DriftRules
from scoring.model.sketch import DriftReference
from scoring.settings import SettingsError
from scoring.window import RollingWindow, slot_bytes

VARIABLE: Final = "SCORING_WORKER"  # set by the supervisor, for its workers only
# the bytes before the windows: a state and the time of the last beat of each worker, the model's digest
STATUS: Final = 4_096
STATES, BEATS, DIGEST, DIGEST_BYTES = 0, 512, 3_072, 128
STARTING, READY, FAILED = range(3)  # FAILED: its successor could not start
BEAT_SECONDS: Final = 1.0  # a worker whose event loop runs says so this often
LATE_SECONDS: Final = 10.0  # one that has not said so for this long makes the service not ready


@dataclass(frozen=True)
class Place:
    """A worker's number, the number of workers, and the files it inherits.

    `listener` is the bound socket of all, `memory` what they share, `alive` a pipe that ends with the
    supervisor.
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

    def window(self, reference: DriftReference, rules: DriftRules) -> RollingWindow:
        """The window of all workers, of which this one writes its own slot."""
        size = STATUS + self.workers * slot_bytes(len(reference.sketches), rules.window_rows)
        os.ftruncate(self.memory, size)  # to the same size by each worker: what is there stays
        memory = memoryview(mmap.mmap(self.memory, size))[STATUS:]
        return RollingWindow(reference, rules.window_rows, memory, self.number, self.workers)

    def agree(self, digest: str) -> str:
        """The digest of the model that the service serves: the one that a worker was the first to name."""
        fcntl.lockf(self.memory, fcntl.LOCK_EX, DIGEST_BYTES, DIGEST)
        try:
            named = self._status[DIGEST : DIGEST + DIGEST_BYTES].rstrip(b"\0").decode()
            if not named:
                self._status[DIGEST : DIGEST + len(digest)] = digest.encode()
            return named or digest
        finally:
            fcntl.lockf(self.memory, fcntl.LOCK_UN, DIGEST_BYTES, DIGEST)

    def say_ready(self) -> None:
        """Stays said when this worker is killed: the others go on, and it is replaced."""
        self._status[STATES + self.number] = READY

    def say_failed(self, number: int) -> None:
        """Until that worker says that it is ready."""
        self._status[STATES + number] = FAILED

    def state(self, number: int) -> int:
        """STARTING, READY or FAILED."""
        return self._status[STATES + number]

    def beat(self) -> None:
        """This worker's event loop runs."""
        self._beats[self.number] = time.monotonic_ns()

    def last_beat(self, number: int) -> int:
        """On the monotonic clock, in nanoseconds; 0 before the first."""
        return self._beats[number]

    def not_ready(self) -> dict[int, str]:
        """The workers that do not serve, and why."""
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
        """Stop, as at SIGTERM, when the supervisor is gone."""

        def wait() -> None:
            os.read(self.alive, 1)  # nothing is ever written
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=wait, name="supervisor", daemon=True).start()


def place(environment: Mapping[str, str]) -> Place | None:
    """None when this process has no supervisor. Raises SettingsError when no supervisor set the variable."""
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
