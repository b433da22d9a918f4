#!/usr/bin/env bash
# mlflow-skinny 3.17.2, with its store of SQL (sqlalchemy 2.1.9) and of files.
# Expected: "for each metric key, the metric value with the latest timestamp is returned", as
# RunData.metrics is documented; so a run's metric is what was logged last.
# Seen: it is the value of the largest step, whatever its time. A training that is resumed in the same run
# and counts its steps from 0 again shows the accuracy from before it was interrupted until it has passed
# that step; searches and comparisons of runs go by it too. Of values with the same step (0, where none is
# stated) within one millisecond it is the larger, whatever came last: a loss of 0.9, logged before one of
# 0.1. Count steps on, or log the figures that decide under names of their own.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 sqlalchemy==2.1.9 \
    alembic==1.20.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import os

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
from mlflow import MlflowClient

NOON = 1_700_000_000_000
HOUR = 3_600_000
CASES = {  # values in the order of logging: the value, its step, its time
    "steps counted on": [(0.7, 900, NOON), (0.9, 1100, NOON + HOUR)],
    "resumed at step 0": [(0.7, 900, NOON), (0.9, 200, NOON + HOUR)],
    "without steps - an hour apart": [(0.9, 0, NOON), (0.1, 0, NOON + HOUR)],
    "without steps - one millisecond": [(0.9, 0, NOON), (0.1, 0, NOON)],
}
seen = {}
for store in ("sqlite:///runs.db", "file:runs"):
    client = MlflowClient(store)
    experiment = client.create_experiment("one")
    run = client.create_run(experiment).info.run_id
    for name, values in CASES.items():
        for value, step, time in values:
            client.log_metric(run, name, value, timestamp=time, step=step)
    metrics = client.get_run(run).data.metrics
    seen[store] = [metrics[name] for name in CASES]
    seen[store].append(len(client.search_runs([experiment], "metrics.`resumed at step 0` > 0.8")))
    print(f"{store}: {metrics}, found above 0.8 after resuming: {seen[store][-1]} runs")
if any(found != [0.9, 0.7, 0.1, 0.9, 0] for found in seen.values()):
    raise SystemExit("The behaviour has changed.")
PY
