#!/usr/bin/env bash
# alibi-detect 0.13.0 (with scipy 1.17.1).
# Expected: one gap (NaN) among 2,000 values of a column that moved by a standard deviation is left out, or refused.
# Seen: KSDrift's p-value of the column is NaN, NaN is below no threshold, and the answer is "no drift", with both
# corrections. Without the gap, the same rows are drift.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check alibi-detect==0.13.0 scipy==1.17.1 numpy==1.26.4
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
from alibi_detect.cd import KSDrift

rng = np.random.default_rng(0)
reference, now = rng.normal(size=(2, 2000, 3))
now[:, 0] += 1.0
gap = now.copy()
gap[5, 0] = np.nan
seen = {}
for correction in ("bonferroni", "fdr"):
    detector = KSDrift(reference, p_val=0.05, correction=correction)
    for name, rows in (("as it is", now), ("one gap", gap)):
        found = detector.predict(rows)["data"]
        seen[correction, name] = found["is_drift"]
        print(f"{correction}, {name}: drift {found['is_drift']}, p-values {found['p_val'].round(3).tolist()}")
expected = {(each, name): int(name == "as it is") for each in ("bonferroni", "fdr") for name in ("as it is", "one gap")}
if seen != expected:
    raise SystemExit("The behaviour has changed.")
PY
