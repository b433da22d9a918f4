#!/usr/bin/env bash
# lifelines 0.30.3 (with scikit-survival 0.28.0 beside it).
# Expected: a column of events that is coded 1 (not yet) and 2 (event), as in R, whose survival package and
# data sets use it, is read so or refused, as scikit-survival refuses it.
# Seen: all but 0 is an event, so everybody has one. Of the same rows the median falls from 7.1 to 2.4, and
# the effect of a factor to less than half; curve, Cox model, Weibull model and concordance index agree with
# each other, and nothing is said. Check that a column of events holds 0 and 1 alone.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lifelines==0.30.3 scikit-survival==0.28.0 \
    pandas==2.3.3 numpy==2.4.6 scikit-learn==1.9.1
OMP_NUM_THREADS=1 venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import warnings

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter, WeibullAFTFitter
from lifelines.utils import concordance_index
from sksurv.util import Surv

rng = np.random.default_rng(0)
factor = rng.normal(size=400)
until, left = rng.exponential(size=400) * 10 * np.exp(-factor), rng.exponential(size=400) * 6
happened, time = (until <= left).astype(int), np.minimum(until, left)


def fitted(events):
    rows = pd.DataFrame({"time": time, "event": events, "factor": factor})
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        cox = CoxPHFitter().fit(rows, "time", "event")
        weibull = WeibullAFTFitter().fit(rows, "time", "event")
        median = KaplanMeierFitter().fit(time, events).median_survival_time_
        index = concordance_index(time, -factor, events)
    found = median, cox.params_["factor"], weibull.params_["lambda_"]["factor"], index
    of_lifelines = [each for each in told if "lifelines" in str(each.filename)]
    return [round(float(value), 2) for value in found], int(cox.event_observed.sum()), len(of_lifelines)


seen = {"0 and 1": fitted(happened), "1 and 2": fitted(happened + 1)}
for coded, (found, events, told) in seen.items():
    print(f"{coded}: {events} events of {len(time)}; median, Cox, Weibull, index {found}; warnings {told}")
try:
    Surv.from_arrays(happened + 1, time)
    beside = "taken"
except ValueError as refused:
    beside = str(refused)
print("scikit-survival, 1 and 2:", beside)
right, wrong = seen["0 and 1"][0], seen["1 and 2"][0]
if seen["1 and 2"][1:] != (400, 0) or seen["0 and 1"][1] != happened.sum() or beside == "taken":
    raise SystemExit("The behaviour has changed.")
if not (wrong[0] < right[0] / 2 and abs(wrong[1]) < abs(right[1]) / 2 and wrong[3] < right[3] - 0.1):
    raise SystemExit("The behaviour has changed.")
PY
