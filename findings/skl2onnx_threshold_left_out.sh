#!/usr/bin/env bash
# skl2onnx 1.20.0 (with scikit-learn 1.9.1, onnxruntime 1.32.0).
# Expected: a classifier whose threshold was tuned (TunedThresholdClassifierCV) keeps it in ONNX, or the conversion
# refuses, as it does for FixedThresholdClassifier.
# Seen: the labels are those of 0.5. The rare class, for which the threshold was tuned, is nearly never found.
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
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import TunedThresholdClassifierCV

rng = np.random.default_rng(0)
rows = rng.normal(size=(5000, 3)).astype(np.float32)
label = (rng.random(5000) < 1 / (1 + np.exp(3.5 - rows[:, 0]))).astype(int)
model = TunedThresholdClassifierCV(LogisticRegression(), scoring="balanced_accuracy").fit(rows, label)
converted = to_onnx(model, rows[:1], options={"zipmap": False}).SerializeToString()
answers = {
    "scikit-learn": model.predict(rows),
    "ONNX": onnxruntime.InferenceSession(converted).run(None, {"X": rows})[0],
    "scikit-learn at 0.5": model.estimator_.predict(rows),
}
print(f"tuned threshold: {model.best_threshold_:.3f}")
for name, found in answers.items():
    recall, balanced = recall_score(label, found), balanced_accuracy_score(label, found)
    print(f"{name}: recall {recall:.2f}, balanced accuracy {balanced:.2f}")
tuned, onnx, half = answers.values()
if not (np.array_equal(onnx, half) and recall_score(label, tuned) > 0.5 > 0.1 > recall_score(label, onnx)):
    raise SystemExit("The behaviour has changed.")
PY
