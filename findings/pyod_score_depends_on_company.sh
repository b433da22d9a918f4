#!/usr/bin/env bash
# pyod 3.6.7 (with numpy 2.4.6).
# Expected: a fitted detector gives a row one score, whichever other rows are asked for with it.
# Seen: ECOD and COPOD add the rows asked for to those of the training before they score. A row that lies four standard
# deviations out in each feature is an outlier alone and is none in 500 of its kind: the fault upstream that makes many
# such rows at once is what they do not see. IForest and KNN give one score.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyod==3.6.7 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -W ignore - <<'PY'
import numpy as np
from pyod.models.copod import COPOD
from pyod.models.ecod import ECOD
from pyod.models.iforest import IForest
from pyod.models.knn import KNN

rng = np.random.default_rng(0)
normal = rng.normal(size=(2000, 3))
odd = np.full((500, 3), 4.0)
seen = {}
for detector in (ECOD(), COPOD(), IForest(random_state=0), KNN()):
    name = type(detector).__name__
    detector.fit(normal)
    alone, many = detector.decision_function(odd[:1])[0], detector.decision_function(odd)[0]
    outlier = [int(detector.predict(rows)[0]) for rows in (odd[:1], odd)]
    print(f"{name}: alone {alone:.2f} (outlier: {outlier[0]}), among 500 equal ones {many:.2f} (outlier: {outlier[1]})")
    seen[name] = outlier
if seen != {"ECOD": [1, 0], "COPOD": [1, 0], "IForest": [1, 1], "KNN": [1, 1]}:
    raise SystemExit("The behaviour has changed.")
PY
