"""Look-ups while the next run is loaded: `python -m benchmarks.precomputed --rows 10000000 --rate 1000`.

A real PostgreSQL server on loopback, with disk writes, TLS and sign-in; look-ups as the service makes them,
at a steady rate, without HTTP. Loader, server and look-ups share this machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from ml.lake.arrow import ArrowBatch
from ml.precomputed.postgres import ServerStore
from ml.precomputed.rows import BLOCK_ROWS, COLUMNS
from ml.precomputed.schema import READER, WRITER, Member, prepare
from ml.precomputed.store import Batch
from scoring.precomputed.lookup import ServerReader
from scoring.precomputed.lookups import Lookups
from tools.databases.server import Running, running

LOADS, LOOKS = "loads", "looks"
MEMBERS = (
    Member(LOADS, "00000000-0000-4000-8000-000000000001", WRITER),
    Member(LOOKS, "00000000-0000-4000-8000-000000000002", READER),
)


def batch(number: int, rows: int) -> Batch:
    def blocks() -> Iterator[ArrowBatch]:
        random_ = np.random.default_rng(number)
        for begin in range(0, rows, BLOCK_ROWS):
            size = min(BLOCK_ROWS, rows - begin)
            keys = pa.array(np.arange(begin, begin + size)).cast(pa.string())
            probability = random_.random(size)
            labels = (probability > 0.5).astype(np.int8)
            columns = [keys, probability, labels, random_.random(size), random_.random(size) > 0.99]
            yield pa.record_batch(columns, names=list(COLUMNS))

    return Batch(f"b-{number}", "model:1", "sha256:0", "r-0", datetime.now(UTC), rows, blocks)


async def ask(lookups: Lookups, rows: int, rate: float, stopped: threading.Event) -> tuple[list[float], int]:
    """Seconds of each look-up, and how many failed or found nothing."""
    took, failed, tasks = list[float](), 0, set[asyncio.Task[None]]()
    random_ = random.Random(7)  # noqa: S311 - which keys are asked for is no secret

    async def one(due: float) -> None:
        nonlocal failed
        try:
            found = await lookups.look(str(random_.randrange(rows)))
            failed += found.prediction is None
        except Exception:  # noqa: BLE001 - whatever it is, it is counted
            failed += 1
        took.append(time.perf_counter() - due)

    begun, count = time.perf_counter(), 0
    while not stopped.is_set():
        while (due := begun + count / rate) <= time.perf_counter():
            task = asyncio.create_task(one(due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            count += 1
        await asyncio.sleep(0.001)
    await asyncio.gather(*tasks)
    return took, failed


def measured(server: Running, rows: int, rate: float) -> dict[str, float]:
    def token() -> str:
        return server.token

    prepare(server.address(), token, MEMBERS, server.authorities)
    store = ServerStore(server.address(LOADS), token, server.authorities)
    began = time.perf_counter()
    store.load(batch(1, rows), 2, lambda _done, _all: None)
    alone = time.perf_counter() - began
    lookups = Lookups(lambda: ServerReader(server.address(LOOKS), token, 10.0, server.authorities), 4, 10.0)
    stopped, seconds = threading.Event(), list[float]()

    def load() -> None:
        began = time.perf_counter()
        store.load(batch(2, rows), 2, lambda _done, _all: None)
        seconds.append(time.perf_counter() - began)
        stopped.set()

    thread = threading.Thread(target=load)
    thread.start()
    took, failed = asyncio.run(ask(lookups, rows, rate, stopped))
    thread.join()
    lookups.close(1.0)
    cut = statistics.quantiles(took, n=100)
    return {
        "rows": rows,
        "load_alone_seconds": round(alone, 1),
        "load_with_look_ups_seconds": round(seconds[0], 1),
        "look_ups": len(took),
        "look_ups_a_second": round(len(took) / seconds[0]),
        "failed_or_missed": failed,
        "p50_ms": round(1000 * cut[49], 2),
        "p99_ms": round(1000 * cut[98], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precomputed", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=1_000.0, help="look-ups a second")
    given = parser.parse_args()
    with running() as server:
        print(json.dumps(measured(server, given.rows, given.rate), indent=1))


if __name__ == "__main__":
    main()
