#!/usr/bin/env bash
# toad 0.1.7 (with pandas 2.3.3, numpy 2.4.6).
# Expected: the population stability index of rows of which a third became a category never seen before is large, or
# infinite.
# Seen: what only one of both sides holds is left out of the sum, and the index is 0: "no shift". Numbers without bins
# have no value in common at all: 0, however far they moved.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check toad==0.1.7 pandas==2.3.3 numpy==2.4.6 scikit-learn==1.9.1
venv/bin/python -W ignore - <<'PY'
import numpy as np
import pandas as pd
import toad

rng = np.random.default_rng(0)
base = pd.Series(["north", "east", "south"] * 1000)
numbers = pd.Series(rng.normal(size=3000))
found = {
    "a third is of a new category": toad.metrics.PSI(base.replace("south", "west"), base),
    "numbers, two standard deviations up": toad.metrics.PSI(pd.Series(rng.normal(size=3000)) + 2, numbers),
    "a third moved between known ones": toad.metrics.PSI(base.replace("south", "east").mask(base.index < 3, "south"), base),
}
for name, index in found.items():
    print(f"{name}: PSI {index:.3f}")
new, moved, known = found.values()
if not (new == moved == 0 and known > 0.25):
    raise SystemExit("The behaviour has changed.")
PY
