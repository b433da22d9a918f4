#!/usr/bin/env bash
# vortex-data 0.93.0 (with pyarrow 26.0.1 and duckdb 2.0.1 beside it).
# Expected: -0.0, which rounding -0.004 or 0 times -1 gives, equals 0 (IEEE 754), so a filter finds in a
# file the rows that it finds in memory.
# Seen: it is below 0 and equals only itself, and NaN is above all numbers. Of balances in a Vortex file
# "below 0" has one that is settled, "is 0" and "at least 0" have not, and "above 0" has the gaps. It is the
# same with Vortex' own expressions and with `to_dataset().to_table(filter=...)`, which takes Arrow's and
# answers otherwise than Arrow. Filter after reading, or add 0.0 before writing.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check vortex-data==0.93.0 pyarrow==26.0.1 duckdb==2.0.1 \
    numpy==2.4.6
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import vortex
import vortex.expr

BALANCES = [0.0, round(-0.004, 2), float("nan"), 1.0, -1.0]
rows = pa.table({"row": [1, 2, 3, 4, 5], "x": pa.array(BALANCES)})
vortex.io.write(rows, "rows.vortex")
opened = vortex.open("rows.vortex")


def asked(column):
    return {"x < 0": column < 0.0, "x = 0": column == 0.0, "x >= 0": column >= 0.0, "x > 0": column > 0.0}


def found(table):
    return sorted(table["row"].to_pylist())


of_arrow, of_vortex = asked(pc.field("x")), asked(vortex.expr.column("x"))
seen = {}
for name, question in of_arrow.items():
    own = opened.scan(expr=of_vortex[name]).read_all().to_arrow_table()
    through = opened.to_dataset().to_table(filter=question)
    sql = f"SELECT row FROM rows WHERE {name}.0 AND NOT isnan(x) ORDER BY row"
    beside = duckdb.sql(sql).fetchall()
    seen[name] = found(rows.filter(question)), [row for (row,) in beside], found(own), found(through)
    arrow, duck, first, second = seen[name]
    print(f"{name}: Arrow {arrow}, DuckDB {duck}, Vortex {first}, its data set {second}")
if any(arrow != duck or first != second for arrow, duck, first, second in seen.values()):
    raise SystemExit("The behaviour has changed.")
if [arrow for arrow, _, _, _ in seen.values()] != [[5], [1, 2], [1, 2, 4], [4]]:
    raise SystemExit("The behaviour has changed.")
if [first for _, _, first, _ in seen.values()] != [[2, 5], [1], [1, 3, 4], [3, 4]]:
    raise SystemExit("The behaviour has changed.")
PY
