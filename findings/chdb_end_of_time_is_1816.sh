#!/usr/bin/env bash
# chdb 4.4.0 (chdb-core 26.9.0, pandas 3.1.1).
# Expected: chdb.query(..., "DataFrame") returns what the query found. pandas keeps times in microseconds, so a
# frame goes in with 9999-12-31, the usual "valid until further notice", and comes out with it.
# Seen: times are made nanoseconds of 64 bits on the way out, and wrap round silently: 9999-12-31 is 29 March
# 1816, 2262-12-31 is 1678. The query itself knows better: its comparisons are right, and so are its texts, its CSV
# and its Arrow tables. So the contract without an end ended two hundred years ago. Decimals come out as
# floats beside it, and lose their last digits: 12345678901234567.89 is 12345678901234568. Ask for
# "ArrowTable" and make the frame of that.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check chdb==4.4.0 chdb-core==26.9.0 pandas==3.1.1 \
    pyarrow==26.0.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import datetime

import chdb
import pandas as pd

DAYS = ["2026-01-01", "2262-12-31", "9999-12-31"]
contracts = pd.DataFrame({"id": [1, 2, 3], "until": pd.array(DAYS, dtype="datetime64[us]")})
OPEN = "until > toDateTime64('2030-01-01 00:00:00', 0)"
QUERY = f"SELECT id, until, toString(until) AS text, {OPEN} AS open FROM Python(contracts) ORDER BY id"
frame = chdb.query(QUERY, "DataFrame")
arrow = chdb.query(QUERY, "ArrowTable")
found = [str(each.date()) for each in frame["until"]]
texts = [each[:10] for each in frame["text"]]
of_arrow = [str(each)[:10] for each in arrow["until"].to_pylist()]
print(f"in: {DAYS}, in the query: {texts}, open: {list(map(int, frame['open']))}")
print(f"Arrow: {of_arrow}, DataFrame: {found}")
amount = chdb.query("SELECT toDecimal128('12345678901234567.89', 2) AS x", "DataFrame")["x"]
exact = chdb.query("SELECT toDecimal128('12345678901234567.89', 2) AS x", "ArrowTable")["x"][0].as_py()
print(f"a decimal: {amount[0]!r} ({amount.dtype}), Arrow {exact}")
if list(contracts["until"].astype(str)) != DAYS or texts != DAYS or of_arrow != DAYS:
    raise SystemExit("The behaviour has changed.")
# What 64 bits make of nanoseconds since 1970.
start = datetime.datetime(1970, 1, 1)
wrapped = []
for day in DAYS:
    nanoseconds = (datetime.datetime.fromisoformat(day) - start) // datetime.timedelta(microseconds=1) * 1000
    nanoseconds = (nanoseconds + 2**63) % 2**64 - 2**63
    wrapped.append(str((start + datetime.timedelta(microseconds=nanoseconds // 1000)).date()))
if found != wrapped or found[1:] != ["1678-06-11", "1816-03-29"]:
    raise SystemExit("The behaviour has changed.")
if list(map(int, frame["open"])) != [0, 1, 1] or amount.dtype != "float64" or str(exact) != "12345678901234567.89":
    raise SystemExit("The behaviour has changed.")
PY
