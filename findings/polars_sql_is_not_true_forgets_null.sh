#!/usr/bin/env bash
# polars 2.1.0 (with duckdb 2.0.1 and SQLite beside it).
# Expected: IS TRUE and IS NOT TRUE answer true or false for each row, null among them: the standard made
# them for that, and IS DISTINCT FROM TRUE, which is the same question, says so here too.
# Seen: in Polars' SQL both are null for null. "Loans not known to be paid", `paid IS NOT TRUE`, leaves out
# those of which nothing is known, as a plain NOT would; a count of them is too low, and IS NOT FALSE and
# comparisons ((days > 90) IS NOT TRUE) are alike. Same query, other rows than in DuckDB, SQLite and each
# database that it was written for. Write IS DISTINCT FROM TRUE.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check polars==2.1.0 duckdb==2.0.1 pyarrow==26.0.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import sqlite3

import duckdb
import polars as pl

loans = pl.DataFrame({"id": [1, 2, 3], "paid": [True, False, None], "days": [120, 5, None]})
QUESTIONS = (
    "SELECT id FROM loans WHERE paid IS NOT TRUE",
    "SELECT id FROM loans WHERE paid IS NOT FALSE",
    "SELECT id FROM loans WHERE (days > 90) IS NOT TRUE",
    "SELECT id FROM loans WHERE NOT (paid IS TRUE)",
    "SELECT COUNT(*) FILTER (WHERE paid IS NOT TRUE) AS n FROM loans",
    "SELECT id FROM loans WHERE paid IS DISTINCT FROM TRUE",
)
beside = sqlite3.connect(":memory:")
beside.execute("CREATE TABLE loans (id INTEGER, paid BOOLEAN, days INTEGER)")
beside.executemany("INSERT INTO loans VALUES (?, ?, ?)", loans.rows())
duck = duckdb.connect()
duck.register("loans", loans.to_arrow())


def asked(question):
    context = pl.SQLContext(loans=loans)
    found = [
        context.execute(question, eager=True).rows(),
        duck.execute(question).fetchall(),
        beside.execute(question).fetchall(),
    ]
    return [sorted(row[0] for row in rows) for rows in found]


seen = [asked(question) for question in QUESTIONS]
for question, (found, first, second) in zip(QUESTIONS, seen):
    print(f"{question}: {found}, DuckDB {first}, SQLite {second}")
if any(first != second for _, first, second in seen):
    raise SystemExit("The behaviour has changed.")
if [found for found, _, _ in seen] != [[2], [1], [2], [2], [1], [2, 3]]:
    raise SystemExit("The behaviour has changed.")
if [found for _, found, _ in seen] != [[2, 3], [1, 3], [2, 3], [2, 3], [2], [2, 3]]:
    raise SystemExit("The behaviour has changed.")
PY
