#!/usr/bin/env bash
# imodels 3.0.4 (with scikit-learn 1.9.1).
# Expected: a classifier learns the same of a label that is 0 and 1, 1 and 2 or "no" and "yes", as scikit-learn's do.
# Seen: BoostedRulesClassifier and SlipperClassifier work with 0 and 1 alone. Of 1 and 2, and of texts, they
# say the first class for every row: accuracy 50% where the same label as 0 and 1 gives 96% and 74%. predict gives
# the labels as they were coded, so it looks right. No warning. FIGS, the greedy rule list, RuleFit and SLIM are
# right. Code the label as 0 and 1 before. (six is imported and not required.)
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check imodels==3.0.4 scikit-learn==1.9.1 numpy==2.4.6 \
    pandas==2.3.3 scipy==1.17.1 matplotlib==3.11.2 six==1.17.0
OMP_NUM_THREADS=1 venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import warnings

import imodels
import numpy as np
import pandas as pd
from sklearn.ensemble import AdaBoostClassifier

rng = np.random.default_rng(0)
rows = pd.DataFrame(rng.normal(size=(600, 3)), columns=["a", "b", "c"])
label = (rows.a + rows.b > 0).astype(int).to_numpy()
CODED = {"0 and 1": label, "1 and 2": label + 1, "no and yes": np.where(label == 1, "yes", "no")}
KINDS = {
    "scikit-learn's AdaBoost": lambda: AdaBoostClassifier(random_state=0),
    "FIGSClassifier": lambda: imodels.FIGSClassifier(random_state=0),
    "BoostedRulesClassifier": lambda: imodels.BoostedRulesClassifier(random_state=0),
    "SlipperClassifier": lambda: imodels.SlipperClassifier(random_state=0),
}
right, told = {}, []
for name, make in KINDS.items():
    for coding, known in CODED.items():
        np.random.seed(0)
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            said = make().fit(rows, known).predict(rows)
        told += [str(each.message) for each in found if "label" in str(each.message) or "class" in str(each.message)]
        right[name, coding] = float(np.mean(said == known)), len(np.unique(said))
        print(f"{name}, {coding}: {right[name, coding][0]:.1%} right, {right[name, coding][1]} classes said")
print("warnings of it:", told)
for name in KINDS:
    first, *others = (right[name, coding] for coding in CODED)
    same = all(other == first for other in others)
    constant = all(other[1] == 1 and other[0] < 0.6 for other in others)
    if first[0] < 0.7 or first[1] != 2 or (not constant if name[:2] in ("Bo", "Sl") else not same) or told:
        raise SystemExit("The behaviour has changed.")
PY
