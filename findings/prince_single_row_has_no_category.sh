#!/usr/bin/env bash
# prince 0.23.0.
# Expected: FAMD's coordinates of a row follow from what was fitted and from the row, as PCA's and MCA's do.
# Seen: the shares of the categories are taken from the rows that are asked for, not from those of the fit. Asked
# one by one, as a service asks, no category counts: a row with "north" and one with "south" have the same
# coordinates. A classifier on the coordinates that is right in each row of a batch is right in 65% of the
# same rows one by one. Rows of one category asked together are elsewhere, too. Ask with all of the training
# rows added, or encode the categories before and take PCA.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check prince==0.23.0 pandas==2.3.3 numpy==2.4.6 \
    scikit-learn==1.9.1 scipy==1.17.1
OMP_NUM_THREADS=1 venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
import pandas as pd
import prince
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(0)
region = rng.choice(["north", "south"], 400)
rows = pd.DataFrame(
    {
        "age": rng.normal(40, 10, 400),
        "income": rng.normal(30, 5, 400),
        "region": region,
        "plan": np.where(rng.random(400) < 0.95, np.where(region == "north", "old", "new"), "none"),
    }
)
label = region == "north"
both = pd.DataFrame({"age": 40.0, "income": 30.0, "region": ["north", "south"], "plan": ["old", "new"]})
seen = {}
for kind, table in (
    (prince.FAMD, rows),
    (prince.MCA, rows[["region", "plan"]]),
    (prince.PCA, rows[["age", "income"]].assign(north=label * 1.0)),
):
    model = kind(n_components=3 if kind is not prince.MCA else 2, random_state=0).fit(table)
    batch = model.row_coordinates(table).to_numpy()
    single = np.vstack([model.row_coordinates(table.iloc[[at]]).to_numpy() for at in range(100)])
    classifier = LogisticRegression().fit(batch, label)
    right = [float(np.mean(classifier.predict(points) == label[: len(points)])) for points in (batch[:100], single)]
    apart = float(np.abs(batch[:100] - single).max())
    seen[kind.__name__] = apart, right
    shares = f"right of 100 in a batch {right[0]:.0%}, one by one {right[1]:.0%}"
    print(f"{kind.__name__}: one by one off by up to {apart:.3f}; {shares}")
    if kind is prince.FAMD:
        north, south = (model.row_coordinates(both.iloc[[at]]).to_numpy() for at in (0, 1))
        together = model.row_coordinates(pd.concat([rows, both])).to_numpy()[-2:]
print("north and south, asked one by one:", north.round(3).ravel().tolist(), south.round(3).ravel().tolist())
print("with the training rows:           ", *(point.round(3).tolist() for point in together))
if not np.allclose(north, south) or np.allclose(*together) or seen["FAMD"][0] < 0.5:
    raise SystemExit("The behaviour has changed.")
if seen["FAMD"][1][0] < 0.9 or seen["FAMD"][1][1] > 0.7 or max(seen["MCA"][0], seen["PCA"][0]) > 1e-6:
    raise SystemExit("The behaviour has changed.")
PY
