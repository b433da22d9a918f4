#!/usr/bin/env bash
# sqlglot 30.30.0 (with duckdb 2.0.1, SQLite, and ClickHouse by chdb 4.4.0 with chdb-core 26.9.0).
# Expected: transpile keeps what a query means, and warns, at the level it has by default, of what it cannot say
# in the other dialect.
# Seen: of DuckDB's queries some mean another thing, without a warning: LOG, of base 10, is the natural logarithm
# in ClickHouse; the texts of string_agg are joined without the comma there; in SQLite the difference of two days
# is that of their years, months are counted by 30 days, and TRY_CAST of a text that is no number is 0 in place of
# null. (Weeks in SQLite are warned of.) Run both queries over rows whose answer is known.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sqlglot==30.30.0 duckdb==2.0.1 chdb==4.4.0 \
    chdb-core==26.9.0
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import json
import logging
import sqlite3

import chdb
import duckdb
import sqlglot

DAYS = "DATE '2026-03-01' - DATE '2026-01-31'"
MONTHS = "DATE_DIFF('month', DATE '2026-01-31', DATE '2026-03-01')"
QUERIES = (  # the dialect, the query, what it answers there
    ("clickhouse", "SELECT LOG(100)", 4.605170185988092),
    ("clickhouse", "SELECT LN(100)", 4.605170185988092),
    ("clickhouse", "SELECT STRING_AGG(x) FROM (SELECT 'a' AS x UNION ALL SELECT 'a') AS t", "aa"),
    ("sqlite", "SELECT LOG(100)", 2.0),
    ("sqlite", f"SELECT {DAYS}", 0),
    ("sqlite", f"SELECT {MONTHS}", 0),
    ("sqlite", "SELECT TRY_CAST('x' AS INTEGER)", 0),
)
records = []
handler = logging.Handler(logging.WARNING)
handler.emit = records.append
logging.getLogger().addHandler(handler)
lite = sqlite3.connect(":memory:")


def answered(dialect, query):
    if dialect == "sqlite":
        return lite.execute(query).fetchone()[0]
    return json.loads(chdb.query(query, "JSONCompact").bytes())["data"][0][0]


seen = []
for dialect, query, there in QUERIES:
    written = sqlglot.transpile(query, read="duckdb", write=dialect)[0]
    here, found = duckdb.sql(query).fetchall()[0][0], answered(dialect, written)
    print(f"{query}: {here!r} in DuckDB, {found!r} in {dialect} as {written}")
    if found != there:
        raise SystemExit("The behaviour has changed.")
    seen.append(here)
if seen != [2.0, 4.605170185988092, "a,a", 2.0, 29, 2, None] or records:
    raise SystemExit("The behaviour has changed.")
sqlglot.transpile("SELECT DATE_DIFF('week', a, b)", read="duckdb", write="sqlite")
if len(records) != 1:
    raise SystemExit("The behaviour has changed.")
PY
