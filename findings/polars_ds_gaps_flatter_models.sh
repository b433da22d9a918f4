#!/usr/bin/env bash
# polars_ds 0.13.0.
# Expected: of a model that answers half of the rows, the error is that of the rows that it answered, and R2
# that of these, or null. The docstring of query_l1 says that nulls won't be counted in N.
# Seen: the rows without an answer are counted in N with an error of 0. Mean absolute and squared error, Huber's,
# log-cosh and SMAPE are half of what they are, and the explained share rises from 0.5 to 0.75: the more a
# model leaves out, the better it is, and one that answers nothing has an R2 of 1. Only MAPE and the largest
# error are right, and the AUC refuses nulls. A weighted mean of a column with gaps is too small in the same
# way. Drop the rows first.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check polars_ds==0.13.0 polars==2.1.0 numpy==2.4.6
venv/bin/python -W ignore - <<'PY'
import numpy as np
import polars as pl
import polars_ds as pds

rng = np.random.default_rng(0)
true = rng.normal(loc=10, size=2000)
said = true + rng.normal(scale=np.sqrt(0.5), size=2000)
rows = pl.DataFrame({"true": true, "said": said, "weight": rng.random(2000)})
half = rows.with_columns(said=pl.when(pl.int_range(pl.len()) % 2 == 0).then("said"))
none = rows.with_columns(said=pl.lit(None, pl.Float64))
METRICS = {
    "query_r2": {},
    "query_l1": {},
    "query_l2": {},
    "query_hubor_loss": {"delta": 1.0},
    "query_log_cosh": {},
    "query_smape": {},
    "query_mape": {},
    "query_l_inf": {},
}
seen = {}
for name, more in METRICS.items():
    asked = getattr(pds, name)("true", "said", **more)
    seen[name] = [table.select(asked).item() for table in (rows, half, half.drop_nulls(), none)]
    whole, gaps, exact, nothing = seen[name]
    print(f"{name}: all {whole:.4f}, half without an answer {gaps:.4f}, the answered half {exact:.4f}, none {nothing}")
mean = [table.select(pds.weighted_mean("said", "weight")).item() for table in (half, half.drop_nulls())]
print(f"weighted mean of a column with gaps {mean[0]:.2f}, without them {mean[1]:.2f}")
errors = {name: gaps / exact for name, (_, gaps, exact, _) in seen.items()}
left = half.drop_nulls()
apart = (left["true"] - left["said"]).to_numpy()
if not np.isclose(seen["query_l1"][2], np.abs(apart).mean()) or not np.isclose(seen["query_l2"][2], (apart**2).mean()):
    raise SystemExit("The behaviour has changed.")
HALVED = ("query_l1", "query_l2", "query_hubor_loss", "query_log_cosh", "query_smape")
if not all(np.isclose(errors[name], 0.5) for name in HALVED):
    raise SystemExit("The behaviour has changed.")
if not all(np.isclose(errors[name], 1) for name in ("query_mape", "query_l_inf")) or seen["query_r2"][3] != 1:
    raise SystemExit("The behaviour has changed.")
if seen["query_r2"][1] < seen["query_r2"][2] + 0.15 or mean[0] > 0.6 * mean[1]:
    raise SystemExit("The behaviour has changed.")
PY
