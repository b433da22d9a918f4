#!/usr/bin/env bash
# skl2onnx 1.20.0 (with scikit-learn 1.9.1, onnxruntime 1.32.0).
# Expected: SimpleImputer becomes the same columns in ONNX, or the conversion refuses.
# Seen: a column without any value, which scikit-learn leaves out, stays in ONNX, so that each tree behind it reads its
# neighbour; the columns of add_indicator=True, which scikit-learn adds, are missing, and a linear model behind it
# answers with the coefficients of others. Neither the conversion nor the run says anything.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check skl2onnx==1.20.0 scikit-learn==1.9.1 onnxruntime==1.32.0
OMP_NUM_THREADS=1 venv/bin/python -W ignore - <<'PY'
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

rng = np.random.default_rng(0)
empty, gaps = rng.normal(size=(2, 2000, 3)).astype(np.float32)
empty[:, 0] = np.nan
missing = rng.random(2000) < 0.4
gaps[missing, 0] = np.nan


def other(name, imputer, model, rows, label):
    """The share of rows whose label is another in ONNX."""
    model = make_pipeline(imputer, model).fit(rows, label)
    converted = to_onnx(model, rows[:1], options={"zipmap": False}).SerializeToString()
    labels = onnxruntime.InferenceSession(converted).run(None, {"X": rows})[0]
    share = float(np.mean(labels != model.predict(rows)))
    print(f"{name}: accuracy {model.score(rows, label):.2f}, other labels in ONNX {share:.0%}")
    return share


shares = [
    other("a column without a value, a tree", SimpleImputer(), DecisionTreeClassifier(max_depth=3), empty,
          (empty[:, 1] > 0).astype(int)),
    other("an indicator of gaps, a linear model", SimpleImputer(add_indicator=True), LogisticRegression(), gaps,
          missing.astype(int)),
    other("neither", SimpleImputer(), DecisionTreeClassifier(max_depth=3), gaps, (gaps[:, 1] > 0).astype(int)),
]
if not (shares[0] > 0.2 and shares[1] > 0.2 and shares[2] == 0):
    raise SystemExit("The behaviour has changed.")
PY
