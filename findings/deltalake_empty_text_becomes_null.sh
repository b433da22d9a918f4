#!/usr/bin/env bash
# deltalake 1.6.6 (with pyarrow 26.0.1).
# Expected: a text column holds the same texts after writing, whether the table is partitioned by it or not.
# Seen: in the column of partitions "" is read as null, so that a reader can no longer tell "nothing was said"
# from "not known", and a count by it puts both into one group, without a warning. (The protocol of Delta writes
# both alike.) Only where the column is declared not nullable is the write refused, as "unmasked nulls".
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1
venv/bin/python -W ignore - <<'PY'
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake


def read(where, nullable, partitioned, texts):
    schema = pa.schema([pa.field("segment", pa.string(), nullable=nullable), pa.field("row", pa.int64())])
    rows = pa.table({"segment": texts, "row": list(range(len(texts)))}, schema=schema)
    try:
        write_deltalake(where, rows, partition_by=["segment"] if partitioned else None)
    except Exception as refused:
        return str(refused)
    table = DeltaTable(where)
    found = table.to_pyarrow_table().sort_by("row")["segment"].to_pylist()
    return found, [field.nullable for field in table.schema().fields if field.name == "segment"]


plain = read("plain", True, False, ["", "north", None])
parts = read("parts", True, True, ["", "north", None])
strict = read("strict", False, True, ["", "north"])
print("'', 'north' and null in a plain column:", plain)
print("the same in the column of partitions:", parts)
print("'' and 'north' there, declared not nullable:", strict)
if plain[0] != ["", "north", None] or parts[0] != [None, "north", None] or "unmasked nulls" not in strict:
    raise SystemExit("The behaviour has changed.")
PY
