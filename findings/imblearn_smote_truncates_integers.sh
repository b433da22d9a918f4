#!/usr/bin/env bash
# imbalanced-learn 0.14.2 (with scikit-learn 1.9.1).
# Expected: rows that SMOTE makes up between rows of integers are rounded, or the columns become floats, so
# that the rare class keeps its means; or integers are refused.
# Seen: each value is cut off towards zero, without a warning. A flag that 44% of the rare class have is set
# in 26% of the new rows, and a count loses a tenth: a model learns that the flag speaks against the class.
# SMOTE, ADASYN and BorderlineSMOTE do it, and a data frame with one column of fractions among whole ones,
# too. The same rows as floats keep their means; SMOTENC is for flags.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check imbalanced-learn==0.14.2 scikit-learn==1.9.1 \
    numpy==2.4.6 pandas==2.3.3
OMP_NUM_THREADS=1 venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
import pandas as pd
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE

rng = np.random.default_rng(0)
label = (np.arange(2000) < 200).astype(int)
rows = pd.DataFrame(
    {
        "flag": np.where(label == 1, rng.random(2000) < 0.5, rng.random(2000) < 0.3).astype(int),
        "count": rng.integers(0, 5, 2000),
        "amount": rng.normal(50, 10, 2000),
    }
)
rare = rows[label == 1].mean()
print("rare class, as it is:", rare.round(2).to_dict())
lost = []
for sampler in (SMOTE, ADASYN, BorderlineSMOTE):
    for kind in (int, float):
        given = rows.astype({"flag": kind, "count": kind})
        new = sampler(random_state=0).fit_resample(given, label)[0][len(rows) :]
        print(f"{sampler.__name__}, whole columns as {kind.__name__}: {new.mean().round(2).to_dict()}")
        lost.append((kind, 1 - new["flag"].mean() / rare["flag"], 1 - new["count"].mean() / rare["count"]))
for kind, flag, count in lost:
    if (flag < 0.25 or count < 0.08) if kind is int else max(abs(flag), abs(count)) > 0.08:
        raise SystemExit("The behaviour has changed.")
PY
