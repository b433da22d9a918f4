"""A fleet beside one model, by turns in one run: latency with keys drawn uniformly, memory, and a miss.

    python -m benchmarks.fleet [--models N] [--rounds N] [--seconds S] [--json FILE]

The goals: all models in memory within 1 GB, and a p99 of at most 1.5 times that of one model.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.fleet import many
from benchmarks.scoring import tools
from benchmarks.scoring.cache import BenchmarkError
from benchmarks.scoring.load import Found, Generator, Shape
from benchmarks.scoring.model import Subject, subject
from benchmarks.scoring.processes import ServerError, cores, get, post
from benchmarks.scoring.servers import BY_KEY, KEY, Kind, Start
from benchmarks.scoring.serving import Plan, Running, started
from benchmarks.scoring.statistics import by_turns, quantile

CONNECTIONS: Final = (1, 8)
MOST_RATIO, MOST_MB = 1.5, 1_000.0
READY_SECONDS = 600.0
MISSES = 200
HEADERS: Final = {"authorization": f"Bearer {KEY}"}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    console = Console(stderr=True)
    try:
        found = measure(
            given.models, given.rounds, given.seconds, lambda text: console.print(text, soft_wrap=True)
        )
    except (BenchmarkError, ServerError) as error:
        console.print(f"[red]{error}[/]")
        return 1
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    return show(found)


def measure(models: int, rounds: int, seconds: float, say: tools.Say) -> dict[str, Any]:
    """Raises BenchmarkError or ServerError."""
    one = subject(say)
    folder, names = many.fleet_of(one, models, say), many.keys(models)
    program, on = tools.load_generator(say), cores()
    plan = Plan(CONNECTIONS, rounds, seconds, 1.0, on[:1], 1)
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as scratch:
        keyed = many.requests(one, names, Path(scratch) / "keyed.jsonl")
        beside = _beside(one, folder, keyed, plan, program, on, models, say)
        say("a fleet of which a tenth fits")
        tight = _tight(one, folder, keyed, names, plan, program, on)
    return {**beside, "tight": tight}


def _beside(
    one: Subject,
    folder: Path,
    keyed: Path,
    plan: Plan,
    program: Path,
    on: list[int],
    models: int,
    say: tools.Say,
) -> dict[str, Any]:
    """One model and the fleet by turns, round by round."""
    rounds, seconds = plan.rounds, plan.seconds
    with ExitStack() as stack:
        single = stack.enter_context(started(BY_KEY["ours"], one, plan, say))
        say(f"starting a fleet of {models:,} models")
        began = time.perf_counter()
        fleet = stack.enter_context(started(_kind(folder, 900), one, plan, say, check=False))
        held = _resident(fleet, models)
        loaded_s = time.perf_counter() - began
        contestants = {
            "single": (single, Generator(program, one.single, on[-1:])),
            "fleet": (fleet, Generator(program, keyed, on[-1:])),
        }
        turns: dict[str, dict[int, list[Found]]] = {name: {} for name in contestants}
        for number in range(rounds + 1):
            for connections in CONNECTIONS:
                shape = Shape(connections, seconds if number else plan.warm_seconds)
                for name, (running, generator) in contestants.items():
                    found = generator.run(running.url, HEADERS, shape)
                    if found.failed or not found.accepted:
                        raise ServerError(f"{name}: {found.statuses} {found.errors}")
                    if number:  # the first round warms up
                        turns[name].setdefault(connections, []).append(found)
                say(f"round {number} of {rounds}, {connections} connections")
        memory = {name: memory_of(running) for name, (running, _) in contestants.items()}
        still = _resident(fleet, models)
    return {
        "models": models,
        "resident": held,
        "resident_after": still,
        "loaded_s": loaded_s,
        "memory": memory,
        "turns": {
            name: {
                str(connections): [
                    {"p50": one.p50, "p99": one.p99, "per_second": one.per_second} for one in all_
                ]
                for connections, all_ in by.items()
            }
            for name, by in turns.items()
        },
    }


def memory_of(running: Running) -> dict[str, float]:
    memory = running.process.memory()
    return {"resident_mb": memory.resident, "pss_mb": memory.pss}


def _kind(folder: Path, mebibytes: int, *, preload: bool = True) -> Kind:
    """Our service with a fleet in place of the model; ready is when it answers, and not when all is read."""
    ours = BY_KEY["ours"]

    def variables(start: Start) -> dict[str, str]:
        return {
            **ours.variables(start),
            "MODEL_DIR": str(folder),
            "SCORING_FLEET_MEMORY_MIB": str(mebibytes),
            "SCORING_FLEET_PRELOAD": str(preload).lower(),
        }

    return replace(ours, key="fleet", title="a fleet", variables=variables, ready="/healthz")


def _resident(running: Running, models: int) -> dict[str, int]:
    """What is in memory, once the service is ready. Raises ServerError when a model is not."""
    end = time.perf_counter() + READY_SECONDS
    while get(running.port, "/readyz")[0] != 200:
        if time.perf_counter() > end:
            raise ServerError(f"not ready after {READY_SECONDS:.0f} s\n{running.process.log()}")
        time.sleep(0.2)
    held = _asked(running)
    if held["models"] != models:
        raise ServerError(f"{held['models']} of {models} models are in memory")
    return held


def _asked(running: Running) -> dict[str, int]:
    import httpx

    told = httpx.get(f"http://127.0.0.1:{running.port}/fleet", headers=HEADERS, trust_env=False, timeout=30)
    return told.raise_for_status().json()["resident"]


def _tight(
    one: Subject,
    folder: Path,
    keyed: Path,
    names: list[str],
    plan: Plan,
    program: Path,
    on: list[int],
) -> dict[str, Any]:
    """Misses one after another, and keys drawn uniformly where a tenth of the models fits."""
    size = max(1, len(names) * 272_000 // 10 // 2**20)
    with started(_kind(folder, size, preload=False), one, plan, print, check=False) as running:
        body = orjson.loads(one.one_row())
        taken: list[float] = []
        for name in names[:MISSES]:
            began = time.perf_counter()
            status, content = post(running.port, "/score", orjson.dumps({**body, "member": name}), HEADERS)
            if status != 200:
                raise ServerError(f"answered {status}: {content[:300]!r}")
            taken.append((time.perf_counter() - began) * 1e3)
        held = _asked(running)
        found = Generator(program, keyed, on[-1:]).run(running.url, HEADERS, Shape(1, plan.seconds))
    return {
        "miss_p50_ms": median(taken),
        "miss_p99_ms": quantile(taken, 0.99),
        "models": held["models"],
        "most_mib": size,
        "p50_ms": found.p50 / 1e3,
        "p99_ms": found.p99 / 1e3,
    }


def show(found: dict[str, Any]) -> int:
    """The table, and 1 when a goal is not met."""
    models = found["models"]
    made = Table(title=f"{models:,} models in one service, beside one model, by turns", title_justify="left")
    for heading in ("what", "one model", "fleet", "ratio", "goal", ""):
        made.add_column(heading)
    ended = 0
    for connections in map(str, CONNECTIONS):
        single, fleet = (found["turns"][name][connections] for name in ("single", "fleet"))
        for figure in ("p50", "p99"):
            ratio = by_turns([one[figure] for one in fleet], [one[figure] for one in single])
            goal, state = "", ""
            if figure == "p99":
                met = ratio <= MOST_RATIO
                ended |= not met
                goal, state = f"at most {MOST_RATIO:g}", "met" if met else "not met"
            values = [f"{median(one[figure] for one in all_):,.0f} us" for all_ in (single, fleet)]
            made.add_row(f"{figure}, {connections} connections", *values, f"{ratio:.2f}", goal, state)
    memory = found["memory"]
    met = memory["fleet"]["pss_mb"] <= MOST_MB
    ended |= not met
    shown = [f"{memory[name]['pss_mb']:,.0f} MB" for name in ("single", "fleet")]
    made.add_row("memory (PSS)", *shown, "", f"at most {MOST_MB:,.0f} MB", "met" if met else "not met")
    made.add_row("until all are in memory", "", f"{found['loaded_s']:.0f} s", "", "", "")
    tight = found["tight"]
    made.add_row("a miss, alone: p50, p99", "", f"{tight['miss_p50_ms']:.1f}, {tight['miss_p99_ms']:.1f} ms")
    made.add_row(
        f"{tight['models']} of {models:,} fit: p50, p99",
        "",
        f"{tight['p50_ms']:.1f}, {tight['p99_ms']:.1f} ms",
    )
    Console(width=130).print(made)
    return int(ended)


if __name__ == "__main__":
    sys.exit(main())
