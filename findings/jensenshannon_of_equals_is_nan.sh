#!/usr/bin/env bash
# scipy 1.17.1 with numpy 2.4.6.
# Expected: jensenshannon() scales both histograms to sum 1, so counts and their own shares have distance 0,
# or a rounding error near it.
# Seen: NaN, since rounding makes the sum of the divergences slightly negative before the square root is
# taken; numpy warns of an invalid value in sqrt.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
venv/bin/python -W ignore - <<'PY'
import math

from scipy.spatial.distance import jensenshannon

counts = [64, 51, 27, 31, 5, 8, 2]
shares = [count / sum(counts) for count in counts]
drift = float(jensenshannon(counts, shares))
print("distance of a histogram to its own shares:", drift, "| over a limit of 0.1:", drift > 0.1)
shifted = float(jensenshannon(counts, shares[::-1]))
print("distance to the reversed shares:", shifted)
if not math.isnan(drift) or not shifted > 0.1:
    raise SystemExit("The behaviour has changed.")
PY
