#!/usr/bin/env bash
# apache-arrow 21.2.0 for JavaScript.
# Expected: of records that leave out a field, as JSON does where a value is not known, the field is null:
# pyarrow, DuckDB and polars read the same records so, and the types of this library take undefined for each
# kind of value.
# Seen: in tableFromJSON and vectorFromArray only null is null. What is left out is false, 0, "" or NaN, by the
# column's type: a loan of which nobody said whether it was paid is not paid, an absent count is 0, and the
# number of nulls leaves it out. No error, no warning. Put null in for each absent field first.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
npm install --silent --no-audit --no-fund apache-arrow@21.2.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
cat >records.json <<'JSON'
[
  {"id": 1, "paid": true, "rate": 2.5, "grade": "A"},
  {"id": 2},
  {"id": 3, "paid": null, "rate": null, "grade": null}
]
JSON
cat >seen.mjs <<'JS'
import { readFileSync, writeFileSync } from 'node:fs';
import { Int32, tableFromJSON, tableToIPC, vectorFromArray } from 'apache-arrow';

const records = JSON.parse(readFileSync('records.json', 'utf8'));
writeFileSync('table.arrow', tableToIPC(tableFromJSON(records)));
const counts = vectorFromArray([7, undefined, null], new Int32());
process.stdout.write(JSON.stringify([[...counts], counts.nullCount]));
JS
node seen.mjs >counts.json
venv/bin/python - <<'PY'
import json
import math

import pyarrow as pa

with open("records.json") as file:
    expected = pa.Table.from_pylist(json.load(file))
with open("counts.json") as file:
    counts, nulls = json.load(file)
with pa.OSFile("table.arrow") as file:
    table = pa.ipc.open_stream(file).read_all()
seen = {name: table[name].to_pylist() for name in ("id", "paid", "rate", "grade")}
for name, values in seen.items():
    print(f"{name}: {values}, pyarrow {expected[name].to_pylist()}, nulls {table[name].null_count}")
print(f"whole numbers: {counts}, nulls {nulls}")
if [expected[name].to_pylist()[1:] for name in ("paid", "rate", "grade")] != [[None, None]] * 3:
    raise SystemExit("The behaviour has changed.")
if not math.isnan(seen["rate"].pop(1)) or seen["rate"] != [2.5, None] or seen["paid"] != [True, False, None]:
    raise SystemExit("The behaviour has changed.")
if seen["grade"] != ["A", "", None] or (counts, nulls) != ([7, 0, None], 1):
    raise SystemExit("The behaviour has changed.")
if any(table[name].null_count != 1 for name in ("paid", "rate", "grade")):
    raise SystemExit("The behaviour has changed.")
PY
