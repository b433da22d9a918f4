#!/usr/bin/env bash
# scikit-uplift 0.5.1.
# Expected: uplift_at_k of a model that gives everybody the same score is the uplift of them all, in
# whatever order the rows are; of one whose scores have ties, one figure.
# Seen: rows of equal score are taken in their order. Of one trial the constant model has an uplift at 30%
# of 1, -1 or 0.13, as the table is sorted; scores in steps of a tenth, 0.23, -0.03 or 0.11. Tables that are
# written by group or by outcome (as exports of campaigns are) decide the figure. With strategy "by_group"
# it is the same. qini_auc_score does not move. Shuffling does not mend it, it hides it; take the mean over
# shuffles.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check scikit-uplift==0.5.1 scikit-learn==1.9.1 \
    numpy==2.4.6 pandas==2.3.3 matplotlib==3.11.2
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
from sklift.metrics import qini_auc_score, uplift_at_k

rng = np.random.default_rng(0)
treated = rng.integers(0, 2, 2000)
bought = (rng.random(2000) < 0.3 + 0.1 * treated).astype(int)
helped = bought * treated + (1 - bought) * (1 - treated)
ORDERS = {
    "as it came": np.arange(2000),
    "sorted one way": np.argsort(helped, kind="stable"),
    "sorted the other way": np.argsort(-helped, kind="stable"),
}
SCORES = {"constant": np.zeros(2000), "in tenths": np.round(rng.random(2000), 1)}
seen = {}
for score, values in SCORES.items():
    for order, at in ORDERS.items():
        rows = bought[at], values[at], treated[at]
        both = [uplift_at_k(*rows, strategy=strategy, k=0.3) for strategy in ("overall", "by_group")]
        seen[score, order] = [*both, qini_auc_score(*rows)]
        first, second, area = seen[score, order]
        print(f"{score}, {order}: at 30% {first:.2f}, by group {second:.2f}, area {area:.3f}")
for score in SCORES:
    figures = np.array([seen[score, order] for order in ORDERS])
    if figures[:, :2].max() - figures[:, :2].min() < 0.2 or np.ptp(figures[:, 2]) > 1e-9:
        raise SystemExit("The behaviour has changed.")
if not np.allclose(np.abs([seen["constant", order][0] for order in ORDERS][1:]), 1):
    raise SystemExit("The behaviour has changed.")
PY
