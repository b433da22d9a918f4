"""The rolling window of scored rows, in memory that the processes of one container may share.

Each process owns one slot: a ring of its latest rows as bin numbers, one byte a value, with the time of each
row, and the number of rows ever written. A process writes its own slot only, rows first and the number last,
so one that is killed at any moment leaves a readable slot: at worst its last request is not counted. Whoever
reads takes the latest rows of all slots, up to the capacity: the window is the container's, whichever process
answers. Nobody waits for anybody.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.model import machine
from scoring.model.drift import WindowCounts
from scoring.model.machine import Absent, MachineCode
from scoring.model.schema import Matrix
from scoring.model.sketch import DriftReference

CHUNK: Final = 1_024  # the writer updates the number of rows after so many
SLACK: Final = 4 * CHUNK  # more rows than the window has: a reader needs time before rows are overwritten
HEADER: Final = 64

Bins = NDArray[np.uint8]
Times = NDArray[np.uint64]


def slot_bytes(features: int, capacity: int) -> int:
    """The size of one slot, a multiple of 64."""
    size = HEADER + (capacity + SLACK) * (features + 8)
    return -(-size // 64) * 64


class Slot:
    """One process's ring. One writer at a time, any number of readers."""

    def __init__(self, memory: memoryview, features: int, capacity: int) -> None:
        self._features, self._capacity, self._size = features, capacity, capacity + SLACK
        times_end = HEADER + 8 * self._size
        bins_end = times_end + self._size * features
        self._written = memory[:8].cast("Q")
        self._times = memory[HEADER:times_end].cast("Q")
        self._bins = memory[times_end:bins_end]
        self._times_array = np.frombuffer(self._times, dtype=np.uint64)
        self._bins_array = np.frombuffer(self._bins, dtype=np.uint8).reshape(self._size, features)

    @property
    def written(self) -> int:
        """How many rows were ever written; of a batch beyond the capacity maybe only the kept ones count."""
        return self._written[0]

    def write_row(self, bins: bytes) -> None:
        written = self._written[0]
        place = written % self._size
        start = place * self._features
        self._bins[start : start + self._features] = bins
        self._times[place] = time.monotonic_ns()
        self._written[0] = written + 1

    def write(self, bins: Bins) -> None:
        """Append rows [rows, features], at most CHUNK of them."""
        written = self._written[0]
        place = written % self._size
        end = min(self._size, place + len(bins))
        now = time.monotonic_ns()
        before = end - place  # so many rows fit before the ring's end; the others go to its beginning
        self._bins_array[place:end] = bins[:before]
        self._times_array[place:end] = now
        if before < len(bins):
            self._bins_array[: len(bins) - before] = bins[before:]
            self._times_array[: len(bins) - before] = now
        self._written[0] = written + len(bins)

    def latest(self) -> tuple[Times, Bins]:
        """Times and bin numbers of the latest rows, oldest first, at most `capacity`."""
        while True:
            written = self._written[0]
            places = np.arange(max(0, written - self._capacity), written) % self._size
            times, bins = self._times_array[places], self._bins_array[places]
            if self._written[0] - written <= SLACK - CHUNK:  # else rows changed meanwhile: read again
                return times, bins


class RollingWindow:
    """The latest rows of all slots, and their histograms. Thread-safe.

    Without `memory` the window is this process's own. With it, slot number `slot` of `slots` is written.
    `code` is the machine code that counts; None stands for that of this environment.
    Raises ValueError when the memory is too small.
    """

    def __init__(
        self,
        reference: DriftReference,
        capacity: int,
        memory: memoryview | None = None,
        slot: int = 0,
        slots: int = 1,
        code: MachineCode | Absent | None = None,
    ) -> None:
        features = len(reference.sketches)
        size = slot_bytes(features, capacity)
        view = memoryview(bytearray(size * slots)) if memory is None else memory
        if len(view) < size * slots:
            raise ValueError(f"{slots} windows of {capacity} rows need {size * slots} bytes, not {len(view)}")
        self._reference, self._capacity = reference, capacity
        self._slots = [
            Slot(view[size * number : size * (number + 1)], features, capacity) for number in range(slots)
        ]
        self._own = self._slots[slot]
        self._lock = threading.Lock()
        code = code or machine.found()
        self._bins = None if isinstance(code, Absent) else code.bins(reference.edges)
        self._edges: list[list[float]] = [
            np.array(sketch.edges, dtype=np.float32).tolist() for sketch in reference.sketches
        ]
        self._offsets = np.arange(features, dtype=np.int64) * reference.bins

    @property
    def written(self) -> int:
        """Rows ever counted, by all processes."""
        return sum(slot.written for slot in self._slots)

    def add(self, matrix: Matrix) -> None:
        """Count the rows of a matrix [rows, features]; the oldest rows beyond the capacity leave."""
        if len(matrix) == 1:
            if self._bins is None:
                bins = bytes(map(bisect_left, self._edges, matrix.tolist()[0]))
            else:
                bins = self._bins.count(matrix)
            with self._lock:
                self._own.write_row(bins)
            return
        matrix = matrix[-self._capacity :]
        for start in range(0, len(matrix), CHUNK):
            chunk = self._numbers(matrix[start : start + CHUNK])
            with self._lock:
                self._own.write(chunk)

    def _numbers(self, matrix: Matrix) -> Bins:
        """The bin of each value of a matrix [rows, features]."""
        if self._bins is None:
            return self._reference.bin_numbers(matrix)
        return np.frombuffer(self._bins.count(matrix), dtype=np.uint8).reshape(matrix.shape)

    def snapshot(self) -> WindowCounts:
        """The histograms [features, bins] of the latest rows, at most the capacity."""
        parts = [slot.latest() for slot in self._slots if slot.written]
        times, bins = parts[0] if parts else self._own.latest()
        if len(parts) > 1:
            times = np.concatenate([times for times, _ in parts])
            bins = np.concatenate([bins for _, bins in parts])
            bins = bins[np.argsort(times, kind="stable")[-self._capacity :]]
        shape = (len(self._reference.sketches), self._reference.bins)
        counts = np.bincount((bins + self._offsets).ravel(), minlength=shape[0] * shape[1])
        return WindowCounts(len(bins), counts.reshape(shape))
