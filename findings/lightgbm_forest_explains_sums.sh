#!/usr/bin/env bash
# lightgbm 4.7.0 (with shap 0.51.0).
# Expected: SHAP values add up to what a model predicts; of a regressor without a link, raw scores are the
# predictions.
# Seen: of a random forest (boosting="rf") `predict` is the mean of the trees, and `raw_score=True`,
# `pred_contrib=True` and shap, which takes either, are their sum: twenty trees explain a price of 7.3 as
# one of 147. All agree with each other, so no check of additivity complains; of a classifier, the logistic
# function of the raw score is another probability. Who shows contributions beside a prediction, or takes a
# threshold on raw scores, is off by the number of trees. Divide by `num_trees()`, a class. Boosting by
# gradients and DART are right.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lightgbm==4.7.0 shap==0.51.0 numpy==2.4.6 \
    scikit-learn==1.9.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import lightgbm
import numpy as np
import shap

rng = np.random.default_rng(0)
rows = rng.normal(size=(2000, 4))
price = 7 + rows[:, 0] * 2 + rows[:, 1]
FOREST = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}
CASES = {
    "gradient boosting": ({}, price),
    "DART": ({"boosting": "dart"}, price),
    "forest": (FOREST, price),
    "forest, two classes": ({**FOREST, "objective": "binary"}, (price > 7).astype(int)),
}
SETTINGS = {"verbosity": -1, "num_threads": 1, "num_leaves": 15}
TREES = 20


def asked(settings, target):
    """Predictions, raw scores, sums of contributions by LightGBM and by shap, and what turns scores into
    predictions.
    """
    model = lightgbm.train({**SETTINGS, **settings}, lightgbm.Dataset(rows, target), TREES)
    raw = model.predict(rows[:50], raw_score=True)
    own = model.predict(rows[:50], pred_contrib=True).sum(axis=1)
    explainer = shap.TreeExplainer(model)
    of_shap = np.asarray(explainer.shap_values(rows[:50])).sum(axis=1) + explainer.expected_value
    link = (lambda score: 1 / (1 + np.exp(-score))) if "objective" in settings else (lambda score: score)
    predicted = model.predict(rows[:50])
    return predicted, raw, own, of_shap, link


right = {}
for name, case in CASES.items():
    predicted, raw, own, of_shap, link = asked(*case)
    agree = np.allclose(raw, own) and np.allclose(raw, of_shap)
    right[name] = (agree, np.allclose(link(raw), predicted), np.allclose(link(raw / TREES), predicted))
    figures = ", ".join(f"{float(values[0]):.2f}" for values in (predicted, raw, own, of_shap))
    print(f"{name}: predicted, raw, contributions, shap: {figures}")
boosted, forest = (True, True, False), (True, False, True)
if right != dict(zip(CASES, (boosted, boosted, forest, forest))):
    raise SystemExit("The behaviour has changed.")
PY
