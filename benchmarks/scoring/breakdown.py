"""Where the time of one request goes: parts timed in process, the rest from processor time under load."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from unittest.mock import patch

import orjson
import uvloop

from benchmarks.scoring.composite import Composite
from benchmarks.scoring.in_process import Budget
from benchmarks.scoring.model import Subject
from benchmarks.scoring.results import TOGETHER, Load, Part, Results
from benchmarks.scoring.servers import KEY
from benchmarks.scoring.statistics import telemetry_cost
from scoring.http import direct
from scoring.http.app import Service
from scoring.http.authentication import DigestOfKey
from scoring.http.direct import Whole
from scoring.scorer import Scorer
from scoring.settings import KeyDigest, Limits
from scoring.telemetry.queue import Telemetry

DIGEST = hashlib.sha256(KEY.encode()).hexdigest()
SPELLS = 10  # a virtual machine's speed changes within seconds
MARKED = "timed while requests were answered in process"
REST = "queue, turn of the event loop, head of the answer"


def in_process(subject: Subject, budget: Budget) -> list[Part]:
    """The parts of answering a request, by itself and with others: medians over requests of real rows."""
    composite = Composite(subject.artifact)
    try:
        return uvloop.run(_parts(composite.scorer, subject.single.read_bytes().splitlines(), budget))
    finally:
        composite.close()


async def _parts(scorer: Scorer, bodies: list[bytes], budget: Budget) -> list[Part]:
    authenticator = DigestOfKey(KeyDigest(DIGEST))
    service = Service(scorer, authenticator, Telemetry(None), Limits())
    marks = Marks(
        {
            "HTTP of the request": (direct, "read"),
            "caller's key": (authenticator, "knows"),
            "identifiers": (direct, "begun"),
            "JSON of the request": (orjson, "loads"),
            "contract and encoding": (scorer, "encode"),
            "composite and thresholds": (scorer, "judge"),
            "count for drift": (scorer.monitor, "observe"),
            "JSON of the answer": (scorer, "body"),
        }
    )
    raw = list(map(_request, bodies))
    together = await _costs(Answering(service, raw, TOGETHER), marks, budget)
    alone = await _costs(Answering(service, raw, 1), marks, budget)
    how = dict.fromkeys(marks.targets, MARKED) | {REST: "the whole, less the parts above"}
    return [Part(name, us, how[name], alone[name]) for name, us in together.items()]


class Marks:
    """The time spent in functions, while they are replaced by such that look at the clock.

    `targets`: by name, what holds the function, and as what.
    """

    def __init__(self, targets: dict[str, tuple[object, str]]) -> None:
        self.targets = targets
        self.spent_ns = dict.fromkeys(targets, 0)

    @contextmanager
    def set(self) -> Generator[None]:
        with ExitStack() as stack:
            for name, (holder, attribute) in self.targets.items():
                marked = self._marked(name, getattr(holder, attribute))
                stack.enter_context(patch.object(holder, attribute, marked))
            yield

    def _marked(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        clock, spent_ns = time.perf_counter_ns, self.spent_ns

        def marked(*arguments: object) -> object:
            began = clock()
            try:
                return call(*arguments)
            finally:
                spent_ns[name] += clock() - began

        return marked

    def take(self) -> dict[str, int]:
        """What was spent since it was taken last."""
        taken = dict(self.spent_ns)
        for name in taken:
            self.spent_ns[name] = 0
        return taken


@dataclass(slots=True)
class _Connection:
    held: Whole | None = None
    head: bytes = b""

    def send(self, head: bytes, body: bytes) -> None:
        self.head = head

    def usual(self, data: bytes) -> None:
        raise RuntimeError(f"not answered directly: {data[:200]!r}")


@dataclass(slots=True)
class Answering:
    """Requests that are answered as the service does it, but for their connections; `group` in one turn."""

    service: Service
    raw: list[bytes]
    group: int
    connections: list[_Connection] = field(init=False)
    _next: int = 0

    def __post_init__(self) -> None:
        self.connections = [_Connection() for _ in range(self.group)]

    async def answer(self) -> float:
        """Microseconds for each request."""
        began = time.perf_counter_ns()
        for connection in self.connections:
            data = self.raw[self._next % len(self.raw)]
            self._next += 1
            whole = direct.read(data)
            if whole is None or not self.service.direct.take(connection, whole):
                raise RuntimeError(f"not read directly: {data[:200]!r}")
        await asyncio.sleep(0)
        taken = (time.perf_counter_ns() - began) / 1e3 / self.group
        for connection in self.connections:
            if not connection.head.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(f"the service answered {connection.head[:200]!r}")
            connection.head = b""
        return taken


async def _costs(answering: Answering, marks: Marks, budget: Budget) -> dict[str, float]:
    """Median microseconds of each part for one request, and what is left of the whole.

    The whole is timed without marks. Both in turn, several times, so that they meet the same machine.
    """
    whole: list[float] = []
    parts: dict[str, list[float]] = {name: [] for name in marks.targets}
    spell = Budget(budget.seconds / SPELLS / 4, max(3, budget.runs // SPELLS), budget.warm)
    for _ in range(SPELLS):
        for _ in range(budget.warm):
            await answering.answer()
        whole += [us async for us in _spell(answering, spell)]
        with marks.set():
            async for _ in _spell(answering, spell):
                for name, ns in marks.take().items():
                    parts[name].append(ns / 1e3 / answering.group)
    found = {name: median(times) for name, times in parts.items()}
    return {**found, REST: max(0.0, median(whole) - sum(found.values()))}


async def _spell(answering: Answering, budget: Budget) -> AsyncIterator[float]:
    end = time.perf_counter() + budget.seconds
    for _ in range(budget.runs):
        yield await answering.answer()
        if time.perf_counter() >= end:
            return


def _request(body: bytes) -> bytes:
    """As the load generator sends it."""
    head = f"POST /score HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\n\r\n".encode() + body


def with_serving(parts: list[Part], results: Results) -> list[Part]:
    """The parts, and those that show only under load: kernel, HTTP, what is left over, telemetry."""
    found = list(parts)
    ours, floor = _busiest(results, "ours"), _busiest(results, "constant")
    if ours and floor:
        how = f"processor time for one request at {ours.connections} connections"
        network = Part("kernel: sockets", floor.server_system, f"system {how}, answering a constant")
        more = ours.server_system - floor.server_system
        kernel = Part("kernel: threads, memory", max(0.0, more), f"system {how}, above that of a constant")
        rest = ours.server_user - sum(part.us for part in parts)
        left = Part("event loop, left over", max(0.0, rest), f"user {how}, less what was timed in process")
        found = [network, *parts, kernel, left]
    if results.telemetry:
        spent = results.telemetry.server_on - results.telemetry.server_off
        cost = f"{telemetry_cost(results.telemetry):.0%} of the throughput"
        found.append(Part("telemetry, when on", max(0.0, spent), f"processor time on less off; {cost}"))
    return found


def _busiest(results: Results, key: str) -> Load | None:
    """The load with the most connections on one core."""
    served = results.server(key, 1)
    return served.loads[-1] if served and served.loads else None
