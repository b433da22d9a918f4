"""Where the time of one request goes: parts measured in process, the rest from processor time under load."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from statistics import median

import orjson
import uvloop

from benchmarks.scoring.composite import REQUEST_ID, Composite
from benchmarks.scoring.in_process import Budget, times_us
from benchmarks.scoring.model import Subject
from benchmarks.scoring.results import Load, Part, Results
from benchmarks.scoring.servers import KEY
from benchmarks.scoring.statistics import telemetry_cost
from scoring import direct
from scoring.authentication import DigestOfKey
from scoring.compose import compose
from scoring.direct import Whole
from scoring.requests import begun
from scoring.settings import KeyDigest, read

DIGEST = hashlib.sha256(KEY.encode()).hexdigest()
HEADER = f"Bearer {KEY}".encode()
WHOLE = "the whole answer"
SPELLS = 10  # a virtual machine's speed changes within seconds
Call = Callable[[int], object]


def in_process(subject: Subject, budget: Budget) -> list[Part]:
    """The parts that can be called one by one: medians over requests of real rows."""
    return uvloop.run(_parts(subject, budget))


async def _parts(subject: Subject, budget: Budget) -> list[Part]:
    bodies = subject.single.read_bytes().splitlines()
    composite = Composite(subject.artifact)
    scorer, monitor = composite.scorer, composite.monitor
    count = len(bodies)
    payloads = [orjson.loads(body) for body in bodies]
    matrices = [scorer.encode(payload) for payload in payloads]
    batches = [scorer.judge(matrix) for matrix in matrices]
    authenticator, raw = DigestOfKey(KeyDigest(DIGEST)), [_request(body) for body in bodies]
    headers = _whole(raw[0]).headers
    connection, answered = _answering(subject, raw)
    calls: dict[str, Call] = {
        "HTTP of the request": lambda number: direct.read(raw[number % count]),
        "caller's key": lambda _: authenticator.knows(HEADER),
        "identifiers": lambda _: begun("POST", "/score", headers, 0),
        "JSON of the request": lambda number: orjson.loads(bodies[number % count]),
        "contract and encoding": lambda number: scorer.encode(payloads[number % count]),
        "composite and thresholds": lambda number: scorer.judge(matrices[number % count]),
        "count for drift": lambda number: monitor.observe(matrices[number % count]),
        "JSON of the answer": lambda number: scorer.answer(batches[number % count], REQUEST_ID),
        WHOLE: answered,
    }
    try:
        found = in_spells(calls, budget)
    finally:
        composite.close()
    if not all(head.startswith(b"HTTP/1.1 200 ") for head in connection.heads):
        raise RuntimeError(f"the service answered {connection.heads[:3]}")
    whole = found.pop(WHOLE)
    parts = [Part(name, us, "called by itself") for name, us in found.items()]
    how = "one request answered in process, from bytes to bytes, less the parts above"
    return [*parts, Part("queue, head of the answer", max(0.0, whole - sum(found.values())), how)]


def in_spells(calls: Mapping[str, Call], budget: Budget) -> dict[str, float]:
    """Median microseconds of each call: all in turn, several times, so that all meet the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    spell = Budget(budget.seconds / SPELLS, max(1, budget.runs // SPELLS), budget.warm)
    for _ in range(SPELLS):
        for name, call in calls.items():
            taken[name] += times_us(call, spell)
    return {name: median(times) for name, times in taken.items()}


class _Connection:
    """Where answers go."""

    def __init__(self) -> None:
        self.held: Whole | None = None
        self.heads: list[bytes] = []

    def answer(self, head: bytes, body: bytes) -> None:
        self.heads.append(head)

    def usual(self, data: bytes) -> None:
        raise RuntimeError(f"not answered directly: {data[:200]!r}")


def _answering(subject: Subject, raw: list[bytes]) -> tuple[_Connection, Call]:
    """A call of the service that answers one request, but for connection and event loop; within a loop."""
    service = compose(read({"MODEL_DIR": str(subject.artifact), "API_KEY_SHA256": DIGEST}))
    connection = _Connection()

    def answered(number: int) -> None:
        service.direct.take(connection, _whole(raw[number % len(raw)]))
        service.direct.answer(connection)

    return connection, answered


def _whole(data: bytes) -> Whole:
    whole = direct.read(data)
    if whole is None:
        raise RuntimeError(f"not read directly: {data[:200]!r}")
    return whole


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
        left = Part("event loop, left over", max(0.0, rest), f"user {how}, less the parts that were called")
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
