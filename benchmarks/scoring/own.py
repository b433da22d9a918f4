"""Our service by itself: what telemetry costs, how it starts, what it weighs, what it does under too much."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from statistics import median

from benchmarks.scoring import ingestion
from benchmarks.scoring.load import Generator, Shape, parse
from benchmarks.scoring.model import Subject
from benchmarks.scoring.processes import Memory, ServerError, post
from benchmarks.scoring.results import Floor, Load, Soak, Start, Telemetry
from benchmarks.scoring.servers import BY_KEY
from benchmarks.scoring.serving import Plan, loaded, started
from benchmarks.scoring.tools import Say
from scoring.settings import Limits

CONNECTIONS = 32
SETTLE_SECONDS = 4.0  # the exporters are imported after the service is ready
OVERLOAD = 2.0
OPEN_CONNECTIONS = 512
SAMPLES = 40
QUIET_SECONDS, QUIETS = 6.0, 5  # exporters send every few seconds
EVENTS, TRACES = "EventData", "RequestData"


def floor(subject: Subject, generator: Generator, plan: Plan, say: Say) -> Floor:
    """Our service and the constant answer, loaded in turns."""
    ours, constant = BY_KEY["ours"], BY_KEY["constant"]
    with ExitStack() as stack:
        say("floor: starting our service and the constant answer")
        running = [stack.enter_context(started(kind, subject, plan, say)) for kind in (ours, constant)]
        for one in running:
            loaded(one, generator, Shape(CONNECTIONS, plan.warm_seconds or 0.2))
        loads: list[list[Load]] = [[], []]
        for number in range(plan.rounds):
            say(f"floor, turn {number + 1}")
            for which in (0, 1) if number % 2 else (1, 0):
                loads[which].append(loaded(running[which], generator, Shape(CONNECTIONS, plan.seconds)))
    return Floor(
        connections=CONNECTIONS,
        ours=[load.per_second for load in loads[0]],
        constant=[load.per_second for load in loads[1]],
        server_ours=median(load.server_user + load.server_system for load in loads[0]),
        server_constant=median(load.server_user + load.server_system for load in loads[1]),
    )


def telemetry(subject: Subject, generator: Generator, plan: Plan, say: Say) -> Telemetry:
    """Two services, one with telemetry, loaded in turns."""
    loads: dict[bool, list[Load]] = {False: [], True: []}
    ours = BY_KEY["ours"]
    with ExitStack() as outer:
        there = outer.enter_context(ingestion.running(generator.cores))
        with ExitStack() as stack:
            say("telemetry: starting the service without and with it")
            services = {
                on: stack.enter_context(started(ours, subject, plan, say, there.variables() if on else {}))
                for on in (False, True)
            }
            time.sleep(SETTLE_SECONDS)
            for service in services.values():
                loaded(service, generator, Shape(CONNECTIONS, plan.warm_seconds or 0.2))
            before = _arrived(there)
            for number in range(plan.rounds):
                for on in (False, True) if number % 2 else (True, False):
                    say(f"telemetry {'on' if on else 'off'}, turn {number + 1}")
                    loads[on].append(loaded(services[on], generator, Shape(CONNECTIONS, plan.seconds)))
        after = there.kinds()  # the services have ended, so all that they sent has arrived
    return Telemetry(
        connections=CONNECTIONS,
        off=[load.per_second for load in loads[False]],
        on=[load.per_second for load in loads[True]],
        requests=sum(load.accepted for load in loads[True]),
        events=after.get(EVENTS, 0) - before.get(EVENTS, 0),
        told=after.get(ingestion.TOLD, 0) - before.get(ingestion.TOLD, 0),
        traces=after.get(TRACES, 0) - before.get(TRACES, 0),
        server_off=median(load.server_user + load.server_system for load in loads[False]),
        server_on=median(load.server_user + load.server_system for load in loads[True]),
    )


def _arrived(there: ingestion.StandIn) -> dict[str, int]:
    """The counts once nothing more comes: what the warming up has sent does not count."""
    found = there.kinds()
    for _ in range(QUIETS):
        time.sleep(QUIET_SECONDS)
        before, found = found, there.kinds()
        if found == before:
            break
    return found


def starts(subject: Subject, generator: Generator, plan: Plan, count: int, say: Say) -> list[Start]:
    """Without and with telemetry: from exec to readiness and to the first score; memory after load."""
    with ingestion.running(generator.cores) as there:
        return [
            _start(subject, generator, plan, count, there.variables() if on else {}, say)
            for on in (False, True)
        ]


def _start(
    subject: Subject, generator: Generator, plan: Plan, count: int, more: Mapping[str, str], say: Say
) -> Start:
    kind = BY_KEY["ours"]
    title = "with telemetry" if more else "without telemetry"
    ready: list[float] = []
    first: list[float] = []
    memory = Memory(0.0, 0.0)
    for number in range(count):
        say(f"start {number + 1} {title}")
        with started(kind, subject, plan, say, more, check=False) as service:
            status, _ = post(service.port, "/score", subject.one_row(), kind.headers)
            first.append(time.perf_counter() - service.process.began)
            if status != 200:
                raise ServerError(f"the first score was answered {status}\n{service.process.log()}")
            ready.append(service.ready_s)
            if number == count - 1:
                time.sleep(SETTLE_SECONDS if more else 0.0)
                generator.run(service.url, kind.headers, Shape(CONNECTIONS, plan.seconds))
                memory = service.process.memory()
    return Start(title, bool(more), count, median(ready), median(first), memory.resident, memory.pss)


def soak(subject: Subject, generator: Generator, plan: Plan, seconds: float, say: Say) -> Soak:
    """Twice the requests that it takes are due each second, whatever it answers."""
    kind = BY_KEY["ours"]
    with started(kind, subject, plan, say) as service:
        admitted = Limits().queued
        say(f"soak: what it takes, with {admitted} requests in flight")
        capacity = loaded(service, generator, Shape(admitted, max(2.0, plan.seconds)))
        rate = OVERLOAD * capacity.per_second
        say(f"soak: {rate:.0f} requests a second for {seconds:g} s")
        memory: list[float] = []
        shape = Shape(OPEN_CONNECTIONS, seconds, rate)
        with generator.start(service.url, kind.headers, shape) as running:
            end = time.monotonic() + seconds
            while running.poll() is None and time.monotonic() < end:
                time.sleep(min(seconds / SAMPLES, max(0.0, end - time.monotonic())))
                memory.append(service.process.memory().resident)
            output, problem = running.communicate()
        if running.returncode:
            raise ServerError(f"the load generator ended with {running.returncode}: {problem.strip()}")
        found = parse(output)
        say("soak: afterwards it has to score as before")
        status, _ = post(service.port, "/score", subject.one_row(), kind.headers)
        if status != 200:
            raise ServerError(f"after the soak a score was answered {status}\n{service.process.log()}")
    due = sum(found.statuses.values()) + sum(found.errors.values()) + found.unsent
    return Soak(
        seconds=seconds,
        capacity=capacity.per_second,
        rate=rate,
        accepted_per_second=found.per_second,
        refused_share=found.refused / due,
        unsent_share=found.unsent / due,
        failed=found.failed,
        p99_at_capacity=capacity.p99,
        p99_accepted=found.p99,
        resident_mb=memory,
        statuses={**found.statuses, **found.errors},
    )
