#!/usr/bin/env bash
# ibis-framework 12.0.0 with duckdb 1.5.6, polars 2.1.0 and SQLite.
# Expected: one expression gives one answer, whichever engine runs it; what an engine cannot do is refused,
# as cumulative maxima are with Polars.
# Seen: casting 2.7 to int64 is 3 in DuckDB and 2 in the others; 2.5 rounds to 2 in Polars and to 3 in the
# others; -7 % 3 is 2 in Polars and -1 in the others; nunique() counts null in Polars alone, "is any of no
# rows" is null in DuckDB and SQLite and False in Polars, and a subset asked by "not in a column with null"
# has all rows in Polars and none elsewhere. Features made with one engine in training and another in
# serving differ by a bucket, without a warning. Floor before a cast, add the divisor before %, drop nulls
# before nunique and isin, and hold the engines to each other over rows with halves, gaps and negative
# numbers.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ibis-framework[duckdb,polars,sqlite]==12.0.0 \
    duckdb==1.5.6 polars==2.1.0 sqlglot==27.29.0 pyarrow==26.0.1 pandas==3.1.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import ibis
import pyarrow as pa

ROWS = pa.table(
    {
        "key": [1, 2, 3, 4],
        "share": [2.7, -2.7, 2.5, 3.5],
        "days": pa.array([-7, 7, -8, None], pa.int64()),
    }
)
ENGINES = {"duckdb": ibis.duckdb.connect(), "polars": ibis.polars.connect(), "sqlite": ibis.sqlite.connect()}
ASKED = {
    "cast to int64": lambda rows: rows.share.cast("int64"),
    "round": lambda rows: rows.share.round(),
    "days % 3": lambda rows: rows.days % 3,
    "days // 3": lambda rows: rows.days // 3,
}
WHOLE = {
    "nunique of days": lambda rows: rows.days.nunique(),
    "any of no rows": lambda rows: (rows.filter(rows.key > 9).days > 1).any(),
    "keys not in days": lambda rows: rows.filter(~rows.key.isin(rows.days)).count(),
}


def answer(engine, name):
    rows = engine.table("loans")
    if name in WHOLE:
        return engine.to_pyarrow(WHOLE[name](rows)).as_py()
    made = rows.select(key=rows.key, value=ASKED[name](rows)).order_by("key")
    return engine.to_pyarrow(made)["value"].to_pylist()


for engine in ENGINES.values():
    engine.create_table("loans", obj=ROWS)
seen = {name: [answer(engine, name) for engine in ENGINES.values()] for name in (*ASKED, *WHOLE)}
for name, found in seen.items():
    print(f"{name}: " + ", ".join(f"{engine} {each}" for engine, each in zip(ENGINES, found)))
down, up, rest = [2, -2, 2, 3], [3, -3, 2, 4], [-1, 1, -2, None]
expected = {
    "cast to int64": [up, down, down],
    "round": [[3, -3, 3, 4], up, [3, -3, 3, 4]],
    "days % 3": [rest, [2, 1, 1, None], rest],
    "days // 3": [[-3, 2, -3, None]] * 3,
    "nunique of days": [3, 4, 3],
    "any of no rows": [None, False, None],
    "keys not in days": [0, 4, 0],
}
if seen != expected:
    raise SystemExit("The behaviour has changed.")
PY
