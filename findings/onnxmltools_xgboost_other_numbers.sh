#!/usr/bin/env bash
# onnxmltools 1.16.0 with xgboost 3.2.0 (onnxruntime 1.32.0 answers).
# Expected: an XGBoost model converted to ONNX answers as it does, or converting is refused, as it is for a
# linear booster, for DART and for `missing=-1`.
# Seen: four are converted to other numbers without a warning. A regressor of probabilities (reg:logistic,
# binary:logistic) and survival:cox answer with the sum of their leaves and a constant, below 0 and above 1;
# a classifier set to multi:softmax with margins where probabilities were (its labels are right); and of a
# model with two targets, or two quantiles, the first answer is the sum of the leaves of both and the second
# is 0. Poisson, gamma, Tweedie and classifiers as they come are right.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check onnxmltools==1.16.0 skl2onnx==1.20.0 \
    xgboost-cpu==3.2.0 onnxruntime==1.32.0 scikit-learn==1.9.1 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import warnings

import numpy as np
import onnxruntime
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from xgboost import XGBClassifier, XGBRegressor

onnxruntime.set_default_logger_severity(4)
rng = np.random.default_rng(0)
rows = rng.normal(size=(1500, 4)).astype(np.float32)
score = rows[:, 0] * 2 + rows[:, 1]
kinds = np.digitize(score, [-1, 1])
share, label, hazard = 1 / (1 + np.exp(-score)), (score > 0).astype(int), np.exp(score / 2)
counts, both = rng.poisson(np.exp(score / 2)), np.column_stack([score, -score])
QUANTILE = {"objective": "reg:quantileerror"}
CASES = {
    "count:poisson": (XGBRegressor, {"objective": "count:poisson"}, counts, True),
    "multi:softprob": (XGBClassifier, {}, kinds, True),
    "one quantile": (XGBRegressor, {**QUANTILE, "quantile_alpha": 0.9}, score, True),
    "reg:logistic": (XGBRegressor, {"objective": "reg:logistic"}, share, False),
    "binary:logistic": (XGBRegressor, {"objective": "binary:logistic"}, label, False),
    "survival:cox": (XGBRegressor, {"objective": "survival:cox"}, hazard, False),
    "multi:softmax": (XGBClassifier, {"objective": "multi:softmax"}, kinds, False),
    "two targets": (XGBRegressor, {}, both, False),
    "two quantiles": (XGBRegressor, {**QUANTILE, "quantile_alpha": [0.1, 0.9]}, score, False),
}


def asked(kind, settings, target):
    """The model's answers, those of its ONNX form, and how many warnings there were."""
    model = kind(n_estimators=20, max_depth=3, n_jobs=1, random_state=0, **settings).fit(rows, target)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        converted = convert_xgboost(model, initial_types=[("x", FloatTensorType([None, 4]))], target_opset=15)
    session = onnxruntime.InferenceSession(converted.SerializeToString())
    answer = (model.predict_proba if kind is XGBClassifier else model.predict)(rows)
    found = np.asarray(session.run(None, {"x": rows})[-1])
    return answer, found.reshape(answer.shape), len(told)


wrong = []
for name, (kind, settings, target, right) in CASES.items():
    answer, found, told = asked(kind, settings, target)
    apart = float(np.abs(answer - found).max())
    first, other = (values[0].astype(float).round(2).tolist() for values in (answer, found))
    print(f"{name}: {other} for {first}, up to {apart:.3g} apart, warnings {told}")
    wrong += [name] * ((apart < 1e-4) != right or told > 0)
if wrong:
    raise SystemExit("The behaviour has changed.")
PY
