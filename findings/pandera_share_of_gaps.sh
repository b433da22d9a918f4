#!/usr/bin/env bash
# pandera 0.35.0 with pandas 3.1.1.
# Expected: a check of a whole column, "less than a tenth is missing", sees the whole column.
# Seen: the gaps are taken out before the check is called, so that its share of gaps is always 0 and a
# column with three of four values missing is valid. With ignore_na=False it is refused.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pandera==0.35.0 pandas==3.1.1 numpy==2.4.6
venv/bin/python -W ignore - <<'PY'
import pandas as pd
import pandera.pandas as pa

rows = pd.DataFrame({"income": [None, None, None, 1.0]})
seen = {}
for ignore in (None, False):
    keyword = {} if ignore is None else {"ignore_na": ignore}
    few_gaps = pa.Check(lambda column: column.isna().mean() < 0.1, **keyword)
    schema = pa.DataFrameSchema({"income": pa.Column(float, few_gaps, nullable=True)})
    try:
        schema.validate(rows)
        seen[ignore] = "valid"
    except pa.errors.SchemaError:
        seen[ignore] = "refused"
    print(f"three of four values missing, Check(..., {keyword}): {seen[ignore]}")
if seen != {None: "valid", False: "refused"}:
    raise SystemExit("The behaviour has changed.")
PY
