#!/usr/bin/env bash
# onnxmltools 1.16.0 with lightgbm 4.7.0, onnx 1.23.2 and onnxruntime 1.31.1.
# Expected: a LightGBM model whose settings have no counterpart in the converter is refused.
# Seen: linear_tree, reg_sqrt, zero_as_missing and the rf booster convert without a word to models whose
# predictions are off by whole units, while the same model without them agrees to six digits.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lightgbm==4.7.0 onnxmltools==1.16.0 \
  onnx==1.23.2 onnxruntime==1.31.1 numpy==2.4.6 scikit-learn==1.9.1
venv/bin/python -W ignore - <<'PY'
import lightgbm
import numpy as np
import onnxruntime
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

random = np.random.default_rng(0)
rows = random.normal(size=(400, 2)).astype(np.float32)
rows[:150, 0] = 0
target = np.where(rows[:, 0] == 0, 10, rows[:, 0] ** 2) + np.abs(rows[:, 1])
settings = [
    {},
    {"linear_tree": True},
    {"reg_sqrt": True},
    {"zero_as_missing": True},
    {"boosting_type": "rf", "subsample": 0.5, "subsample_freq": 1},
]
differs = []
for setting in settings:
    model = lightgbm.LGBMRegressor(n_estimators=20, n_jobs=1, verbose=-1, **setting).fit(rows, target)
    converted = convert_lightgbm(model, initial_types=[("x", FloatTensorType([None, 2]))])
    session = onnxruntime.InferenceSession(converted.SerializeToString(), providers=["CPUExecutionProvider"])
    difference = float(np.abs(session.run(None, {"x": rows})[0].ravel() - model.predict(rows)).max())
    print(f"{setting or 'plain'}: largest difference {difference:.2g}")
    differs.append(difference > 0.1)
if differs != [False, True, True, True, True]:
    raise SystemExit("The behaviour has changed.")
PY
