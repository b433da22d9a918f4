#!/usr/bin/env bash
# lifelines 0.30.3 (with scikit-survival 0.28.0 beside it).
# Expected: `predict_survival_function(times=...)` of a Cox model is the step function that was fitted: 1
# before the first event, and between two events what it was at the earlier one.
# Seen: a straight line is drawn between the events, and before the first one it has the value at the first
# one. Of a model whose first events are at 10 days, 17% are gone at day 0 already, and at day 14 the
# survival is as if half of the next events had been. Without `times` the table is right, and
# KaplanMeierFitter and scikit-survival give steps. The chance to last 10 days more from day 0
# (`conditional_after`) is 1. Read the table without `times` and take its last row before the time.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lifelines==0.30.3 scikit-survival==0.28.0 \
    pandas==2.3.3 numpy==2.4.6 scikit-learn==1.9.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

rng = np.random.default_rng(0)
rows = pd.DataFrame({"days": rng.integers(1, 6, 200) * 10.0, "gone": 1, "x": rng.normal(size=200)})
AT = [0, 9, 10, 14, 19, 20]
one = pd.DataFrame({"x": [0.0]})
fitted = CoxPHFitter().fit(rows, "days", "gone")
asked = fitted.predict_survival_function(one, times=AT)[0].to_numpy()
table = fitted.predict_survival_function(one)[0]
steps = np.array([1.0 if at < table.index[0] else table[table.index <= at].iloc[-1] for at in AT])
known = Surv.from_arrays(rows.gone == 1, rows.days)
beside = CoxPHSurvivalAnalysis(ties="efron").fit(rows[["x"]].to_numpy(), known)
(curve,) = beside.predict_survival_function(one.to_numpy())
other = np.array([1.0 if at < curve.x[0] else curve(at) for at in AT])
later = fitted.predict_survival_function(one, times=[10], conditional_after=[0])[0].to_numpy()
print("at days:             ", AT)
print("asked with times:    ", asked.round(3).tolist())
print("steps of the table:  ", steps.round(3).tolist())
print("scikit-survival:     ", other.round(3).tolist())
print("10 days more, from 0:", later.round(3).tolist())
if not np.allclose(asked[:3], steps[2]) or not asked[2] > asked[3] > asked[4] > asked[5]:
    raise SystemExit("The behaviour has changed.")
if not np.allclose(asked[[2, 5]], steps[[2, 5]]) or np.abs(steps - other).max() > 0.02:
    raise SystemExit("The behaviour has changed.")
PY
