#!/usr/bin/env bash
# treelite 4.8.1 (with scikit-learn 1.9.1 and lightgbm 4.7.0).
# Expected: a model that treelite takes answers as it did, or is refused, as LightGBM's linear trees are.
# Seen: a category that HistGradientBoosting did not see in training counts as missing in scikit-learn, as
# its documentation says, and goes to the right in treelite, whatever the tree learned for gaps: predictions
# of new branches or products are others, those of known ones are equal, so that a comparison on the training
# rows passes. LightGBM's zero_as_missing is left out as well.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check treelite==4.8.1 scikit-learn==1.9.1 lightgbm==4.7.0
OMP_NUM_THREADS=1 venv/bin/python -W ignore - <<'PY'
import lightgbm
import numpy as np
import treelite
from sklearn.ensemble import HistGradientBoostingRegressor

rng = np.random.default_rng(0)
rows = rng.normal(size=(2000, 2))
rows[:, 1] = rng.integers(0, 6, 2000)
target = rows[:, 0] + rows[:, 1] % 3
model = HistGradientBoostingRegressor(categorical_features=[1], max_iter=20, random_state=0).fit(rows, target)
converted = treelite.sklearn.import_model(model)
new, missing = rows.copy(), rows.copy()
new[:, 1], missing[:, 1] = 17, np.nan


def apart(one, other):
    return float(np.abs(np.ravel(one) - other).max())


def answers(data):
    return treelite.gtil.predict(converted, data).ravel()


known, gaps, unseen = (apart(answers(data), model.predict(data)) for data in (rows, missing, new))
print(f"known categories: {known:.2g} apart, missing ones: {gaps:.2g}, new ones: {unseen:.2g}")
print("scikit-learn takes new ones as missing:", np.array_equal(model.predict(new), model.predict(missing)))
zeros = np.round(rows)
settings = {"zero_as_missing": True, "verbose": -1, "num_threads": 1}
booster = lightgbm.train(settings, lightgbm.Dataset(zeros, zeros[:, 0] == 0), 20)
other = treelite.gtil.predict(treelite.frontend.from_lightgbm(booster), zeros)
print(f"LightGBM with zero_as_missing: {apart(other, booster.predict(zeros)):.2g} apart")
if max(known, gaps) > 1e-9 or unseen < 0.1 or not np.array_equal(model.predict(new), model.predict(missing)):
    raise SystemExit("The behaviour has changed.")
if apart(other, booster.predict(zeros)) < 0.1:
    raise SystemExit("The behaviour has changed.")
PY
