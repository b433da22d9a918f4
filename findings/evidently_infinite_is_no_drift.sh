#!/usr/bin/env bash
# evidently 0.7.23 (with pandas 2.3.3; pandas 3.1.1, which it admits, has not what it imports).
# Expected: a column of which a third has become infinite (a divisor upstream is 0) has drifted.
# Seen: infinite values are left out before each of the four tests that are common for numbers: a p-value of 1, and
# distances far below their limits.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check evidently==0.7.23 pandas==2.3.3
OMP_NUM_THREADS=1 DO_NOT_TRACK=1 venv/bin/python -W ignore - <<'PY'
import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

limits = {"ks": 0.05, "psi": 0.1, "wasserstein": 0.1, "jensenshannon": 0.1}  # evidently's own
rng = np.random.default_rng(0)
reference = pd.DataFrame({"ratio": rng.normal(size=3000)})
current = reference.mask(rng.random((3000, 1)) < 1 / 3, np.inf)
columns = DataDefinition(numerical_columns=["ratio"])
sets = [Dataset.from_pandas(each, columns) for each in (current, reference)]
report = Report([ValueDrift(column="ratio", method=name) for name in limits]).run(*sets)
found = {name: float(each["value"]) for name, each in zip(limits, report.dict()["metrics"])}
print(f"infinite: {np.isinf(current.ratio).mean():.0%} of the rows;", {k: round(v, 4) for k, v in found.items()})
drifted = [name for name, value in found.items() if (value < limits[name]) == (name == "ks")]
print("drift is seen by:", drifted)
if drifted or not np.isinf(current.ratio).mean() > 0.3:
    raise SystemExit("The behaviour has changed.")
PY
