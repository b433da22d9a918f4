"""The usual batch: mini-batches through pandas and scikit-learn, in as many processes as there are cores.

`python -m benchmarks.batch.loop COMPOSITE ROWS COUNT WORKERS`: scores the first COUNT rows, file to file.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.scoring.naive import NaiveComposite, load

MINI_BATCH = 10_000
_loaded: list[NaiveComposite] = []


def start(file: str) -> None:
    """As `init()` of a scoring script does: once for a process."""
    _loaded.append(load(Path(file)))


def score(part: tuple[str, str]) -> tuple[int, float]:
    """As `run(mini_batch)` does: a file in, a file out. The rows, and the seconds of a processor."""
    (composite,) = _loaded
    began = time.process_time()
    source, target = part
    rows = pd.read_parquet(source)
    matrix: Any = composite.encoder.transform(rows[composite.features])
    probability = composite.classifier.predict_proba(matrix)[:, 1]
    outlier = -composite.detector.score_samples(matrix)
    found = pd.DataFrame(
        {
            "id": rows["id"],
            "probability": probability,
            "label": (probability >= 0.5).astype(np.int8),
            "outlier_score": outlier,
            "outlier": outlier > composite.outlier_threshold,
        }
    )
    found.to_parquet(target)
    return len(found), time.process_time() - began


def main() -> None:
    composite, rows, count, workers = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        known: Any = pd.read_parquet(rows).iloc[: int(count)]
        parts: list[tuple[str, str]] = []
        for number, first in enumerate(range(0, len(known), MINI_BATCH)):
            source = f"{folder}/in-{number}.parquet"
            known.iloc[first : first + MINI_BATCH].to_parquet(source)
            parts.append((source, f"{folder}/out-{number}.parquet"))
        with ProcessPoolExecutor(int(workers), initializer=start, initargs=(composite,)) as processes:
            list(processes.map(score, parts[: int(workers)]))  # each process has loaded its model
            began = time.perf_counter()
            done = list(processes.map(score, parts))
            taken = time.perf_counter() - began
    scored, cpu = (sum(each) for each in zip(*done, strict=True))
    print(json.dumps({"rows": scored, "seconds": taken, "cpu": cpu}))


if __name__ == "__main__":
    main()
