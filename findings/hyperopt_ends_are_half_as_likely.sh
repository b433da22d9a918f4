#!/usr/bin/env bash
# hyperopt 0.3.0.
# Expected: uniformint(1, 3) draws 1, 2 and 3 equally often, as its name says and randint does; quniform
# stays within its bounds, being for values "which should be bounded both above and below".
# Seen: a fraction is drawn and rounded (the documentation has the formula, round(uniform(low, high) / q) * q,
# and not what follows from it), so that each end is half as likely as what lies between: of 1, 2, 3 the
# middle comes half of the time. quniform(1, 100, 25) draws 0 in an eighth of the trials, and
# quniform(0.1, 1, 0.15) draws 1.05: a share above 1. A search over depths hardly tries its ends, and a
# trial fails, or means "no limit", for a value that was ruled out. `randint(1, 4)` is uniform; a `choice`
# of values keeps to them.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check hyperopt==0.3.0 numpy==2.4.6 setuptools==80.9.0
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
from hyperopt import hp
from hyperopt.pyll.stochastic import sample

rng = np.random.default_rng(0)
SPACES = {
    "randint(1, 4)": hp.randint("a", 1, 4),
    "uniformint(1, 3)": hp.uniformint("b", 1, 3),
    "quniform(1, 100, 25)": hp.quniform("c", 1, 100, 25),
    "quniform(0.1, 1, 0.15)": hp.quniform("d", 0.1, 1, 0.15),
}
seen = {}
for name, space in SPACES.items():
    drawn = np.round([sample(space, rng=rng) for _ in range(4000)], 6)
    values, counts = np.unique(drawn, return_counts=True)
    seen[name] = dict(zip(values.tolist(), (counts / 4000).round(2).tolist()))
    print(f"{name}: {seen[name]}")
fair, ends, steps, shares = seen.values()
if max(fair.values()) > 0.36 or ends[2] < 0.45 or ends[1] > 0.28 or ends[3] > 0.28:
    raise SystemExit("The behaviour has changed.")
if steps.get(0, 0) < 0.09 or shares.get(1.05, 0) == 0:
    raise SystemExit("The behaviour has changed.")
PY
