#!/usr/bin/env bash
# daft 0.7.26 (with pyarrow 25.0.1 beside it).
# Expected: the mean of whole numbers lies between the least and the greatest of them, as in numpy, Arrow,
# DuckDB and Spark, which add them up as floats or in 128 bits.
# Seen: the sum behind it is of 64 bits and wraps round. The mean of six times in nanoseconds since 1970 is a
# negative number, where the mean of five is right, so small tests are green; of ids made by hashing it is
# anything. Grouped and in SQL alike, no warning. (That sums wrap round is what others do too.) Cast to double
# before a mean.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check daft==0.7.26 pyarrow==25.0.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
from statistics import mean

import daft
import pyarrow as pa
import pyarrow.compute as pc

NOON = 1_767_268_800_000_000_000  # 1 January 2026 in nanoseconds
seen = []
for count in (5, 6, 100):
    times = pa.table({"model": ["credit"] * count, "time": [NOON + each for each in range(count)]})
    rows = daft.from_arrow(times)
    grouped = rows.groupby("model").agg(daft.col("time").mean()).to_pydict()["time"][0]
    found = [
        rows.agg(daft.col("time").mean()).to_pydict()["time"][0],
        grouped,
        daft.sql("SELECT AVG(time) AS mean FROM rows").to_pydict()["mean"][0],
    ]
    cast = rows.agg(daft.col("time").cast(daft.DataType.float64()).mean()).to_pydict()["time"][0]
    expected, arrow = mean(times["time"].to_pylist()), pc.mean(times["time"]).as_py()
    print(f"the mean of {count} times: {found}, of floats {cast}, Arrow {arrow}, exact {expected}")
    if any(abs(each / expected - 1) > 1e-9 for each in (cast, arrow)):
        raise SystemExit("The behaviour has changed.")
    seen.append([abs(each / expected - 1) < 1e-9 for each in found])
    if count > 5 and not all(each < 0 or each < NOON / 2 for each in found):
        raise SystemExit("The behaviour has changed.")
if seen != [[True] * 3, [False] * 3, [False] * 3]:
    raise SystemExit("The behaviour has changed.")
PY
