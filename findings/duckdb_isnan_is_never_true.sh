#!/usr/bin/env bash
# duckdb 2.0.1 (with pyarrow 26.0.1 and polars 2.1.0, which write the files).
# Expected: `isnan(x)` finds the same rows in a Parquet file as in the same rows in memory.
# Seen: it finds none, and neither does "x > 5", for which NaN is the largest number in memory: the smallest
# and largest value that a file states leave NaN out, as the format asks of writers, and DuckDB takes them
# for proof that there is none, which the format forbids readers. A check of data quality that counts
# `isnan(x)` is 0 on each file of pyarrow and polars, while `NOT isfinite(x)` is right. max(x) is NaN or not,
# depending on the writer. Files of DuckDB's own, and those without statistics, are fine.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0
venv/bin/python -W ignore - <<'PY'
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

rows = pa.table({"x": [1.0, float("nan"), 2.0]})
pq.write_table(rows, "pyarrow.parquet")
pl.from_arrow(rows).write_parquet("polars.parquet")
pq.write_table(rows, "unstated.parquet", write_statistics=False)
duckdb.sql("COPY rows TO 'duckdb.parquet'")
QUESTIONS = ("isnan(x)", "x > 5", "NOT (x <= 5)", "NOT isfinite(x)")


def asked(source):
    found = [len(duckdb.sql(f"SELECT x FROM {source} WHERE {question}").fetchall()) for question in QUESTIONS]
    largest = duckdb.sql(f"SELECT max(x) FROM {source}").fetchall()[0][0]
    print(f"{source}: rows found {dict(zip(QUESTIONS, found))}, max(x) {largest}")
    return found, str(largest)


seen = {name: asked(f"'{name}.parquet'") for name in ("pyarrow", "polars", "unstated", "duckdb")}
seen["memory"] = asked("rows")
sound = [1, 1, 1, 1], "nan"
expected = dict.fromkeys(seen, sound) | {"pyarrow": ([0, 0, 0, 1], "2.0"), "polars": ([0, 0, 0, 1], "nan")}
if seen != expected:
    raise SystemExit("The behaviour has changed.")
PY
