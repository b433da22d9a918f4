"""One run of the benchmark: which sections, how long each, in which order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.scoring import before, breakdown, compilers, in_process, machine, model, own, serving, tools
from benchmarks.scoring.cache import BenchmarkError
from benchmarks.scoring.in_process import Budget
from benchmarks.scoring.load import Generator
from benchmarks.scoring.processes import ServerError, cores
from benchmarks.scoring.results import Results, Served
from benchmarks.scoring.servers import BY_KEY, KINDS
from benchmarks.scoring.serving import Plan

SECTIONS = ("in-process", "before", "compilers", "http", "floor", "telemetry", "start", "breakdown")
NEED_LOAD = frozenset({"before", "http", "floor", "telemetry", "start", "soak"})
BUSY = 0.5  # runnable processes a core, from which figures suffer


@dataclass(frozen=True, slots=True)
class Length:
    """How much of each section."""

    quick: bool
    budget: Budget
    parts: Budget
    connections: tuple[int, ...]
    rounds: int
    seconds: float
    warm_seconds: float
    turns: int  # of two things that are compared
    turn_seconds: float
    starts: int
    call_seconds: float  # of each call that is timed in process by turns
    all_cores: tuple[str, ...]  # the servers that are measured on all cores too


FULL = Length(
    quick=False,
    budget=Budget(10.0, 200_000),
    parts=Budget(5.0, 200_000),
    connections=(1, 4, 32),
    rounds=3,
    seconds=3.0,
    warm_seconds=2.0,
    turns=12,
    turn_seconds=1.5,
    starts=15,
    call_seconds=0.5,
    all_cores=tuple(BY_KEY),
)
QUICK = Length(
    quick=True,
    budget=Budget(1.5, 2_000),
    parts=Budget(0.5, 1_000),
    connections=(1, 32),
    rounds=1,
    seconds=1.0,
    warm_seconds=0.5,
    turns=3,
    turn_seconds=1.0,
    starts=2,
    call_seconds=0.1,
    all_cores=("ours", "constant"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to measure. `soak` in seconds, 0 for none."""

    sections: frozenset[str]
    servers: tuple[str, ...]
    soak: float
    length: Length


def run(choice: Choice, say: tools.Say) -> Results:
    """Raises BenchmarkError when a tool or the model cannot be made."""
    began, length = time.monotonic(), choice.length
    wanted = choice.sections | ({"soak"} if choice.soak else set())
    available = cores()
    described = machine.describe()
    described["load before"] = f"{machine.load():.2f} runnable processes a core"
    if machine.load() > BUSY:
        say(f"the machine is busy ({described['load before']}): figures will suffer")
    found = Results(described, length.quick)
    subject = model.subject(say)
    if wanted & NEED_LOAD:
        program = tools.load_generator(say)
        generator = Generator(program, subject.single, available[-1:])
        one = _plan(length, available[:1], 1)
        turns = replace(one, rounds=length.turns, seconds=length.turn_seconds)
    else:
        generator = one = turns = None

    def section(name: str, measure: Callable[[], Results]) -> Results:
        """What was found with this section too; one that fails does not take the others along."""
        if name not in wanted:
            return found
        try:
            return measure()
        except (ServerError, BenchmarkError) as error:
            say(f"{name} could not be measured: {error}")
            return replace(found, problems={**found.problems, name: str(error)})

    def parts() -> Results:
        say("the parts of one request")
        measured = breakdown.in_process(subject, length.parts)
        return replace(found, parts=breakdown.with_serving(measured, found))

    found = section(
        "in-process", lambda: replace(found, in_process=in_process.measure(subject, length.budget, say))
    )
    if generator and one and turns:
        found = section(
            "before",
            lambda: replace(
                found,
                before=before.measure(subject, generator, turns, length.starts, length.call_seconds, say),
            ),
        )
    found = section(
        "compilers", lambda: replace(found, compilers=compilers.measure(subject, length.call_seconds, say))
    )
    if generator and one and turns:
        found = section(
            "http",
            lambda: replace(found, served=_served(choice, subject, generator, one, available, say)),
        )
        found = section("floor", lambda: replace(found, floor=own.floor(subject, generator, turns, say)))
        found = section(
            "telemetry", lambda: replace(found, telemetry=own.telemetry(subject, generator, turns, say))
        )
        found = section(
            "start", lambda: replace(found, starts=own.starts(subject, generator, one, length.starts, say))
        )
    found = section("breakdown", parts)
    if generator and one:
        found = section(
            "soak", lambda: replace(found, soak=own.soak(subject, generator, one, choice.soak, say))
        )
    return replace(found, seconds=time.monotonic() - began)


def _plan(length: Length, server: list[int], workers: int) -> Plan:
    return Plan(length.connections, length.rounds, length.seconds, length.warm_seconds, server, workers)


def _served(
    choice: Choice,
    subject: model.Subject,
    generator: Generator,
    one: Plan,
    available: list[int],
    say: tools.Say,
) -> list[Served]:
    """On one core each server under each number of connections, on all cores under the largest."""
    kinds = [kind for kind in KINDS if kind.key in choice.servers]
    say("over HTTP, on one core")
    found = serving.measure(kinds, subject, generator, one, say)
    kinds = [kind for kind in kinds if kind.key in choice.length.all_cores]
    if len(available) > 1 and kinds:
        say(f"over HTTP, on {len(available)} cores")
        every = _plan(choice.length, available, len(available))
        every = replace(every, connections=every.connections[-1:])
        found += serving.measure(kinds, subject, replace(generator, cores=available), every, say)
    return found
