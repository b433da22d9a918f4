#!/usr/bin/env bash
# avsc 5.7.9 for JavaScript.
# Expected: Type.forValue, "infer a value's schema and encode similar values", makes a type that holds the value
# it was made for. Each number of JavaScript is a double of 64 bits.
# Seen: a number with a fraction, and each whole number from 2^31 to 2^53, is inferred to be a float of 32 bits;
# only from 2^53 on is it a double. A time in milliseconds is wrong by up to a minute, the price 19.99 is
# 19.989999771118164, an id of eleven digits is its neighbour. isValid is true and nothing is told. Write the
# schema, or give a valueHook that answers double for what is no int.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
npm install --silent --no-audit --no-fund avsc@5.7.9
cat >seen.mjs <<'JS'
import avro from 'avsc';

const row = { scored: 1764482400123, id: 10000000001, price: 19.99, rows: 500, huge: 9007199254740992 };
const type = avro.Type.forValue(row);
if (!type.isValid(row)) process.exit(1);
const isInt = (value) => (value | 0) === value;
const double = avro.Type.forSchema('double');
const valueHook = (value) => (typeof value === 'number' && !isInt(value) ? double : undefined);
const hooked = avro.Type.forValue(row, { valueHook });
const types = Object.fromEntries(type.fields.map((field) => [field.name, field.type.typeName]));
const back = type.fromBuffer(type.toBuffer(row));
const better = hooked.fromBuffer(hooked.toBuffer(row));
process.stdout.write(JSON.stringify({ row, types, back, better }));
JS
node seen.mjs >seen.json
python3 - <<'PY'
import json
import struct

with open("seen.json") as file:
    seen = json.load(file)
row, back = seen["row"], seen["back"]
for name, value in row.items():
    print(f"{name}: {value} is {seen['types'][name]}, read back {back[name]}")
single = {name: struct.unpack("f", struct.pack("f", value))[0] for name, value in row.items()}
types = {"scored": "float", "id": "float", "price": "float", "rows": "int", "huge": "double"}
expected = {name: single[name] if kind == "float" else row[name] for name, kind in types.items()}
if seen["types"] != types or back != expected or seen["better"] != row:
    raise SystemExit("The behaviour has changed.")
print(f"the time is wrong by {(back['scored'] - row['scored']) / 1000} seconds")
if abs(back["scored"] - row["scored"]) < 1000 or back["id"] == row["id"]:
    raise SystemExit("The behaviour has changed.")
PY
