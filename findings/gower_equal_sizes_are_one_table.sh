#!/usr/bin/env bash
# gower 0.1.2.
# Expected: gower_matrix(X, Y) holds, in row i and column j, the distance of row i of X from row j of Y; each
# column counts by its difference over its range.
# Seen: if X and Y have as many rows, Y is taken to be X: below the diagonal stands the distance of row j of X
# from row i of Y. Of 200 rows with 200 the distances are off by up to 0.8, and the nearest neighbour of more than
# half of the rows is another one; with one row more at the end of Y all are right. A column whose largest value is
# 0 (a loss, a logarithm of a probability, a depth) does not count at all: two rows at the ends of it are the same.
# Ask one row of X more than Y has, or in pieces of other sizes, and shift a column away from 0.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check gower==0.1.2 pandas==2.3.3 numpy==2.4.6 scipy==1.17.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import gower
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)


def table(rows, top):
    """`rows` rows of two numeric columns over the ranges 0 to 10 and `top - 10` to `top`."""
    made = pd.DataFrame({"a": rng.uniform(0, 10, rows), "b": rng.uniform(top - 10, top, rows)})
    made.iloc[0], made.iloc[1] = (0.0, top - 10.0), (10.0, top)
    return made


def expected(left, right):
    """The definition: the mean over columns of the difference over the range of both tables."""
    both = pd.concat([left, right]).to_numpy()
    apart = np.abs(left.to_numpy()[:, None] - right.to_numpy()[None])
    return (apart / np.ptp(both, axis=0)).mean(axis=2)


asked, known = table(200, 20.0), table(200, 20.0)
more = pd.concat([known, known.tail(1)])
same, longer = gower.gower_matrix(asked, known), gower.gower_matrix(asked, more)
exact = expected(asked, known)
off = float(np.abs(same - exact).max())
others = float(np.mean(same.argmin(axis=1) != exact.argmin(axis=1)))
print(f"200 rows with 200: off by up to {off:.2f}, {others:.0%} of nearest neighbours are others")
print(f"200 rows with 201: off by up to {np.abs(longer[:, :200] - exact).max():.6f}")
swapped = np.where(np.tri(200, k=-1, dtype=bool), exact.T, exact)
ends = {}
for top in (20.0, 0.0):
    rows = pd.DataFrame({"a": [0.0, 10.0, 5.0, 5.0], "b": [top, top, top, top - 10.0]})
    ends[top] = float(gower.gower_matrix(rows)[2, 3])
    print(f"two rows at the ends of a column of {top - 10:g} to {top:g}: {ends[top]:.2f} apart")
if off < 0.5 or others < 0.3 or not np.allclose(same, swapped, atol=1e-5):
    raise SystemExit("The behaviour has changed.")
if not np.allclose(longer[:, :200], exact, atol=1e-5) or not np.isclose(ends[20.0], 0.5) or ends[0.0] != 0:
    raise SystemExit("The behaviour has changed.")
PY
