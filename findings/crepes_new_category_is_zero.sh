#!/usr/bin/env bash
# crepes 0.9.1.
# Expected: a prediction whose Mondrian category has no row in the calibration gets the interval from minus to
# plus infinity, as one of a category with too few rows does (with a warning), or is refused.
# Seen: the interval is 0 to 0, without a warning, and the p-value of what came true is 0 (of a predictive
# system). A price of 30 is said to be 0 for certain; all of the new category are misses, where 5% were asked
# for. Of the rows of known categories 95% are covered. Give `bins` that the calibration holds, and check.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check crepes==0.9.1 numpy==2.4.6 pandas==2.3.3 scikit-learn==1.9.1
venv/bin/python - <<'PY'
import warnings

import numpy as np
from crepes import ConformalPredictiveSystem, ConformalRegressor

rng = np.random.default_rng(0)
category = np.repeat(["north", "south", "west"], [2000, 2000, 5])
residual = rng.normal(size=category.size)
asked = np.repeat(["north", "south", "east", "west"], 1000)
said = np.full(asked.size, 30.0)
true = said + rng.normal(size=asked.size)
seen = {}
for kind in (ConformalRegressor, ConformalPredictiveSystem):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = kind().fit(residual, bins=category)
        interval = model.predict_int(said, bins=asked, confidence=0.95)
    messages = " ".join(str(each.message) for each in told)
    print(f"{kind.__name__}, warnings of east: {'east' in messages}")
    for name in ("north", "south", "east", "west"):
        rows = asked == name
        covered = np.mean((interval[rows, 0] <= true[rows]) & (true[rows] <= interval[rows, 1]))
        seen[kind.__name__, name] = (*interval[rows][0], covered)
        print(f"  {name}: {interval[rows][0].round(2).tolist()}, covered {covered:.0%}")
    if "east" in messages or len(told) == 0:
        raise SystemExit("The behaviour has changed.")
chance = model.predict_p(said, true, bins=asked)
print("p-values of the new category:", np.unique(chance[asked == "east"]))
for kind in ("ConformalRegressor", "ConformalPredictiveSystem"):
    if seen[kind, "east"] != (0, 0, 0) or not all(0.92 < seen[kind, name][2] < 0.98 for name in ("north", "south")):
        raise SystemExit("The behaviour has changed.")
    if not (seen[kind, "west"][0] == -np.inf and seen[kind, "west"][1] == np.inf):
        raise SystemExit("The behaviour has changed.")
if np.any(chance[asked == "east"] != 0):
    raise SystemExit("The behaviour has changed.")
PY
