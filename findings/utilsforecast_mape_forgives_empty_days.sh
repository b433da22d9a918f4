#!/usr/bin/env bash
# utilsforecast 0.2.17 (with scikit-learn 1.9.1 beside it).
# Expected: the MAPE over days with no sales is infinite, very large or refused; the docstring says that the closer
# to zero an observed value is, the higher the penalty, and that the deviations are averaged over the
# length of the series.
# Seen: days of 0 are left out, without a warning. A forecast of 1000 for each day on which nothing is sold has
# a MAPE of 0, as the perfect one, and wins over one that is right on all of these days and 10% off on the
# others. With 0.001 sold on these days it is 857142. Of a polars table all three are NaN. `evaluate` chooses
# models by it. Take nd, wape or mase for such series.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check utilsforecast==0.2.17 pandas==2.3.3 numpy==2.4.6 \
    scikit-learn==1.9.1 scipy==1.17.1 polars==2.1.0
venv/bin/python - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import warnings

import numpy as np
import pandas as pd
import polars as pl
from sklearn.metrics import mean_absolute_percentage_error
from utilsforecast.evaluation import evaluate
from utilsforecast.losses import mae, mape, nd

sold = np.tile([0.0, 0, 0, 0, 0, 0, 10], 10)
rows = pd.DataFrame(
    {
        "unique_id": "shop",
        "ds": pd.date_range("2024-01-01", periods=sold.size),
        "y": sold,
        "perfect": sold,
        "flood": np.where(sold == 0, 1000.0, 10.0),
        "fair": np.where(sold == 0, 0.0, 9.0),
    }
)
MODELS = ["perfect", "flood", "fair"]
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    scores = evaluate(rows, [mape, nd, mae], models=MODELS).set_index("metric")[MODELS]
    polars = mape(pl.from_pandas(rows), MODELS).select(MODELS).row(0)
    almost = mape(rows.assign(y=rows.y.replace(0, 0.001)), MODELS).loc[0, MODELS].astype(float)
beside = [mean_absolute_percentage_error(sold, rows[name]) for name in MODELS]
print(scores.round(3).to_string())
print("scikit-learn:", [f"{value:.3g}" for value in beside], "polars:", polars)
print("0.001 a day for 0:", almost.round(1).to_dict(), "warnings:", sum("zero" in str(each.message) for each in told))
if scores.loc["mape"].tolist() != [0, 0, 0.1] or not np.isnan(polars).all():
    raise SystemExit("The behaviour has changed.")
if beside[1] < 1e6 or abs(beside[2] - 0.1 / 7) > 1e-9 or almost["flood"] < 1e5 or scores.loc["nd", "flood"] < 100:
    raise SystemExit("The behaviour has changed.")
PY
