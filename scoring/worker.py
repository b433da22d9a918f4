"""What one of several worker processes is given by its supervisor, and what all of them share."""

from __future__ import annotations

import mmap
import os
import signal
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scoring.model.drift import DriftRules
from scoring.model.sketch import DriftReference
from scoring.settings import SettingsError
from scoring.window import RollingWindow, slot_bytes

VARIABLE: Final = "SCORING_WORKER"  # set by the supervisor, for its workers only
FLAGS: Final = 4_096  # bytes before the windows: one a worker, 1 when it has been ready
READY: Final = 1


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
    def _flags(self) -> mmap.mmap:
        return mmap.mmap(self.memory, FLAGS)

    def socket(self) -> socket.socket:
        return socket.socket(fileno=self.listener)

    def window(self, reference: DriftReference, rules: DriftRules) -> RollingWindow:
        """The window of all workers, of which this one writes its own slot."""
        size = FLAGS + self.workers * slot_bytes(len(reference.sketches), rules.window_rows)
        os.ftruncate(self.memory, size)  # to the same size by each worker: what is there stays
        memory = memoryview(mmap.mmap(self.memory, size))[FLAGS:]
        return RollingWindow(reference, rules.window_rows, memory, self.number, self.workers)

    def say_ready(self) -> None:
        """Stays said when this worker dies: the others go on, and it is replaced."""
        self._flags[self.number] = READY

    def has_been_ready(self, number: int) -> bool:
        return self._flags[number] == READY

    def all_ready(self) -> bool:
        return all(self.has_been_ready(number) for number in range(self.workers))

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
