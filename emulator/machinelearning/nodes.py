"""Hands out the nodes of compute clusters: no more at once than the cluster and this machine allow."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from emulator.machinelearning.orders import Control

COMMANDS_AT_ONCE = 2  # of all clusters together
LOOK_EVERY_S = 0.2


class Nodes:
    """Hands out nodes in the order in which they are asked for."""

    def __init__(self, limit: int = COMMANDS_AT_ONCE) -> None:
        self._limit = limit
        self._busy: Counter[str] = Counter()
        self._waiting: list[object] = []
        self._changed = threading.Condition()

    def busy(self, compute_id: str) -> int:
        """How many nodes of a compute are in use."""
        return self._busy[compute_id.lower()]

    @contextmanager
    def hold(self, compute_id: str, most: int, control: Control) -> Generator[None]:
        """Wait for one of the ``most`` nodes of a compute and hold it; Stopped when the run is ended."""
        key, turn = compute_id.lower(), object()
        with self._changed:
            self._waiting.append(turn)
            try:
                while not self._free(key, most) or self._waiting[0] is not turn:
                    control.check()
                    self._changed.wait(LOOK_EVERY_S)
                    if not self._free(key, most) and self._waiting[0] is turn and len(self._waiting) > 1:
                        self._waiting.append(self._waiting.pop(0))  # others may wait for other computes
                self._busy[key] += 1
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._busy[key] -= 1
                self._changed.notify_all()

    def _free(self, key: str, most: int) -> bool:
        return self._busy[key] < most and self._busy.total() < self._limit
