#!/usr/bin/env bash
# duckdb-kql 1.1.2 with duckdb 2.0.1.
# Expected: "mean duration > 100" over a window without requests returns no row: NaN, the mean of nothing,
# is not greater than any number (IEEE 754).
# Seen: a row is returned whatever the limit is, since the mean becomes NaN and DuckDB orders NaN above all
# numbers.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 duckdb-kql==1.1.2
venv/bin/python -W ignore - <<'PY'
import duckdb
import duckdb_kql

database = duckdb.connect()
database.execute("create table Requests (DurationMs double)")
seen = {}
for limit in (100, 1_000_000):
    alert = f"Requests | summarize Mean = avg(DurationMs) | where Mean > {limit}"
    sql = duckdb_kql.to_sql(alert)
    seen[limit] = [str(row[0]) for row in database.execute(getattr(sql, "sql", sql)).fetchall()]
    print(f"{alert}: over no rows it returns {seen[limit]}")
if seen != {100: ["nan"], 1_000_000: ["nan"]}:
    raise SystemExit("The behaviour has changed.")
PY
