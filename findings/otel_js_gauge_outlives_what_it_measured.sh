#!/usr/bin/env bash
# @opentelemetry/sdk-metrics 2.12.1, the newest for Node 20 (opentelemetry-sdk 1.45.2 of Python beside it).
# Expected: a gauge with a callback shows what the callback observed for this collection; the specification:
# "the implementation SHOULD NOT produce aggregated metric data for a previously-observed attribute set which
# is not observed during a successful callback".
# Seen: with cumulative temporality, which is the default, each set of attributes that was ever observed is
# shown for good, with its last value and the time of now. The lag of a queue that is gone, the loss of a
# model that was unloaded: it stays as it was, an alert on it never ends, and a pod that sees many of them
# sends more each minute. Python's SDK leaves them out, and so does this one with delta temporality.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
npm install --silent --no-audit --no-fund @opentelemetry/api@1.9.1 @opentelemetry/core@2.12.1 \
    @opentelemetry/resources@2.12.1 @opentelemetry/sdk-metrics@2.12.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2
cat >seen.mjs <<'JS'
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

async function collected(options) {
  const reader = new Reader(options);
  const meter = new MeterProvider({ readers: [reader] }).getMeter('models');
  let errors = { old: 0.31, new: 0.07 };
  const observe = (result) => Object.entries(errors).forEach(([model, n]) => result.observe(n, { model }));
  meter.createObservableGauge('error').addCallback(observe);
  const seen = [];
  for (const next of [{ new: 0.07 }, { new: 0.05 }, {}]) {
    const before = Date.now();
    const { resourceMetrics } = await reader.collect();
    const points = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics[0].dataPoints);
    // A point's time is in seconds and nanoseconds.
    const recent = points.every((point) => point.endTime[0] * 1000 + point.endTime[1] / 1e6 >= before - 1);
    seen.push([Object.fromEntries(points.map((point) => [point.attributes.model, point.value])), recent]);
    errors = next;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return seen;
}

const cumulative = await collected({});
const delta = await collected({ aggregationTemporalitySelector: () => AggregationTemporality.DELTA });
process.stdout.write(JSON.stringify({ cumulative, delta }));
JS
node seen.mjs >seen.json
venv/bin/python - <<'PY'
import json

from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

errors = {}
reader = InMemoryMetricReader()
meter = MeterProvider([reader]).get_meter("models")


def observed(_):
    return [Observation(n, {"model": model}) for model, n in errors.items()]


meter.create_observable_gauge("error", [observed])
python = []
for errors in ({"old": 0.31, "new": 0.07}, {"new": 0.07}, {"new": 0.05}):
    metric = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics[0]
    python.append({point.attributes["model"]: point.value for point in metric.data.data_points})
with open("seen.json") as file:
    found = json.load(file)
for name, collections in (("JavaScript", found["cumulative"]), ("the same, delta", found["delta"])):
    print(f"{name}:", [values for values, _ in collections])
print("Python:", python)
observed = [{"old": 0.31, "new": 0.07}, {"new": 0.07}, {"new": 0.05}]
if python != observed or [values for values, _ in found["delta"]] != observed:
    raise SystemExit("The behaviour has changed.")
stale = [{"old": 0.31, **values} for values in observed]
if found["cumulative"] != [[values, True] for values in stale]:
    raise SystemExit("The behaviour has changed.")
PY
