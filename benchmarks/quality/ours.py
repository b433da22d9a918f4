"""The daily report over a folder that data.py made: seconds from closed table to written report, peak memory.

Libraries are imported before the time begins, as those of the peers are.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path


def main(folder: Path) -> None:
    for library in ("deltalake", "pyarrow.compute", "pyarrow.dataset", "pyarrow.parquet"):
        import_module(library)

    from benchmarks.quality.data import DATE, MODEL
    from ml.lake import tables
    from ml.quality import daily, store
    from ml.quality.place import contracts
    from ml.quality.rules import Rules

    files = store.Folder(folder / "files")
    began, cpu = time.perf_counter(), time.process_time()
    there = tables.open_table(folder / "answers")
    if there is None:
        raise SystemExit(f"{folder} has no table")
    known = contracts(files, {MODEL: folder / "manifest.json"}, None)
    sources = daily.Sources(there.to_pyarrow_dataset(), None, files, known)
    report = daily.report("bench", sources, DATE, Rules(), dt.datetime.now(dt.UTC))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"rows": report.rows, "seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak}
    print(json.dumps({**told, "verdict": report.diagnosis.verdict}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
