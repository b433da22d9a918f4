"""What the processes of a container use, asked of the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

TOLD: Final = Path("/proc/thread-self/children").exists()
"""Whether the kernel tells the children of a thread: Linux does, where it was built so."""


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *(_below(pid) if TOLD else process.children(recursive=True))]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def _below(pid: int) -> Iterator[psutil.Process]:
    """All processes below one, as Linux tells of each thread.

    psutil reads a file of every process of the machine for this, and each pod is asked about every second.
    """
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        with suppress(FileNotFoundError, ProcessLookupError):  # what has ended has none
            for thread in Path(f"/proc/{parent}/task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        if parent != pid:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                yield psutil.Process(parent)


def cpu_seconds(pid: int) -> float | None:
    """Seconds of CPU that a process, those below it and those that ended below it have used; None when it is
    gone."""
    found, total = False, 0.0
    for index, process in enumerate(_family(pid)):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            times = process.cpu_times()
            total += times.user + times.system
            if not index:
                total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
            found = True
    return total if found else None


def memory(pid: int, limit: float = 0.0) -> int | None:
    """Bytes of memory that a process and those below it hold; None when it is gone.

    Where the quick sum, which counts what they share once for each, is within ``limit`` it is the answer;
    above it each shared page is counted once, as a container's own limit counts.
    """
    quick, family = 0, _family(pid)
    for process in family:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            quick += process.memory_info().rss
    if not family or quick <= limit:
        return quick or None
    exact = 0
    for process in family:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            full = process.memory_full_info()
            exact += getattr(full, "pss", full.rss)
    return exact or None
