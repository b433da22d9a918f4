"""One of two builds, timed in process by turns: `python side.py CODE SUBJECT SECONDS`.

CODE is the folder of the build's `scoring`; its own environment runs this file, which therefore imports
nothing else of the project. For each line on standard input it prints the median microseconds of each call.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

BLOCK, ARROW = 4_096, 5_000


def part(name: str) -> Any:
    """A module of the model, which lay elsewhere in the build before."""
    try:
        return import_module(f"scoring.model.{name}")
    except ModuleNotFoundError:
        return import_module(f"scoring.{name}")


def calls(subject: Path) -> dict[str, Callable[[], object]]:
    import numpy as np
    import orjson

    from scoring.monitor import DriftMonitor, Pace
    from scoring.scorer import Scorer
    from scoring.settings import ModelIdentity

    artifact = part("artifact").load(subject / "model")
    monitor = DriftMonitor(artifact.drift, part("drift").DriftRules(), Pace())
    scorer: Any = Scorer(artifact, monitor, ModelIdentity("benchmark", "1"), ARROW)
    monitor.start()
    body = scorer.body if hasattr(scorer, "body") else scorer.answer  # its name in the build before
    model = scorer.evaluator.composite if hasattr(scorer, "evaluator") else scorer.judge._composite
    singles = (subject / "single.jsonl").read_bytes().splitlines()
    rows = [orjson.loads(line)["records"][0] for line in singles]
    many = (rows * (ARROW // len(rows) + 1))[:ARROW]
    columns = {name: [row[name] for row in many] for name in many[0]}
    block = np.ascontiguousarray(scorer.encode({"records": many})[:BLOCK])
    bodies = {
        "1,000 rows, records": orjson.dumps({"records": rows}),
        "1,000 rows, columns": orjson.dumps(
            {"columns": {name: some[:1_000] for name, some in columns.items()}}
        ),
        "5,000 rows, columns": orjson.dumps({"columns": columns}),
    }
    number = 0

    def answer(content: bytes) -> bytes:
        return body(scorer.score(scorer.encode(orjson.loads(content))), "0" * 32)

    def one() -> bytes:
        nonlocal number
        number += 1
        return answer(singles[number % len(singles)])

    found: dict[str, Callable[[], object]] = {"1 row": one}
    found |= {name: lambda content=content: answer(content) for name, content in bodies.items()}
    found["model, 4,096 rows"] = lambda: model.run(block)
    try:
        import pyarrow as pa

        from scoring.arrow.reading import payload
        from scoring.arrow.writing import answer as written
    except ImportError:
        return found
    stream = io.BytesIO()
    table = pa.table(columns)
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    content = stream.getvalue()

    def arrow() -> bytes:
        batch = scorer.score(scorer.encode(payload(content, ARROW)))
        return written(batch, scorer.metadata("0" * 32))

    return {**found, "5,000 rows, Arrow": arrow}


def timed(call: Callable[[], object], seconds: float) -> float:
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < 3 or time.perf_counter() < end:
        began = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - began) / 1e3)
    return median(taken)


def main() -> None:
    code, subject, seconds = sys.argv[1:]
    sys.path[0] = code  # in place of this file's folder
    found = calls(Path(subject))
    for call in found.values():
        call()
    for _ in sys.stdin:
        print(json.dumps({name: timed(call, float(seconds)) for name, call in found.items()}), flush=True)


if __name__ == "__main__":
    main()
