"""Another build's composite alone, in blocks on one core: `python blocks.py CODE SUBJECT BLOCK SECONDS`.

The environment of that build runs this file, which therefore imports nothing else of the project.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def part(name: str) -> Any:
    try:
        return import_module(f"scoring.model.{name}")
    except ModuleNotFoundError:
        return import_module(f"scoring.{name}")


def main() -> None:
    code, subject, block, seconds = sys.argv[1:]
    sys.path[0] = code
    import orjson

    artifact = part("artifact").load(Path(subject) / "model")
    composite = part("composite").Composite(artifact.composite, artifact.schema.width)
    encoder = part("encode").Encoder(artifact.schema, int(block))
    lines = (Path(subject) / "single.jsonl").read_bytes().splitlines()[: int(block)]
    matrix = encoder.encode({"records": [orjson.loads(line)["records"][0] for line in lines]})
    composite.run(matrix)
    rows, began, before = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < float(seconds):
        composite.run(matrix)
        rows += len(matrix)
    cpu = time.process_time() - before
    print(json.dumps({"rows": rows, "seconds": time.perf_counter() - began, "cpu": cpu}))


if __name__ == "__main__":
    main()
