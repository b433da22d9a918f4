#!/usr/bin/env bash
# mlxtend 0.25.0 (with statsmodels 0.15.0 beside it).
# Expected: the p-value of proportion_difference is small where two proportions differ, whichever is named
# first.
# Seen: it is the share of a normal distribution below the statistic, and so 1 - p of the one-sided test
# where the first proportion is the larger one. 90% against 70% of 1000 each is p = 1.0, "no difference"; named
# the other way round it is 0. Two equal proportions have 0.5. The docstring says "the p-value" and nothing
# of a side. Take 2 * min(p, 1 - p).
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mlxtend==0.25.0 statsmodels==0.15.0 numpy==2.4.6 \
    scipy==1.17.1 pandas==2.3.3 scikit-learn==1.9.1 matplotlib==3.11.2
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
from mlxtend.evaluate import proportion_difference
from statsmodels.stats.proportion import test_proportions_2indep

seen = {}
for first, second in ((0.9, 0.7), (0.7, 0.9), (0.8, 0.8), (0.82, 0.78)):
    statistic, found = proportion_difference(first, second, n_1=1000, n_2=1000)
    known = {}
    for side in ("two-sided", "smaller"):
        test = test_proportions_2indep(first * 1000, 1000, second * 1000, 1000, method="wald", alternative=side)
        known[side] = float(test.pvalue)
    seen[first, second] = float(found), known["two-sided"], known["smaller"]
    print(f"{first} and {second}: z {statistic:.2f}, p {found:.4f}, statsmodels {known['two-sided']:.4f}")
for found, both, below in seen.values():
    if not np.isclose(found, below, atol=1e-6) or not np.isclose(both, 2 * min(found, 1 - found), atol=1e-6):
        raise SystemExit("The behaviour has changed.")
if not (seen[0.9, 0.7][0] > 0.999 and seen[0.9, 0.7][1] < 1e-6 and seen[0.7, 0.9][0] < 1e-6):
    raise SystemExit("The behaviour has changed.")
PY
