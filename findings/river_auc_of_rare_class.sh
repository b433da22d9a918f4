#!/usr/bin/env bash
# river 0.26.1 (with scikit-learn 1.9.1 beside it).
# Expected: metrics.ROCAUC, which is an approximation by thresholds, is near the exact AUC.
# Seen: its ten thresholds are evenly spaced over 0 to 1. A rare class has all of its probabilities below the second
# one, and a model of AUC 0.99 is shown as 0.5, the figure of a model that knows nothing.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check river==0.26.1 scikit-learn==1.9.1
OMP_NUM_THREADS=1 venv/bin/python - <<'PY'
import numpy as np
from river import metrics
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(0)
label = rng.random(20_000) < 0.02
probability = np.where(label, 0.03, 0.02) + rng.normal(scale=0.003, size=label.size)
running, rolling = metrics.ROCAUC(), metrics.RollingROCAUC(window_size=label.size)
for one, value in zip(label.tolist(), probability.tolist()):
    running.update(one, value)
    rolling.update(one, value)
exact = roc_auc_score(label, probability)
print(f"exact {exact:.4f}, RollingROCAUC {rolling.get():.4f}, ROCAUC {running.get():.4f}")
if not (exact > 0.98 and abs(rolling.get() - exact) < 1e-6 and running.get() == 0.5):
    raise SystemExit("The behaviour has changed.")
PY
