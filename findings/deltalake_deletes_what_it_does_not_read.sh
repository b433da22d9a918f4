#!/usr/bin/env bash
# deltalake 1.6.6 (with pyarrow 26.0.1).
# Expected: `delete("x > 2")` removes the rows that reading with the filter x > 2 shows.
# Seen: reading leaves out the row whose x is NaN, deleting takes it along: NaN counts as above every number there.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1
venv/bin/python -W ignore - <<'PY'
import math

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

write_deltalake("table", pa.table({"x": [1.0, float("nan"), 3.0]}))
table = DeltaTable("table")
read = table.to_pyarrow_table(filters=[("x", ">", 2.0)])["x"].to_pylist()
deleted = table.delete("x > 2")["num_deleted_rows"]
left = table.to_pyarrow_table()["x"].to_pylist()
print("of 1, NaN and 3, read where x > 2:", read)
print("rows that delete('x > 2') removed:", deleted, "- left:", left)
if read != [3.0] or deleted != 2 or left != [1.0] or any(map(math.isnan, left)):
    raise SystemExit("The behaviour has changed.")
PY
