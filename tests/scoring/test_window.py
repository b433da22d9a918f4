"""The window of one container, written by several processes and read by each."""

import mmap
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.window import CHUNK, SLACK, RollingWindow, slot_bytes
from tests.scoring.test_drift import REFERENCE, SCHEMA, counted, rows

ROOT = Path(__file__).parents[2]


def shared(capacity: int, slots: int) -> memoryview:
    return memoryview(mmap.mmap(-1, slots * slot_bytes(SCHEMA.width, capacity)))


@given(
    requests=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 30)), min_size=1, max_size=15),
    capacity=st.integers(1, 60),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=60)
def test_window_of_several_processes_is_that_of_one(
    requests: list[tuple[int, int]], capacity: int, seed: int
) -> None:
    """Whoever scored them, the latest rows are counted; any process sees them all."""
    memory = shared(capacity, 3)
    windows = [RollingWindow(REFERENCE, capacity, memory, slot, 3) for slot in range(3)]
    everything = rows(sum(size for _, size in requests), seed)
    start = 0
    for slot, size in requests:
        windows[slot].add(everything[start : start + size])
        start += size
    expected = counted(everything[-capacity:]).counts
    for window in windows:
        assert window.written == windows[0].written
        assert (window.snapshot().counts == expected).all()


def test_a_batch_larger_than_the_ring_leaves_its_latest_rows() -> None:
    everything = rows(3 * CHUNK + SLACK + 77, 5)
    window = RollingWindow(REFERENCE, 2 * CHUNK)
    window.add(everything)
    assert (window.snapshot().counts == counted(everything[-2 * CHUNK :]).counts).all()


def test_memory_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="need"):
        RollingWindow(REFERENCE, 1_000, shared(900, 2), 1, 2)


WRITER = """
import mmap, sys
from scoring.window import RollingWindow
from tests.scoring.test_drift import REFERENCE, rows
slot, capacity, file = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
window = RollingWindow(REFERENCE, capacity, memoryview(mmap.mmap(file, 0)), slot, 2)
batches = [rows(size, 3) for size in (1, 3, 50, 2_000)]
print("started", flush=True)
while True:
    for batch in batches:
        window.add(batch)
"""


def test_a_writer_killed_at_any_moment_leaves_a_window_that_others_read() -> None:
    capacity = 500
    file = os.memfd_create("window")
    os.ftruncate(file, 2 * slot_bytes(SCHEMA.width, capacity))
    reader = RollingWindow(REFERENCE, capacity, memoryview(mmap.mmap(file, 0)), 0, 2)
    reader.add(rows(10, 1))
    for kill_after in (0.0, 0.013, 0.05):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, "1", str(capacity), str(file)],
            cwd=ROOT,
            pass_fds=[file],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "started\n"
            before = reader.written
            deadline = time.monotonic() + kill_after
            while time.monotonic() < deadline:
                window = reader.snapshot()
                assert (window.counts.sum(axis=1) == window.rows).all()
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            process.stdout.close()
        window = reader.snapshot()
        assert reader.written >= before
        assert window.rows <= capacity
        assert (window.counts.sum(axis=1) == window.rows).all()
        reader.add(rows(10, 2))
        assert reader.snapshot().rows >= min(capacity, window.rows)
    os.close(file)


def test_bins_of_one_row_are_those_of_many() -> None:
    everything = rows(600, 9)
    for column, sketch in enumerate(REFERENCE.sketches):  # values at the edges
        everything[: len(sketch.edges), column] = sketch.edges
    one, many = RollingWindow(REFERENCE, 600), RollingWindow(REFERENCE, 600)
    many.add(everything)
    for row in range(600):
        one.add(everything[row : row + 1])
    searched = [
        np.searchsorted(np.array(sketch.edges, dtype=np.float32), everything[:, column])
        for column, sketch in enumerate(REFERENCE.sketches)
    ]
    assert np.array_equal(REFERENCE.bin_numbers(everything).T, searched)
    for column, bins in enumerate(searched):
        expected = np.bincount(bins, minlength=REFERENCE.bins)
        assert np.array_equal(one.snapshot().counts[column], expected)
        assert np.array_equal(many.snapshot().counts[column], expected)


def test_values_beyond_all_edges_fall_into_the_outer_bins() -> None:
    outer = np.array([[-np.inf] * 3, [np.inf] * 3, [-3e38] * 3, [3e38] * 3], dtype=np.float32)
    last = [len(sketch.edges) for sketch in REFERENCE.sketches]
    assert REFERENCE.bin_numbers(outer).tolist() == [[0] * 3, last, [0] * 3, last]


@given(sizes=st.lists(st.integers(1, 3 * CHUNK), min_size=4, max_size=9), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_a_ring_that_goes_round_keeps_the_latest_rows(sizes: list[int], seed: int) -> None:
    capacity = 2 * CHUNK - 100
    window = RollingWindow(REFERENCE, capacity)  # a ring of capacity + SLACK
    everything = rows(sum(sizes), seed)
    start = 0
    for size in sizes:
        window.add(everything[start : start + size])
        start += size
        latest = everything[:start][-capacity:]
        assert np.array_equal(window.snapshot().counts, counted(latest).counts)
