#!/usr/bin/env bash
# mltable 1.7.0 (with azureml-dataprep 5.5.0).
# Expected: where the type of a column was inferred from the first rows of a CSV file and a later row does
# not fit, the row is refused, or the column stays text, as in pandas and pyarrow.
# Seen: in a column of whole numbers 7.5 becomes 7, a number too large for a long becomes the largest one
# there is, and a text makes the column a float one with a gap; "yes" among booleans and a date in another
# order become gaps too. Nothing is said, and the file that is sorted by age changes its newest rows.
# infer_column_types=False keeps every value as text.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mltable==1.7.0 'azureml-dataprep[pandas]==5.5.0'
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import os

import mltable

COLUMNS = {  # name: (what the first 900 rows hold, what the last 100 hold)
    "fraction": ("3", "7.5"),
    "large": ("3", str(10**30)),
    "text": ("3", "about 5"),
    "flag": ("true", "yes"),
    "day": ("2026-01-02", "31.01.2026"),
}
with open("rows.csv", "w") as file:
    print(*COLUMNS, sep=",", file=file)
    for row in range(1000):
        print(*(values[row >= 900] for values in COLUMNS.values()), sep=",", file=file)
paths = [{"file": os.path.abspath("rows.csv")}]


def last(**settings):
    rows = mltable.from_delimited_files(paths=paths, **settings).to_pandas_dataframe()
    assert len(rows) == 1000
    found = {name: rows[name].iloc[-1] for name in COLUMNS}
    return {name: None if value != value else value for name, value in found.items()}


as_text, inferred = last(infer_column_types=False), last()
for name, value in inferred.items():
    print(f"{name}: the last row's {as_text[name]} is read as {value}")
if as_text != {name: values[1] for name, values in COLUMNS.items()}:
    raise SystemExit("The behaviour has changed.")
if inferred != {"fraction": 7, "large": 2**63 - 1, "text": None, "flag": None, "day": None}:
    raise SystemExit("The behaviour has changed.")
PY
