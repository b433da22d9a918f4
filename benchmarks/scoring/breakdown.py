"""Where the time of one request goes: parts measured in process, the rest from processor time under load."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

import orjson
import uvloop

from benchmarks.scoring.composite import REQUEST_ID, Composite
from benchmarks.scoring.in_process import Budget, times_us
from benchmarks.scoring.model import Subject
from benchmarks.scoring.results import Load, Part, Results
from benchmarks.scoring.servers import KEY
from benchmarks.scoring.statistics import telemetry_cost
from scoring.authentication import DigestOfKey
from scoring.compose import compose
from scoring.settings import KeyDigest, read

DIGEST = hashlib.sha256(KEY.encode()).hexdigest()
HEADER = f"Bearer {KEY}".encode()


def in_process(subject: Subject, budget: Budget) -> list[Part]:
    """The parts that can be called one by one: medians over requests of real rows."""
    bodies = subject.single.read_bytes().splitlines()
    composite = Composite(subject.artifact)
    scorer, monitor = composite.scorer, composite.monitor
    count = len(bodies)
    payloads = [orjson.loads(body) for body in bodies]
    matrices = [scorer.encode(payload) for payload in payloads]
    batches = [scorer.judge(matrix) for matrix in matrices]
    calls: tuple[tuple[str, Callable[[int], object]], ...] = (
        ("JSON of the request", lambda number: orjson.loads(bodies[number % count])),
        ("contract and encoding", lambda number: scorer.encode(payloads[number % count])),
        ("composite and thresholds", lambda number: scorer.judge(matrices[number % count])),
        ("count for drift", lambda number: monitor.observe(matrices[number % count])),
        ("JSON of the answer", lambda number: scorer.answer(batches[number % count], REQUEST_ID)),
    )
    try:
        parts = [Part(name, median(times_us(call, budget)), "called by itself") for name, call in calls]
    finally:
        composite.close()
    key, service = uvloop.run(_asynchronous(subject, bodies, budget))
    parts.append(Part("caller's key", key, "called by itself"))
    layers = service - sum(part.us for part in parts)
    how = "the whole ASGI application called in process, less the parts above"
    parts.append(Part("routing, identifiers, body, deadline", max(0.0, layers), how))
    return parts


async def _asynchronous(subject: Subject, bodies: list[bytes], budget: Budget) -> tuple[float, float]:
    """Of checking a key, and of the ASGI application answering one request without a server."""
    authenticator = DigestOfKey(KeyDigest(DIGEST))
    application = compose(read({"MODEL_DIR": str(subject.artifact), "API_KEY_SHA256": DIGEST})).application()
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def score(number: int) -> None:
        body = bodies[number % len(bodies)]
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Any:
            return next(messages)

        await application(_scope(len(body)), receive, send)

    await score(0)
    if sent[0]["status"] != 200:
        raise RuntimeError(f"the application answered {sent}")
    sent.clear()
    key = await _median_us(lambda number: authenticator.allows(HEADER), budget)
    return key, await _median_us(score, budget)


async def _median_us(call: Callable[[int], Awaitable[object]], budget: Budget) -> float:
    clock = time.perf_counter_ns  # the loop's own clock counts milliseconds
    for number in range(budget.warm):
        await call(number)
    found: list[float] = []
    end = clock() + int(budget.seconds * 1e9)
    while len(found) < 3 or (len(found) < budget.runs and clock() < end):
        began = clock()
        await call(len(found))
        found.append((clock() - began) / 1e3)
    return median(found)


def _scope(length: int) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50_000),
        "scheme": "http",
        "root_path": "",
        "method": "POST",
        "path": "/score",
        "raw_path": b"/score",
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1:8080"),
            (b"authorization", HEADER),
            (b"content-type", b"application/json"),
            (b"content-length", str(length).encode()),
        ],
        "state": {},
    }


def with_serving(parts: list[Part], results: Results) -> list[Part]:
    """The parts, and those that show only under load: kernel, HTTP, what is left over, telemetry."""
    found = list(parts)
    ours, floor = _busiest(results, "ours"), _busiest(results, "constant")
    if ours and floor:
        how = f"processor time for one request at {ours.connections} connections"
        network = Part("kernel: sockets", floor.server_system, f"system {how}, answering a constant")
        more = ours.server_system - floor.server_system
        kernel = Part("kernel: threads, memory", max(0.0, more), f"system {how}, above that of a constant")
        http = Part("event loop and HTTP", floor.server_user, f"user {how}, answering a constant")
        rest = ours.server_user - floor.server_user - sum(part.us for part in parts)
        left = Part("left over", max(0.0, rest), f"user {how}, less all the above: caches, collector, drift")
        found = [network, http, *parts, kernel, left]
    if results.telemetry:
        spent = results.telemetry.server_on - results.telemetry.server_off
        cost = f"{telemetry_cost(results.telemetry):.0%} of the throughput"
        found.append(Part("telemetry, when on", max(0.0, spent), f"processor time on less off; {cost}"))
    return found


def _busiest(results: Results, key: str) -> Load | None:
    """The load with the most connections on one core."""
    served = results.server(key, 1)
    return served.loads[-1] if served and served.loads else None
