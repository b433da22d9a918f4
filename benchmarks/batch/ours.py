"""Our batch as a whole job, from file to table: `python -m benchmarks.batch.ours MODEL ROWS WORKERS KEY`."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from ml.batch.evaluate import load
from ml.batch.run import Limits, run


def main() -> None:
    model, rows, workers, key = sys.argv[1:]
    limits = Limits(workers=int(workers))
    began = time.perf_counter()
    composite = load(Path(model), "benchmark:1", None, limits.block_rows)
    with tempfile.TemporaryDirectory() as output:
        started, busy = time.perf_counter(), time.process_time()
        answer = run(composite, rows, output, key or None, limits)
        taken, busy = time.perf_counter() - started, time.process_time() - busy
    found = {
        "rows": answer["rows"],
        "seconds": taken,
        "cpu": busy,
        "busy": busy / taken / limits.threads,
        "start": started - began,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "by": composite.evaluator.name,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
