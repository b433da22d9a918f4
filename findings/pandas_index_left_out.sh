#!/usr/bin/env bash
# pandas 3.1.1 with pyarrow 26.0.1.
# Expected: set_index("id") followed by to_parquet() writes the ids as a column, whatever their values are.
# Seen: ids that happen to be evenly spaced become a RangeIndex, which is kept in pandas' own metadata only:
# the file has no column "id", and a reader other than pandas does not find the ids. With 31 for 30 it does.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1
venv/bin/python -W ignore - <<'PY'
import pandas as pd
import pyarrow.parquet as pq

seen = {}
for ids in ([10, 20, 30], [10, 20, 31]):
    frame = pd.DataFrame({"id": ids, "value": [1, 2, 3]}).set_index("id")
    frame.to_parquet("rows.parquet")
    seen[tuple(ids)] = (type(frame.index).__name__, pq.ParquetFile("rows.parquet").schema_arrow.names)
    print(f"ids {ids}: index {seen[tuple(ids)][0]}, columns in the file {seen[tuple(ids)][1]}")
if list(seen.values()) != [("RangeIndex", ["value"]), ("Index", ["value", "id"])]:
    raise SystemExit("The behaviour has changed.")
PY
