#!/usr/bin/env bash
# lightgbm 4.7.0 (with pandas 3.1.1).
# Expected: training that goes on from a model (init_model) with the same categories in another order keeps what the
# model learned of each category, or refuses: predict and validation sets compare and map the categories.
# Seen: the old trees keep the codes of the old order, the booster keeps the names of the new one. One further round
# exchanges what 30 rounds had learned of two regions, without a warning.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lightgbm==4.7.0 pandas==3.1.1
OMP_NUM_THREADS=1 venv/bin/python - <<'PY'
import warnings

import lightgbm
import numpy as np
import pandas as pd

warnings.simplefilter("error")
rates = {"north": 0.9, "east": 0.1, "south": 0.8, "west": 0.2}
rng = np.random.default_rng(0)


def rows(order):
    region = rng.choice(list(rates), 4000)
    label = (rng.random(4000) < [rates[name] for name in region]).astype(int)
    return lightgbm.Dataset(pd.DataFrame({"region": pd.Categorical(region, categories=order)}), label)


settings = {"objective": "binary", "num_leaves": 4, "verbose": -1, "num_threads": 1, "seed": 1}
first = lightgbm.train(settings, rows(["north", "east", "south", "west"]), 30)
second = lightgbm.train(settings, rows(["east", "north", "south", "west"]), 1, init_model=first)
asked = pd.DataFrame({"region": pd.Categorical(list(rates), categories=list(rates))})
before, after = (dict(zip(rates, model.predict(asked).round(2).tolist())) for model in (first, second))
print("true rates:             ", rates)
print("after 30 rounds:        ", before)
print("after one further round:", after)
learned = all(abs(before[name] - rate) < 0.1 for name, rate in rates.items())
if not learned or not (after["north"] < 0.5 < after["east"]):
    raise SystemExit("The behaviour has changed.")
PY
