"""One running emulator for the files here, and a trial that logs as MLflow's clients do."""

from __future__ import annotations

from tests.emulator.pipelines.conftest import cache, lab

__all__ = ["TRIAL", "cache", "lab"]

# Logs -(x - 3)² and x through MLflow's REST API; as often as --times says, each time a bit less far away.
TRIAL = """
import argparse, json, os, pathlib, sys, time, urllib.request
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float, required=True)
parser.add_argument("--kind", default="")
parser.add_argument("--metric", default="score")
parser.add_argument("--times", type=int, default=1)
parser.add_argument("--pause", type=float, default=0.0)
parser.add_argument("--out", type=pathlib.Path)
given = parser.parse_args()
if given.kind == "broken":
    sys.exit("this kind is broken")
base = os.environ["MLFLOW_TRACKING_URI"].replace("azureml://", "https://") + "/api/2.0/mlflow/"
head = {"authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "content-type": "application/json"}
run = os.environ["MLFLOW_RUN_ID"]
score = -((given.x - 3) ** 2)
for step in range(given.times):
    body = {"run_id": run, "key": given.metric, "value": score - (given.times - 1 - step), "step": step}
    asked = urllib.request.Request(base + "runs/log-metric", json.dumps(body).encode(), head)
    urllib.request.urlopen(asked).close()
    time.sleep(given.pause)
if given.out:
    (given.out / "x.txt").write_text(str(given.x))
print("x is", given.x, given.kind)
"""
