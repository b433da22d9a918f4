#!/usr/bin/env bash
# category_encoders 2.11.2.
# Expected: HashingEncoder puts the same category into the same column in each batch; one gap in a batch
# changes the gap's row and no other.
# Seen: it hashes how a value is written. Of a column of whole numbers one gap makes floats, 7 becomes "7.0",
# and all other rows of the batch are in other columns: a model that was trained on 2000 rows without a gap,
# with 92% accuracy, has 54% on the same rows when one of them is empty. The same happens to ids that a file
# or a request delivers as 7.0, and not with OrdinalEncoder, CountEncoder and TargetEncoder, which take 7 and
# 7.0 for one. Make text of the column before.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check category_encoders==2.11.2 pandas==2.3.3 \
    numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import category_encoders as ce
import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

rng = np.random.default_rng(0)
shop = pd.DataFrame({"shop": rng.integers(0, 40, 2000)})
good = rng.random(40) < 0.5
label = np.where(rng.random(2000) < 0.01, ~good[shop.shop], good[shop.shop])
gap = shop.astype(float)
gap.iloc[0] = np.nan
moved, right = {}, {}
for kind in (ce.HashingEncoder, ce.OrdinalEncoder, ce.CountEncoder, ce.TargetEncoder):
    more = {"n_components": 64} if kind is ce.HashingEncoder else {}
    encoder = kind(cols=["shop"], **more).fit(shop, label)
    whole, other = (encoder.transform(rows).to_numpy(float) for rows in (shop, gap))
    model = DecisionTreeClassifier(random_state=0).fit(whole, label)
    moved[kind.__name__] = float(np.mean(np.any(whole != other, axis=1)[1:]))
    right[kind.__name__] = tuple(float(np.mean(model.predict(rows) == label)) for rows in (whole, other))
    first, second = right[kind.__name__]
    changed = moved[kind.__name__]
    print(f"{kind.__name__}: {changed:.0%} of the other rows changed, accuracy {first:.1%}, with one gap {second:.1%}")
hashed, *others = moved.values()
first, second = right["HashingEncoder"]
if hashed < 0.9 or first < 0.9 or second > first - 0.2 or any(others):
    raise SystemExit("The behaviour has changed.")
PY
