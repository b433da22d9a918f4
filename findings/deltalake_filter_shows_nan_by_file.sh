#!/usr/bin/env bash
# deltalake 1.6.6 (with pyarrow 26.0.1 and duckdb 2.0.1).
# Expected: reading a table with the filter x < 5 leaves out a row whose x is NaN, as the same filter over
# the same rows in memory does, whatever lies beside it.
# Seen: where all other values of its file are below 5, the row is shown. The log states the smallest and the
# largest value of a file, NaN is in neither, and what Arrow is told is that every row lies between them: it
# does not ask the rows then. DuckDB over `to_pyarrow_dataset()` answers the same, against its own answer
# over the rows in memory.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1 duckdb==2.0.1
venv/bin/python -W ignore - <<'PY'
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake


def values(found):
    return ["NaN" if value != value else value for value in found]


def asked(source):
    with duckdb.connect() as connection:
        connection.register("rows", source)
        return [row[0] for row in connection.sql("SELECT x FROM rows WHERE x < 5").fetchall()]


def shown(name, *rows):
    memory = pa.table({"x": list(rows)})
    write_deltalake(name, memory)
    table = DeltaTable(name)
    lake = table.to_pyarrow_dataset()
    by_memory = values(memory.filter(pc.field("x") < 5)["x"].to_pylist())
    by_table = values(table.to_pyarrow_table(filters=[("x", "<", 5.0)])["x"].to_pylist())
    by_duckdb = [values(asked(source)) for source in (memory, lake)]
    print(f"{values(rows)} where x < 5: in memory {by_memory}, in Delta {by_table}, by DuckDB {by_duckdb}")
    return by_memory, by_table, by_duckdb


near = shown("near", 1.0, float("nan"), 2.0)
far = shown("far", 1.0, float("nan"), 7.0)
if near != ([1.0, 2.0], [1.0, "NaN", 2.0], [[1.0, 2.0], [1.0, "NaN", 2.0]]):
    raise SystemExit("The behaviour has changed.")
if far != ([1.0], [1.0], [[1.0], [1.0]]):
    raise SystemExit("The behaviour has changed.")
PY
