#!/usr/bin/env bash
# m2cgen 0.10.0 (with xgboost 3.2.0, lightgbm 4.7.0).
# Expected: the code that a boosted model is exported to answers as the model does, or the export is refused.
# Seen: what the trees do not hold is left out, without a warning. Of xgboost the iteration at which training was
# stopped early, and the link of the objectives for counts, amounts and probabilities (their start is added as it
# is, too: -0.46 for a probability of 0.28); of lightgbm the linear models in the leaves. Rows of the training
# data whose value is a threshold go another way: xgboost compares in single precision. Squared error and two
# classes are right on rows that are rounded. Compare the code with the model on real rows.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check m2cgen==0.10.0 xgboost==3.2.0 lightgbm==4.7.0 \
    numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 pandas==2.3.3
OMP_NUM_THREADS=1 venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import lightgbm
import m2cgen
import numpy as np
import xgboost

rng = np.random.default_rng(0)
exact = rng.normal(size=(1500, 3))
rows = exact.round(2)
amount = np.abs(rows[:, 0] * 2 + rows[:, 1] * rows[:, 2]) + 0.5
rare = (rows[:, 0] + rng.logistic(size=1500) > 1).astype(float)
noisy = amount + rng.normal(scale=2, size=1500)
start = {"n_estimators": 30, "max_depth": 4, "base_score": 0.5}
stopped = xgboost.XGBRegressor(**start | {"n_estimators": 300}, early_stopping_rounds=3)
stopped.fit(rows[:500], noisy[:500], eval_set=[(rows[500:], noisy[500:])], verbose=False)
small = {"n_estimators": 30, "verbose": -1}
MODELS = {
    "xgboost, squared error": xgboost.XGBRegressor(**start).fit(rows, amount),
    "xgboost, two classes": xgboost.XGBClassifier(**start).fit(rows, rare),
    "xgboost, stopped early": stopped,
    "xgboost, counts": xgboost.XGBRegressor(**start, objective="count:poisson").fit(rows, amount.round()),
    "xgboost, amounts": xgboost.XGBRegressor(**start, objective="reg:gamma").fit(rows, amount),
    "xgboost, probabilities": xgboost.XGBRegressor(**start, objective="reg:logistic").fit(rows, rare),
    "xgboost, values not rounded": xgboost.XGBRegressor(**start).fit(exact, amount),
    "lightgbm, squared error": lightgbm.LGBMRegressor(**small).fit(rows, amount),
    "lightgbm, linear leaves": lightgbm.LGBMRegressor(**small, linear_tree=True).fit(rows, amount),
}
RIGHT = ("xgboost, squared error", "xgboost, two classes", "lightgbm, squared error")
for name, model in MODELS.items():
    asked = exact if "not rounded" in name else rows
    space = {}
    exec(m2cgen.export_to_python(model), space)
    exported = np.array([space["score"](row) for row in asked.tolist()])
    said = model.predict_proba(asked) if "classes" in name else model.predict(asked)
    apart = np.abs(exported - said)
    others = float(np.mean(apart > 1e-3))
    first = f"{exported.ravel()[0]:.3f} for {said.ravel()[0]:.3f}"
    print(f"{name}: {others:.1%} of the answers are others, by up to {apart.max():.3f}; first {first}")
    least = 0 if name in RIGHT else 0.005 if "not rounded" in name else 0.5
    if (name in RIGHT and others > 0) or others < least or (name not in RIGHT and apart.max() < 0.05):
        raise SystemExit("The behaviour has changed.")
PY
