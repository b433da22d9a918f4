"""The composite in process: JSON bytes to JSON bytes, ours against the naive one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.scoring import naive
from benchmarks.scoring.composite import Composite
from benchmarks.scoring.model import Subject
from benchmarks.scoring.results import Timing
from benchmarks.scoring.statistics import quantile
from benchmarks.scoring.tools import Say


@dataclass(frozen=True, slots=True)
class Budget:
    """Each timing runs until the first of both is spent, after `warm` runs that do not count."""

    seconds: float
    runs: int
    warm: int = 20


def times_us(call: Callable[[int], object], budget: Budget) -> list[float]:
    """Microseconds of each run of `call(number)`; at least three."""
    for number in range(min(budget.warm, budget.runs)):
        call(number)
    clock = time.perf_counter_ns
    found: list[float] = []
    end = clock() + int(budget.seconds * 1e9)
    while len(found) < 3 or (len(found) < budget.runs and clock() < end):
        began = clock()
        call(len(found))
        found.append((clock() - began) / 1e3)
    return found


def measure(subject: Subject, budget: Budget, say: Say) -> list[Timing]:
    """p50 and p99 of one row and of 1,000 rows."""
    singles, many = subject.single.read_bytes().splitlines(), subject.many_rows()
    ours, usual = Composite(subject.artifact), naive.load(subject.naive)
    designs: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
        ("ours", ours.answer),
        ("naive", usual.answer),
    )
    found: list[Timing] = []
    try:
        for name, answer in designs:
            say(f"in process: {name}")
            for rows, bodies in ((1, singles), (1_000, [many])):
                taken = times_us(lambda number, a=answer, b=bodies: a(b[number % len(b)]), budget)
                found.append(Timing(name, rows, len(taken), quantile(taken, 0.5), quantile(taken, 0.99)))
    finally:
        ours.close()
    return found
