#!/usr/bin/env bash
# sqlglot 30.30.0 (with duckdb 2.0.1, which answers).
# Expected: a query that `optimize` rewrote gives the rows of the query.
# Seen: a computed column of a subquery that is left-joined (a marker `1 AS known`, COALESCE(balance, 0)) is
# moved outside of the join, where it has a value for rows without a partner too. "Customers without an
# account", asked as `known IS NULL`, become none, and unknown balances become 0. Besides, comparing
# DATE_TRUNC of a written date with the first of its month is answered FALSE. No warning. Who rewrites or
# caches the queries of others with it, or reads lineage from the rewritten ones, asks another question.
# Left out of the rules of `optimize`, merge_subqueries and simplify leave the answers as they are.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sqlglot==30.30.0 duckdb==2.0.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import duckdb
from sqlglot import optimizer

duckdb.sql("CREATE TABLE customers (id INT)")
duckdb.sql("INSERT INTO customers VALUES (1), (2), (3)")
duckdb.sql("CREATE TABLE accounts (id INT, balance INT)")
duckdb.sql("INSERT INTO accounts VALUES (1, 50), (2, NULL)")
SCHEMA = {"customers": {"id": "int"}, "accounts": {"id": "int", "balance": "int"}}
MARKED = "SELECT id, 1 AS known, COALESCE(balance, 0) AS balance FROM accounts"
JOINED = f"FROM customers AS c LEFT JOIN ({MARKED}) AS a ON c.id = a.id"
QUESTIONS = {
    "without an account": f"SELECT c.id {JOINED} WHERE a.known IS NULL",
    "with an account": f"SELECT COUNT(a.known) AS n {JOINED}",
    "balances": f"SELECT c.id, a.balance {JOINED}",
    "month": "SELECT DATE_TRUNC('month', DATE '2024-03-15') = DATE '2024-03-01' AS same",
}
SAFE = [rule for rule in optimizer.RULES if rule.__name__ not in {"merge_subqueries", "simplify"}]


def asked(query):
    return sorted(duckdb.sql(query).fetchall())


def rewritten(query, **rules):
    return optimizer.optimize(query, schema=SCHEMA, dialect="duckdb", **rules).sql("duckdb")


seen = {}
for name, query in QUESTIONS.items():
    seen[name] = asked(query), asked(rewritten(query)), asked(rewritten(query, rules=SAFE))
    print(f"{name}: {seen[name][0]}, optimized {seen[name][1]}, without the two rules {seen[name][2]}")
if any(answer != safe for answer, _, safe in seen.values()):
    raise SystemExit("The behaviour has changed.")
if [found for _, found, _ in seen.values()] != [[], [(3,)], [(1, 50), (2, 0), (3, 0)], [(False,)]]:
    raise SystemExit("The behaviour has changed.")
PY
