#!/usr/bin/env bash
# skops 0.16.0 (with scikit-learn 1.9.1).
# Expected: what `skops.io.dump` writes, `load` gives back as it was, or writing is refused, as it is for
# keys that are tuples.
# Seen: a deque comes back empty, without its length limit, and a dict that has both 1 and "1" loses one of
# the two values, and the key that is left shows the other's. An estimator that keeps its last values in a
# deque (a moving threshold, a buffer of drift) starts anew wherever it is loaded, and nothing says so.
# pickle keeps both. Keep lists in what is to be written; compare what was loaded before it is released.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check skops==0.16.0 scikit-learn==1.9.1 numpy==2.4.6
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import pickle
from collections import deque

import skops.io
from sklearn.base import BaseEstimator


class Recent(BaseEstimator):
    """Holds a value against the largest of the last three that it was fitted on."""

    def fit(self, rows, target=None):
        self.last_ = deque(rows, maxlen=3)
        self.names_ = {1: "paid", "1": "late"}
        return self

    def predict(self, rows):
        return [value > max(self.last_, default=float("-inf")) for value in rows]


def state(model):
    return list(model.last_), model.last_.maxlen, model.names_, model.predict([0.5, 1.5])


def loaded(model):
    written = skops.io.dumps(model)
    return skops.io.loads(written, trusted=skops.io.get_untrusted_types(data=written))


model = Recent().fit([0.2, 0.9, 1.0, 0.4])
kept = pickle.loads(pickle.dumps(model))
seen = {"fitted": state(model), "pickle": state(kept), "skops": state(loaded(model))}
for name, found in seen.items():
    print(f"{name}: last {found[0]}, at most {found[1]}, names {found[2]}, answers {found[3]}")
try:
    skops.io.dumps({(1, 2): 3})
    print("a tuple as key: written")
except TypeError as refused:
    print("a tuple as key:", refused)
if seen["pickle"] != seen["fitted"] or seen["skops"] != ([], None, {1: "late"}, [True, True]):
    raise SystemExit("The behaviour has changed.")
PY
