#!/usr/bin/env bash
# fairlearn 0.15.0 (with scikit-learn 1.9.1 and pandas 3.1.1).
# Expected: a model that makes no error has an equalized odds difference of 0, or an undefined one where a
# group holds no positive row; and where nobody is selected, the parity ratio agrees with the parity
# difference of 0.
# Seen: the faultless model gets 1.0, the worst value there is, since a rate over no rows counts as 0; and
# the ratio is NaN where the difference is 0, so that a gate written as "ratio < 0.8" lets it pass.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fairlearn==0.15.0 scikit-learn==1.9.1 \
  pandas==3.1.1 numpy==2.4.6
venv/bin/python -W ignore - <<'PY'
import math

from fairlearn.metrics import (
    demographic_parity_difference,
    demographic_parity_ratio,
    equalized_odds_difference,
)

groups = ["a"] * 4 + ["b"] * 4
truth = [1, 0, 1, 0, 0, 0, 0, 0]
odds = float(equalized_odds_difference(truth, truth, sensitive_features=groups))
print("equalized odds difference of a model without an error, group b having no positive row:", odds)
nobody = [0] * 8
difference = float(demographic_parity_difference(truth, nobody, sensitive_features=groups))
ratio = float(demographic_parity_ratio(truth, nobody, sensitive_features=groups))
print("nobody selected: parity difference", difference, "| ratio", ratio, "| ratio < 0.8:", ratio < 0.8)
if odds != 1.0 or difference != 0.0 or not math.isnan(ratio):
    raise SystemExit("The behaviour has changed.")
PY
