#!/usr/bin/env bash
# @opentelemetry/sdk-metrics 2.12.1, the newest for Node 20 (opentelemetry-sdk 1.45.2 of Python beside it).
# Expected: a view that leaves out an attribute adds up what differs by it alone, as the specification has it
# for counters of each kind: three workers with 10, 20 and 12 rows are 42 rows of their model.
# Seen: of ObservableCounter and ObservableUpDownCounter only the value observed last is kept: 12. The counter
# that is added to says 42 under the same view, and so does Python's SDK for both. Nothing is logged, and the
# order of the observations decides: a rate made of it falls below zero when workers change places. Add up in
# the callback, or leave the attribute in.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
npm install --silent --no-audit --no-fund @opentelemetry/api@1.9.1 @opentelemetry/core@2.12.1 \
    @opentelemetry/resources@2.12.1 @opentelemetry/sdk-metrics@2.12.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2
cat >seen.mjs <<'JS'
import { diag, DiagLogLevel } from '@opentelemetry/api';
import { createAllowListAttributesProcessor, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

const records = [];
const keep = (...words) => records.push(words.join(' '));
diag.setLogger({ error: keep, warn: keep, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);

async function collected(rows) {
  const reader = new Reader();
  const attributesProcessors = [createAllowListAttributesProcessor(['model'])];
  const views = [{ instrumentName: '*', attributesProcessors }];
  const provider = new MeterProvider({ readers: [reader], views });
  const meter = provider.getMeter('workers');
  const observe = (result) => rows.forEach(([worker, n]) => result.observe(n, { model: 'credit', worker }));
  meter.createObservableCounter('observed').addCallback(observe);
  meter.createObservableUpDownCounter('level').addCallback(observe);
  const added = meter.createCounter('added');
  rows.forEach(([worker, n]) => added.add(n, { model: 'credit', worker }));
  const { resourceMetrics } = await reader.collect();
  const points = resourceMetrics.scopeMetrics[0].metrics.map((metric) => {
    if (metric.dataPoints.length !== 1 || metric.dataPoints[0].attributes.model !== 'credit') process.exit(1);
    return [metric.descriptor.name, metric.dataPoints[0].value];
  });
  return Object.fromEntries(points);
}

const rows = [['a', 10], ['b', 20], ['c', 12]];
const seen = [await collected(rows), await collected([...rows].reverse())];
process.stdout.write(JSON.stringify({ seen, records }));
JS
node seen.mjs >seen.json
venv/bin/python - <<'PY'
import json

from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import View

ROWS = {"a": 10, "b": 20, "c": 12}
reader = InMemoryMetricReader()
provider = MeterProvider([reader], views=[View(instrument_name="*", attribute_keys={"model"})])


def observed(_):
    return [Observation(n, {"model": "credit", "worker": worker}) for worker, n in ROWS.items()]


provider.get_meter("workers").create_observable_counter("observed", [observed])
metric = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics[0]
python = [point.value for point in metric.data.data_points]
with open("seen.json") as file:
    found = json.load(file)
forwards, backwards = found["seen"]
print("JavaScript:", forwards, "in the other order:", backwards, "records of the log:", len(found["records"]))
print("Python:", python, "the sum:", sum(ROWS.values()))
if python != [42] or forwards != {"observed": 12, "level": 12, "added": 42} or found["records"]:
    raise SystemExit("The behaviour has changed.")
if backwards != {"observed": 10, "level": 10, "added": 42}:
    raise SystemExit("The behaviour has changed.")
PY
