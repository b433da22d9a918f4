#!/usr/bin/env bash
# emlearn 0.23.2 (with scikit-learn 1.9.1).
# Expected: a tree that was trained on standardized features becomes the same tree, or the conversion refuses them.
# Seen: the default for features is a 16-bit integer, and thresholds and values are cut to whole numbers: more than a
# quarter of the labels are others, without a warning. With dtype="float" all labels are the same.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check emlearn==0.23.2 scikit-learn==1.9.1
OMP_NUM_THREADS=1 venv/bin/python - 2>&1 <<'PY'
import warnings

import emlearn
import numpy as np
from sklearn.tree import DecisionTreeClassifier

rng = np.random.default_rng(0)
rows = rng.normal(size=(3000, 4)).astype(np.float32)
label = (rows[:, 0] + rng.normal(size=3000) > 0).astype(int)
model = DecisionTreeClassifier(max_depth=4, random_state=0).fit(rows, label)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    shares = {
        name: float(np.mean(emlearn.convert(model, **given).predict(rows) != model.predict(rows)))
        for name, given in (("default", {}), ("float", {"dtype": "float"}))
    }
told = [str(each.message) for each in told if "feature" in str(each.message) or "dtype" in str(each.message)]
print("labels that are others:", {name: f"{share:.0%}" for name, share in shares.items()}, "warnings of it:", told)
if shares["default"] < 0.25 or shares["float"] or told:
    raise SystemExit("The behaviour has changed.")
PY
