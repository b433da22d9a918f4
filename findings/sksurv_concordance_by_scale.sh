#!/usr/bin/env bash
# scikit-survival 0.28.0 (with lifelines 0.30.3 beside it).
# Expected: a concordance index asks for the order of the scores alone: times 1e-9 it is the same.
# Seen: scores that are nearer to each other than 1e-8 count as ties, whatever their size. The same model is
# 0.74 as log hazard and 0.50 as a hazard in seconds, "knows nothing", without a warning; in between the
# figure shrinks with the unit. Partial hazards and probabilities of rare events within a short time are of
# that size. (`tied_tol`, which is documented, and is not to be set for a model's `score`.) lifelines' index
# does not move. Rank the scores first.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check scikit-survival==0.28.0 lifelines==0.30.3 \
    pandas==2.3.3 numpy==2.4.6 scikit-learn==1.9.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
from lifelines.utils import concordance_index
from scipy.stats import rankdata
from sksurv.metrics import concordance_index_censored, concordance_index_ipcw
from sksurv.util import Surv

rng = np.random.default_rng(0)
time = rng.exponential(size=300)
event = rng.random(300) < 0.7
risk = -time + rng.normal(size=300)
known = Surv.from_arrays(event, time)
SCALES = (1.0, 1e-8, 1e-9, 1e-12)


def figures(scores):
    weighted = concordance_index_ipcw(known, known, scores, tau=2.0)[0]
    censored = concordance_index_censored(event, time, scores)[0]
    return censored, weighted, concordance_index(time, -scores, event)


seen = [figures(risk * scale) for scale in SCALES]
for scale, (censored, weighted, other) in zip(SCALES, seen):
    print(f"scores times {scale:g}: censored {censored:.3f}, IPCW {weighted:.3f}, lifelines {other:.3f}")
ranked = figures(rankdata(risk * 1e-12))
print(f"ranks of the smallest: censored {ranked[0]:.3f}, IPCW {ranked[1]:.3f}")
if not np.allclose(seen[-1][:2], 0.5) or not np.allclose(ranked, seen[0]) or seen[0][0] < 0.7:
    raise SystemExit("The behaviour has changed.")
if np.ptp([found[2] for found in seen]) > 1e-9:
    raise SystemExit("The behaviour has changed.")
PY
