#!/usr/bin/env bash
# polars_ds 0.13.0 (with scipy 1.17.1 beside it).
# Expected: weighted_hmean is the weighted harmonic mean of a column, query_count_uniques its count of unique values,
# query_permute_entropy of a delay of 2 the entropy of the patterns of all points that are 2 apart.
# Seen: the harmonic mean is the mean of the weights, whatever the column holds. Values that occur twice are no
# unique ones: 0 of [1, 1, 2, 2]. Of a delay above 1 only each second point starts a pattern, and the points in it
# are neighbours: a sine of a period of 6 has 1.12 where it has 1.79 (tau=1 is right).
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check polars_ds==0.13.0 polars==2.1.0 numpy==2.4.6 scipy==1.17.1
venv/bin/python -W ignore - <<'PY'
from collections import Counter

import numpy as np
import polars as pl
import polars_ds as pds
from scipy.stats import hmean

rng = np.random.default_rng(0)
weight = rng.uniform(1, 3, 500)
means = {}
for low, high in ((1, 2), (50, 60)):
    speed = rng.uniform(low, high, 500)
    rows = pl.DataFrame({"speed": speed, "weight": weight})
    means[low] = rows.select(pds.weighted_hmean("speed", "weight")).item()
    exact, plain = hmean(speed, weights=weight), rows.select(pds.hmean("speed")).item()
    print(f"speeds of {low} to {high}: weighted {means[low]:.4f}, scipy {exact:.4f}; without weights {plain:.4f}")
    right = np.isclose(plain, hmean(speed))
    if not right or not np.isclose(means[low], weight.mean()) or abs(means[low] - exact) < 0.2:
        raise SystemExit("The behaviour has changed.")
counts = {}
for values in ([1, 2, 3, 4], [1, 1, 2, 3], [1, 1, 2, 2]):
    counts[str(values)] = pl.DataFrame({"x": values}).select(pds.query_count_uniques("x")).item()
    print(f"unique values of {values}: {counts[str(values)]}")
if list(counts.values()) != [4, 2, 0]:
    raise SystemExit("The behaviour has changed.")
wave = np.sin(np.arange(600) * 2 * np.pi / 6 + 0.1)
entropy = {}
for delay in (1, 2):
    patterns = Counter(tuple(np.argsort(wave[i : i + 2 * delay + 1 : delay])) for i in range(len(wave) - 2 * delay))
    share = np.array(list(patterns.values())) / (len(wave) - 2 * delay)
    exact = float(-(share * np.log(share)).sum())
    found = pl.DataFrame({"x": wave}).select(pds.query_permute_entropy("x", tau=delay, n_dims=3)).item()
    entropy[delay] = found, exact
    print(f"permutation entropy, a delay of {delay}: {found:.3f}, by definition {exact:.3f}")
if not np.isclose(*entropy[1]) or abs(entropy[2][0] - entropy[2][1]) < 0.3:
    raise SystemExit("The behaviour has changed.")
PY
