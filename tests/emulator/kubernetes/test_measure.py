"""What a container's processes use: all below the first one are counted, however they were started."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from emulator.kubernetes.node import measure

# A child of a thread, and a child of that one.
PROGRAM = """
import subprocess, sys, threading, time
below = "import subprocess as s; one = s.Popen(['sleep', '60']); print(one.pid, flush=True); one.wait()"
def start():
    child = subprocess.Popen([sys.executable, "-S", "-c", below], stdout=subprocess.PIPE, text=True)
    print(child.pid, child.stdout.readline(), end="", flush=True)
    time.sleep(60)
threading.Thread(target=start).start()
"""


@pytest.fixture
def family() -> Iterator[list[int]]:
    """A process, its child and that one's."""
    command = [sys.executable, "-S", "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        pids = [first.pid, *map(int, first.stdout.readline().split())]
        yield pids
        for pid in pids:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()


@pytest.mark.parametrize("told", [False, *([True] if measure.TOLD else [])])
def test_all_below_are_counted(family: list[int], told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "TOLD", told)
    first, *_ = family
    found = [process.pid for process in measure._family(first)]
    assert found[0] == first and sorted(found) == sorted(family)
    assert (measure.memory(first) or 0) > 0 and measure.cpu_seconds(first) is not None


@pytest.mark.parametrize("told", [False, True])
def test_what_is_gone_uses_nothing(told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "TOLD", told)
    done = subprocess.Popen([sys.executable, "-S", "-c", "pass"])
    done.wait()
    assert measure.memory(done.pid) is None and measure.cpu_seconds(done.pid) is None
