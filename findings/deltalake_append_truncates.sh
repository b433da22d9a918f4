#!/usr/bin/env bash
# deltalake 1.6.6 (with pyarrow 26.0.1).
# Expected: appending fractions to a long column is refused, as appending a number too large for the column
# is, because a write without schema_mode keeps the table's schema and no whole number equals 0.97.
# Seen: the append succeeds and 0.97 is stored as 0; only a number out of range is refused.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1
venv/bin/python -W ignore - <<'PY'
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake


def appended(first, second):
    where = f"table_{first.type}_{second.type}"
    write_deltalake(where, pa.table({"x": first}))
    try:
        write_deltalake(where, pa.table({"x": second}), mode="append")
    except Exception as refused:
        return str(refused)
    return DeltaTable(where).to_pyarrow_table()["x"].to_pylist()


scores = appended(pa.array([1], pa.int64()), pa.array([0.97, -0.97, 1.9]))
large = appended(pa.array([1], pa.int32()), pa.array([3_000_000_000], pa.int64()))
print("0.97, -0.97 and 1.9 appended to a long column that holds 1:", scores)
print("3000000000 appended to an int column:", large)
if sorted(scores) != [0, 0, 1, 1] or "Can't cast value" not in large:
    raise SystemExit("The behaviour has changed.")
PY
