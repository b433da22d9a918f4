"""A change of drift is told by one of the processes that see it."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.told import BYTES, Told
from scoring.worker import STATUS, Place

ROOT = Path(__file__).parents[2]
DRIFTED = st.sampled_from([(), ("age",), ("age", "sex"), ("agesex",)])


@given(seen=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40), DRIFTED), max_size=30))
@settings(max_examples=100)
def test_what_is_told_is_what_one_process_would_tell_that_never_looks_back(
    seen: list[tuple[int, int, tuple[str, ...]]],
) -> None:
    memory = memoryview(mmap.mmap(-1, BYTES))
    workers = [Told(memory) for _ in range(3)]
    told = [drifted for number, written, drifted in seen if workers[number].is_news(written, drifted)]
    newest, before, expected = 0, (), list[tuple[str, ...]]()
    for _, written, drifted in seen:
        if written >= newest:
            newest = written
            if drifted != before:
                before = drifted
                expected.append(drifted)
    assert told == expected


LOOKS = """
import sys
from scoring.worker import Place
place = Place(int(sys.argv[1]), 2, -1, int(sys.argv[2]), -1)
from scoring.told import BYTES, Told
told = Told(place.shared(BYTES), place.alone)
print("ready", flush=True)
sys.stdin.readline()
print(sum(told.is_news(written, [str(written)]) for written in range(1, 3001)))
"""


def test_of_two_processes_at_once_one_tells_each_change() -> None:
    memory = os.memfd_create("test")
    os.ftruncate(memory, STATUS)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", LOOKS, str(number), str(memory)],
            cwd=ROOT,
            pass_fds=[memory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    for one in started:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [int(one.communicate(timeout=60)[0]) for one in started]
    os.close(memory)
    assert sum(told) == 3000  # who is ahead tells what the other one then finds told


@pytest.mark.parametrize(("failed", "leader"), [((), 0), ((0,), 1), ((0, 1), 2), ((1,), 0)])
def test_the_first_worker_that_could_be_started_speaks_for_all(failed: tuple[int, ...], leader: int) -> None:
    memory = os.memfd_create("test")
    os.ftruncate(memory, STATUS)
    places = [Place(number, 3, -1, memory, -1) for number in range(3)]
    for number in failed:
        places[0].say_failed(number)
    assert [one.number for one in places if one.leads() and one.number not in failed] == [leader]
    os.close(memory)
