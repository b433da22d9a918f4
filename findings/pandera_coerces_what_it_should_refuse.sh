#!/usr/bin/env bash
# pandera 0.35.0 (with pandas 3.1.1).
# Expected: a schema that says int, or bool, with coerce=True takes "3" or 3.0 and refuses 3.7 or "no", as
# the nullable Int64 does, since a validator is there to find such values.
# Seen: int takes 3.7 as 3 and -0.2 as 0, and bool takes "False" and "no" as True. Which of two spellings of
# "whole number" stands in the schema decides whether a broken column passes.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'pandera[pandas]==0.35.0' pandas==3.1.1
venv/bin/python -W ignore - <<'PY'
import pandas as pd
import pandera.pandas as pa


def validated(kind, values):
    schema = pa.DataFrameSchema({"x": pa.Column(kind, coerce=True)})
    try:
        return schema.validate(pd.DataFrame({"x": values}), lazy=True)["x"].tolist()
    except pa.errors.SchemaErrors as refused:
        return sorted(set(refused.failure_cases["check"]))


whole, nullable = validated(int, [3.7, -0.2]), validated("Int64", [3.7, -0.2])
words = validated(bool, ["False", "no", ""])
print("int, given 3.7 and -0.2:", whole)
print("Int64, given the same:", nullable)
print("bool, given 'False', 'no' and '':", words)
if whole != [3, 0] or nullable[0] != "coerce_dtype('Int64')" or words != [True, True, False]:
    raise SystemExit("The behaviour has changed.")
PY
