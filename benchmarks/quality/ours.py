"""The daily report over a folder that data.py made: seconds from closed table to report, peak memory."""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time
from pathlib import Path


def main(folder: Path) -> None:
    from benchmarks.quality.data import DATE, MODEL
    from ml.lake import tables
    from ml.quality import daily, store
    from ml.quality.place import contracts
    from ml.quality.rules import Rules

    files = store.Folder(folder / "files")
    began = time.perf_counter()
    there = tables.open_table(folder / "answers")
    if there is None:
        raise SystemExit(f"{folder} has no table")
    known = contracts(files, {MODEL: folder / "manifest.json"}, None)
    sources = daily.Sources(there.to_pyarrow_dataset(), None, files, known)
    report = daily.report("bench", sources, DATE, Rules(), dt.datetime.now(dt.UTC))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"rows": report.rows, "seconds": seconds, "peak_mb": peak, "verdict": report.diagnosis.verdict}
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
