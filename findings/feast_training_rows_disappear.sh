#!/usr/bin/env bash
# feast 0.67.0 (the default offline store, of files).
# Expected: get_historical_features answers each row of the entity table with a row, empty where no feature
# is young enough for the feature view's ttl.
# Seen: a row whose only features are older than the ttl, or come later than the row, is left out, label and
# all, while a row of a customer who has no features at all is there, empty. Of two rows of one customer at one
# time the first one is left out. Of 8 training rows 4 come back, and no warning says so: new customers and those
# who have been quiet for long are missing in what a model learns from, and are there when it is asked. Without a
# ttl the stale ones are back, the others are not. Compare the row counts and join back by a row number.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check feast==0.67.0 pandas==2.3.3 numpy==2.4.6 \
    dask==2026.8.0 pyarrow==26.0.1
FEAST_USAGE=False venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import warnings
from datetime import timedelta

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Float64


def at(*days):
    return pd.to_datetime([f"2024-01-{day:02}" for day in days], utc=True)


known = pd.DataFrame({"customer": [1, 2, 2], "event_timestamp": at(1, 1, 20), "spent": [10.0, 20.0, 25.0]})
known.to_parquet("spent.parquet")
store = FeatureStore(
    config=RepoConfig(
        registry="registry.db",
        project="shop",
        provider="local",
        offline_store={"type": "file"},
        online_store={"type": "sqlite", "path": "online.db"},
        entity_key_serialization_version=3,
    )
)
customer = Entity(name="customer", join_keys=["customer"])

def view(name, ttl):
    return FeatureView(
        name=name,
        entities=[customer],
        ttl=ttl,
        schema=[Field(name="spent", dtype=Float64)],
        source=FileSource(path="spent.parquet", timestamp_field="event_timestamp"),
    )


store.apply([customer, view("limited", timedelta(days=5)), view("endless", timedelta(0))])
rows = pd.DataFrame(
    {
        "order": ["in time", "stale", "stale too", "twice a", "twice b", "nobody", "before", "fresh"],
        "customer": [1, 1, 2, 2, 2, 3, 1, 2],
        "event_timestamp": at(3, 10, 10, 4, 4, 10, 1, 21) - pd.to_timedelta([0, 0, 0, 0, 0, 0, 3600, 0], unit="s"),
    }
)
answers = {}
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for name in ("limited", "endless"):
        made = store.get_historical_features(rows, [f"{name}:spent"]).to_df()
        answers[name] = dict(zip(made.order, made.spent))
for order in rows.order:
    print(order + ":", {name: found.get(order, "no row") for name, found in answers.items()})
told = [str(each.message) for each in told if "drop" in str(each.message) or "ttl" in str(each.message)]
print(f"{len(rows)} rows asked, answered {[len(found) for found in answers.values()]}, warnings: {told}")
gone = {name: [order for order in rows.order if order not in found] for name, found in answers.items()}
if gone != {"limited": ["stale", "stale too", "twice a", "before"], "endless": ["twice a", "before"]} or told:
    raise SystemExit("The behaviour has changed.")
for found in answers.values():
    if (found["in time"], found["fresh"], found["twice b"]) != (10.0, 25.0, 20.0) or not pd.isna(found["nobody"]):
        raise SystemExit("The behaviour has changed.")
PY
