#!/usr/bin/env bash
# statsforecast 2.1.1 and mlforecast 1.1.0.
# Expected: a conformal 95% interval holds about 95% of what comes, or is infinite where there are too few
# windows for that (19 at least; the guarantee that conformal intervals are made for).
# Seen: by default there are 2 windows, and the ends of the interval are interpolated between their errors:
# of 1000 series of pure noise, without a trend to miss, two thirds are inside, of a 99% interval too. No
# warning. With 20 windows it is 91%. The interval that the mean forecast makes itself holds 95%. Set n_windows
# to 50 or more, or count what is covered.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check statsforecast==2.1.1 mlforecast==1.1.0 utilsforecast==0.2.17 \
    numpy==2.4.6 pandas==2.3.3 scikit-learn==1.9.1 scipy==1.17.1
OMP_NUM_THREADS=1 venv/bin/python - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import warnings

import numpy as np
import pandas as pd
from mlforecast import MLForecast
from mlforecast.utils import PredictionIntervals
from sklearn.dummy import DummyRegressor
from statsforecast import StatsForecast
from statsforecast.models import HistoricAverage
from statsforecast.utils import ConformalIntervals

rng = np.random.default_rng(0)
SERIES, LENGTH = 1000, 80
days = pd.date_range("2024-01-01", periods=LENGTH + 1)
made = rng.normal(size=(SERIES, LENGTH + 1))
names = np.repeat(np.arange(SERIES), LENGTH + 1)
rows = pd.DataFrame({"unique_id": names, "ds": np.tile(days, SERIES), "y": made.ravel()})
past, known = rows[rows.ds < days[-1]], made[:, -1]


def covered(forecast, name, level):
    forecast = forecast.sort_values("unique_id")
    low, high = (forecast[f"{name}-{side}-{level}"].to_numpy() for side in ("lo", "hi"))
    return float(np.mean((low <= known) & (known <= high)))


def stats(intervals):
    model = HistoricAverage(prediction_intervals=intervals)
    made = StatsForecast(models=[model], freq="D").forecast(df=past, h=1, level=[95, 99])
    return [covered(made, "HistoricAverage", level) for level in (95, 99)]


def ml(intervals):
    model = MLForecast(models={"mean": DummyRegressor()}, freq="D", lags=[1])
    made = model.fit(past, prediction_intervals=intervals).predict(1, level=[95, 99])
    return [covered(made, "mean", level) for level in (95, 99)]


with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    seen = {
        "statsforecast, the default": stats(ConformalIntervals()),
        "statsforecast, 20 windows": stats(ConformalIntervals(n_windows=20)),
        "statsforecast, the model's own": stats(None),
        "mlforecast, the default": ml(PredictionIntervals()),
        "mlforecast, 20 windows": ml(PredictionIntervals(n_windows=20)),
    }
told = [str(each.message) for each in told if "window" in str(each.message)]
for name, (usual, wide) in seen.items():
    print(f"{name}: 95% covers {usual:.1%}, 99% covers {wide:.1%}")
print("warnings:", told)
for name, (usual, wide) in seen.items():
    low, high = (0.55, 0.75) if "default" in name else (0.88, 0.995)
    if not (low < usual < high and low < wide < high + 0.004) or told:
        raise SystemExit("The behaviour has changed.")
if abs(seen["statsforecast, the model's own"][0] - 0.95) > 0.02:
    raise SystemExit("The behaviour has changed.")
PY
