"""The drift windows of all members, in one piece of memory: a member's window outlives its model's stay.

Only pages that rows were written to take memory, so a fleet of many quiet members costs little. What was told
of each window is behind them all.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from scoring.model.drift import DriftRules
from scoring.model.machine import Absent, MachineCode
from scoring.model.sketch import DriftReference
from scoring.told import BYTES, Told
from scoring.window import RollingWindow, slot_bytes
from scoring.worker import Place


@dataclass(frozen=True, slots=True)
class Windows:
    """The memory [windows][workers][slot], then [windows][told].

    worker: the number of this process, of `workers`. alone: keeps the other workers out while this one
    compares what was told.
    """

    memory: memoryview
    features: int
    rules: DriftRules
    code: MachineCode | Absent
    worker: int = 0
    workers: int = 1
    alone: Callable[[], AbstractContextManager[None]] = nullcontext

    @staticmethod
    def make(
        count: int, features: int, rules: DriftRules, code: MachineCode | Absent, place: Place | None
    ) -> Windows:
        """Room for so many windows; that of all workers where there are several."""
        workers = 1 if place is None else place.workers
        size = count * (workers * slot_bytes(features, rules.window_rows) + BYTES)
        if place is None:
            return Windows(memoryview(mmap.mmap(-1, size)), features, rules, code)
        return Windows(place.shared(size), features, rules, code, place.number, workers, place.alone)

    def window(self, number: int, reference: DriftReference) -> RollingWindow:
        """The window of that number, against a member's own reference."""
        part = self.memory[number * self._size : (number + 1) * self._size]
        return RollingWindow(reference, self.rules.window_rows, part, self.worker, self.workers, self.code)

    def told(self, number: int) -> Told:
        """What was told of the window of that number."""
        count = len(self.memory) // (self._size + BYTES)
        return Told(self.memory[count * self._size + number * BYTES :], self.alone)

    @property
    def _size(self) -> int:
        """Of a window: the slots of all workers."""
        return self.workers * slot_bytes(self.features, self.rules.window_rows)
