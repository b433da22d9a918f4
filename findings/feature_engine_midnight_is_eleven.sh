#!/usr/bin/env bash
# feature-engine 1.9.4.
# Expected: CyclicalFeatures of the hours 0 to 23 put 23 beside 0, as near as 1 is.
# Seen: the period is by default the largest value in the column, which is documented. So 23 and 0 are one
# point, and so are Sunday and Monday of the weekdays 0 to 6; all steps are too wide. Months, which are 1 to
# 12, are right, and so the default looks right in examples. A sample of training without the hour 23 makes
# 22 the period, and all hours of the same day another feature. `max_values={"hour": 24, "weekday": 7}` is
# right.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check feature-engine==1.9.4 pandas==2.3.3 numpy==2.4.6
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
import pandas as pd
from feature_engine.creation import CyclicalFeatures

at = np.arange(168)
rows = pd.DataFrame({"hour": at % 24, "weekday": at // 24, "month": at % 12 + 1})
STEPS = {"hour": (23, 0, 1), "weekday": (6, 0, 1), "month": (12, 1, 2)}


def apart(made, column):
    """How far the last of the cycle is from the first, and how far the first is from the second."""
    points = made.groupby(rows[column])[[f"{column}_sin", f"{column}_cos"]].first()
    last, first, second = (points.loc[value].to_numpy() for value in STEPS[column])
    return round(float(np.linalg.norm(last - first)), 3), round(float(np.linalg.norm(first - second)), 3)


default = CyclicalFeatures().fit_transform(rows)
stated = CyclicalFeatures(max_values={"hour": 24, "weekday": 7, "month": 12}).fit_transform(rows)
MADE = {"default": default, "stated": stated}
seen = {name: [apart(made, column) for column in STEPS] for name, made in MADE.items()}
for name, steps in seen.items():
    for column, (around, step) in zip(STEPS, steps):
        print(f"{name}, {column}: last to first {around}, first to second {step}")
around = [step[0] for step in seen["default"]]
if around[:2] != [0, 0] or around[2] == 0 or any(last != first for last, first in seen["stated"]):
    raise SystemExit("The behaviour has changed.")
PY
