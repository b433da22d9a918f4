"""Measures servers over HTTP: all are started, then loaded in turns, so that each meets the same machine."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Generator as Generates
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from benchmarks.scoring.cache import BenchmarkError
from benchmarks.scoring.composite import Composite
from benchmarks.scoring.load import Found, Generator, Shape
from benchmarks.scoring.model import Subject
from benchmarks.scoring.processes import Cpu, Process, ServerError, post
from benchmarks.scoring.results import Load, Served
from benchmarks.scoring.servers import Kind, environment_of, new_start, python_of
from benchmarks.scoring.statistics import middle_by
from benchmarks.scoring.tools import Say

TOLERANCE = 1e-6
WARM = "to warm up"
PAUSE_SECONDS = 0.01  # between two looks whether a server is ready


@dataclass(frozen=True)
class Plan:
    """How long, how often, and on which cores the server runs."""

    connections: tuple[int, ...]
    rounds: int
    seconds: float
    warm_seconds: float
    server_cores: Sequence[int]
    workers: int


@dataclass(frozen=True)
class Running:
    kind: Kind
    process: Process
    port: int
    ready_s: float
    version: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/score"


@contextlib.contextmanager
def started(
    kind: Kind,
    subject: Subject,
    plan: Plan,
    say: Say,
    more: Mapping[str, str] | None = None,
    check: bool = True,
) -> Generates[Running]:
    """A server that is ready and, if wanted, whose first answer is right.

    Raises ServerError or BenchmarkError.
    """
    python = python_of(kind, say)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        start = new_start(python, subject, plan.workers, scratch)
        (scratch / "answer.json").write_bytes(expected_answer(subject))
        environment = environment_of(kind, start, more or {})
        process = Process(kind.command(start), environment, kind.folder, plan.server_cores)
        stack.callback(process.stop)
        ready = process.wait_ready(start.port, kind.ready, PAUSE_SECONDS)
        if check:
            _check(kind, process, start.port, subject)
        yield Running(kind, process, start.port, ready, _version(python, kind))


def measure(
    kinds: Sequence[Kind], subject: Subject, generator: Generator, plan: Plan, say: Say
) -> list[Served]:
    """Each server under each number of connections; one that cannot run is there with its reason."""
    found: list[Served] = []
    with ExitStack() as stack:
        running: list[Running] = []
        absent: dict[str, str] = {}
        for kind in kinds:
            say(f"starting {kind.title}")
            try:
                running.append(stack.enter_context(started(kind, subject, plan, say)))
            except (ServerError, BenchmarkError) as error:
                absent[kind.key] = str(error)
                say(f"{kind.title} is absent: {error}")
        rounds: dict[tuple[str, int], list[Load]] = {}
        for what, shape in _turns(plan):
            for one in [one for one in running if one.kind.key not in absent]:
                say(f"{what}: {one.kind.title}, {shape.connections} connections")
                try:
                    load = loaded(one, generator, shape)
                except ServerError as error:
                    absent[one.kind.key] = str(error)
                    say(f"{one.kind.title} is absent: {error}")
                    continue
                if what != WARM:
                    rounds.setdefault((one.kind.key, shape.connections), []).append(load)
        by_key = {one.kind.key: one for one in running}
        for kind in kinds:
            shell = Served(kind.key, kind.title, kind.composite, plan.workers, len(plan.server_cores))
            if kind.key in absent:
                found.append(replace(shell, absent=absent[kind.key]))
                continue
            one = by_key[kind.key]
            memory = one.process.memory()
            found.append(
                replace(
                    shell,
                    version=one.version,
                    loads=[_middle(rounds[kind.key, connections]) for connections in plan.connections],
                    resident_mb=memory.resident,
                    pss_mb=memory.pss,
                    ready_s=one.ready_s,
                )
            )
    return found


def _turns(plan: Plan) -> Iterator[tuple[str, Shape]]:
    if plan.warm_seconds:
        yield WARM, Shape(4, plan.warm_seconds)
    for number in range(plan.rounds):
        for connections in plan.connections:
            yield f"round {number + 1}", Shape(connections, plan.seconds)


def loaded(one: Running, generator: Generator, shape: Shape) -> Load:
    """One round. Raises ServerError when nothing was accepted."""
    before = one.process.cpu()
    found = generator.run(one.url, one.kind.headers, shape)
    spent = one.process.cpu().since(before)
    if not found.accepted:
        raise ServerError(
            f"{one.kind.title} accepted nothing: {found.statuses} {found.errors}\n{one.process.log()}"
        )
    return load_of(shape.connections, found, spent)


def load_of(connections: int, found: Found, spent: Cpu) -> Load:
    answered = max(1, sum(found.statuses.values()))
    return Load(
        connections=connections,
        rounds=1,
        per_second=found.per_second,
        p50=found.p50,
        p90=found.p90,
        p99=found.p99,
        accepted=found.accepted,
        refused=found.refused,
        errors=found.failed,
        server_user=spent.user / answered * 1e6,
        server_system=spent.system / answered * 1e6,
        generator_share=found.cpu_seconds / found.seconds,
    )


def _middle(rounds: list[Load]) -> Load:
    chosen = rounds[middle_by([one.per_second for one in rounds])]
    return replace(chosen, rounds=len(rounds))


def _check(kind: Kind, process: Process, port: int, subject: Subject) -> None:
    """Its first answer must be the composite's own."""
    body = subject.one_row()
    status, content = post(port, "/score", body, kind.headers)
    if status != 200:
        raise ServerError(f"answered {status}: {content[:300]!r}\n{process.log()}")
    answer: dict[str, Any] = orjson.loads(content)
    if kind.composite == "naive":
        if not {"predictions", "outliers", "feature_drift_batch"} <= answer.keys():
            raise ServerError(f"answered without prediction, outlier or drift: {content[:300]!r}")
        return
    expected = orjson.loads(expected_answer(subject))
    for member, field in (("predictions", "probability"), ("outliers", "score")):
        difference = abs(answer[member][0][field] - expected[member][0][field])
        if difference > TOLERANCE:
            raise ServerError(f"answered another {field}: {answer[member]}, not {expected[member]}")


@lru_cache(maxsize=1)
def expected_answer(subject: Subject) -> bytes:
    """The composite's own answer to the first request."""
    composite = Composite(subject.artifact)
    try:
        return composite.answer(subject.one_row())
    finally:
        composite.close()


def _version(python: Path, kind: Kind) -> str:
    if not kind.distribution:
        return ""
    code = f"import importlib.metadata as m; print(m.version({kind.distribution!r}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True)
    return done.stdout.strip()
