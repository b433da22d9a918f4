#!/usr/bin/env bash
# catboost 1.2.10 (with onnxruntime 1.32.0).
# Expected: a model that is saved as ONNX or as Python code answers as the model does, or saving is refused,
# as it is for ONNX with categories or after set_scale_and_bias.
# Seen: three that are other models, without a warning. A Poisson model answers in ONNX with the logarithm of
# the count; MultiClassOneVsAll, whose probabilities are independent of each other, gets a softmax; and in
# the Python code a model that puts gaps above all numbers (nan_mode="Max") finds them below. Saved as JSON,
# all three are the same.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check catboost==1.2.10 onnxruntime==1.32.0
OMP_NUM_THREADS=1 venv/bin/python -W ignore - <<'PY'
import importlib.util
import warnings

import numpy as np
import onnxruntime
from catboost import CatBoostClassifier, CatBoostRegressor

rng = np.random.default_rng(0)
full = rng.normal(size=(2000, 3)).astype(np.float32)
gaps = np.where(rng.random(full.shape) < 0.15, np.float32("nan"), full)
target = np.where(np.isnan(gaps[:, 0]), 2, full[:, 0]) + full[:, 1]
onnxruntime.set_default_logger_severity(4)
SETTINGS = {"iterations": 20, "depth": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1}


def onnx(model, rows):
    model.save_model("model.onnx", format="onnx")
    return onnxruntime.InferenceSession("model.onnx").run(None, {"features": rows})


def code(model, rows):
    model.save_model("model.py", format="python")
    found = importlib.util.spec_from_file_location("model", "model.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return np.array([module.apply_catboost_model([float(value) for value in row]) for row in rows])


def json(model, rows, ask="predict"):
    model.save_model("model.json", format="json")
    return getattr(type(model)().load_model("model.json", format="json"), ask)(rows)


def apart(one, other):
    return float(np.abs(np.asarray(one) - other).max())


with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    counts = CatBoostRegressor(loss_function="Poisson", **SETTINGS).fit(full, rng.poisson(np.exp(full[:, 0])))
    count, of_onnx = counts.predict(full), onnx(counts, full)[0].ravel()
    kinds = CatBoostClassifier(loss_function="MultiClassOneVsAll", **SETTINGS)
    kinds.fit(full, np.digitize(target, [0, 1]))
    shares, maps = kinds.predict_proba(full), onnx(kinds, full)[1]
    of_maps = np.array([[each[key] for key in sorted(each)] for each in maps])
    above = CatBoostRegressor(nan_mode="Max", **SETTINGS).fit(gaps, target)
    value, of_code = above.predict(gaps), code(above, gaps)
    same = [
        apart(json(counts, full), count),
        apart(json(kinds, full, "predict_proba"), shares),
        apart(json(above, gaps), value),
    ]
whole = ~np.isnan(gaps).any(axis=1)
print(f"Poisson, ONNX: {of_onnx[:2].round(3)} for {count[:2].round(3)}")
print(f"one against all, ONNX: the rows' probabilities are up to {apart(of_maps, shares):.2f} apart")
with_gaps, without = apart(of_code, value), apart(of_code[whole], value[whole])
print(f"gaps above, Python: up to {with_gaps:.2f} apart, {without:.2f} without gaps")
print(f"saved as JSON: {max(same):.1g} apart. Warnings: {len(told)}")
if apart(np.exp(of_onnx), count) > 1e-4 or apart(of_onnx, count) < 0.5 or apart(of_maps, shares) < 0.1:
    raise SystemExit("The behaviour has changed.")
if with_gaps < 1 or without > 1e-6 or max(same) > 1e-6 or told:
    raise SystemExit("The behaviour has changed.")
PY
