"""`python -m tests.scoring.soak MODEL_DIR [SECONDS]`: twice the load that the service takes, for a long time.

First as many connections as the service takes without refusing (capacity), then twice as many; refused
clients come again when they are told to. Prints one JSON object; the exit code is 1 when a goal is missed:
only 200, 429 and 503, each refusal says when to come again, nothing is cut off, the 99th percentile of
accepted requests stays within twice that at capacity, memory is flat.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from pathlib import Path
from typing import Any

from tests.scoring.load import Seen, for_seconds, load, request
from tests.scoring.test_overload import port
from tests.scoring.test_process import resident
from tests.scoring.test_workers import Group

IN_FLIGHT = 32
CAPACITY_SECONDS = 15.0
MEMORY_GROWTH = 16 * 1024 * 1024  # bytes, after the time at capacity
ROWS = (1, 5, 20, 60)


def measured(group: Group, bodies: list[bytes], connections: int, seconds: float) -> tuple[Seen, list[int]]:
    """What the clients saw, and the resident memory of the service in bytes, ten times on the way."""
    memory: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(seconds / 10):
            memory.append(resident(group.process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    seen = asyncio.run(load(port(group), bodies, connections, for_seconds(seconds)))
    done.set()
    watcher.join()
    return seen, memory


def soak(model_dir: Path, seconds: float) -> tuple[dict[str, Any], bool]:
    """The figures, and whether all goals are met."""
    group = Group(model_dir, 1, SCORING_MAX_QUEUED=str(IN_FLIGHT))
    try:
        group.ready()
        record = json.loads((model_dir / "samples.json").read_text())["request"]["records"][0]
        bodies = [request({"records": [record] * rows}) for rows in ROWS]
        capacity, _ = measured(group, bodies, IN_FLIGHT, CAPACITY_SECONDS)
        before = resident(group.process.pid)
        overload, memory = measured(group, bodies, 2 * IN_FLIGHT, seconds)
    finally:
        group.process.terminate()
        code = group.ended()
    ratio = overload.percentile(0.99) / capacity.percentile(0.99)
    growth = max(memory) - before
    goals = {
        "only 200, 429 and 503": set(overload.statuses) <= {200, 429, 503},
        "refusals say when to come again": overload.without_retry == 0,
        "nothing is cut off": overload.cut == 0,
        "accepted requests within twice the p99": ratio <= 2.0,
        "memory is flat": growth <= MEMORY_GROWTH,
        "ended well": code == 0,
    }
    figures = {
        "seconds": seconds,
        "capacity": summary(capacity, CAPACITY_SECONDS),
        "overload": summary(overload, seconds),
        "p99_ratio": round(ratio, 2),
        "memory_growth_bytes": growth,
        "memory_bytes": memory,
        "goals": goals,
    }
    return figures, all(goals.values())


def summary(seen: Seen, seconds: float) -> dict[str, Any]:
    return {
        "accepted_per_second": round(seen.statuses[200] / seconds, 1),
        "refused_per_second": round((seen.statuses[429] + seen.statuses[503]) / seconds, 1),
        "statuses": {str(status): count for status, count in sorted(seen.statuses.items())},
        "p50_ms": round(seen.percentile(0.5) * 1e3, 2),
        "p99_ms": round(seen.percentile(0.99) * 1e3, 2),
    }


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print("usage: python -m tests.scoring.soak MODEL_DIR [SECONDS]", file=sys.stderr)
        return 2
    figures, met = soak(Path(arguments[0]), float(arguments[1]) if len(arguments) == 2 else 600.0)
    print(json.dumps(figures, indent=1))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
