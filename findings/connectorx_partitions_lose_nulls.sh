#!/usr/bin/env bash
# connectorx 0.4.6 (with pyarrow 26.0.1).
# Expected: reading a query in parts (`partition_on`, `partition_num`) gives the rows that reading it at once
# gives.
# Seen: rows in which the column to part by is null are in no part. The table is shorter, from one partition
# on, and nothing says so.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check connectorx==0.4.6 pyarrow==26.0.1
venv/bin/python -W ignore - <<'PY'
import os
import sqlite3

import connectorx

with sqlite3.connect("rows.db") as database:
    database.execute("CREATE TABLE rows (id INTEGER, branch INTEGER)")
    rows = [(row, None if row % 4 == 0 else row) for row in range(100)]
    database.executemany("INSERT INTO rows VALUES (?, ?)", rows)
database.close()


def read(**parts):
    address = f"sqlite://{os.path.abspath('rows.db')}"
    return connectorx.read_sql(address, "SELECT * FROM rows", return_type="arrow", **parts).num_rows


seen = {
    f"{count} by {column}": read(partition_on=column, partition_num=count)
    for column in ("id", "branch")
    for count in (1, 4)
}
print("rows read at once:", read(), "- in partitions:", seen)
if read() != 100 or seen != {"1 by id": 100, "4 by id": 100, "1 by branch": 75, "4 by branch": 75}:
    raise SystemExit("The behaviour has changed.")
PY
