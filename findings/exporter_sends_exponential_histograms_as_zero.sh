#!/usr/bin/env bash
# azure-monitor-opentelemetry-exporter 1.0.0b58 with opentelemetry-sdk 1.45.2.
# Expected: a histogram to which a view gives exponential buckets reaches Application Insights with its sum, count,
# smallest and largest value, as one with fixed buckets does, or is refused.
# Seen: each one is sent as a single value of 0. Latencies are 0 on every dashboard, and no alert on them fires;
# nothing is logged, and force_flush() says True.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-monitor-opentelemetry-exporter==1.0.0b58 \
  opentelemetry-sdk==1.45.2
venv/bin/python -W ignore - <<'PY'
import gzip
import json
import logging
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ["APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL"] = "true"
from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View

arrived, records = [], []


class Ingestion(BaseHTTPRequestHandler):
    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            sent = gzip.decompress(sent)
        items = json.loads(sent)
        arrived.extend(item["data"]["baseData"]["metrics"][0] for item in items)
        body = json.dumps({"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


handler = logging.Handler(logging.WARNING)
handler.emit = records.append
logging.getLogger().addHandler(handler)
server = ThreadingHTTPServer(("127.0.0.1", 0), Ingestion)
threading.Thread(target=server.serve_forever, daemon=True).start()
exporter = AzureMonitorMetricExporter(
    connection_string="InstrumentationKey=00000000-0000-0000-0000-000000000001;"
    f"IngestionEndpoint=http://127.0.0.1:{server.server_port}/",
    disable_offline_storage=True,
)
provider = MeterProvider(
    metric_readers=[PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)],
    views=[View(instrument_name="exponential", aggregation=ExponentialBucketHistogramAggregation())],
)
meter = provider.get_meter("finding")
for name in ("fixed", "exponential"):
    histogram = meter.create_histogram(name)
    for duration in (5, 10, 30):
        histogram.record(duration)
flushed = provider.force_flush()
keys = ("value", "count", "min", "max")
found = {item["name"]: [item.get(key) for key in keys] for item in arrived}
seen = {name: found[name] for name in ("fixed", "exponential")}
for name, values in seen.items():
    print(f"{name} buckets:", dict(zip(keys, values)))
print(f"force_flush()={flushed}, warnings: {len(records)}", flush=True)  # the end below writes nothing out
if seen != {"fixed": [45, 3, 5, 30], "exponential": [0, 1, None, None]} or not flushed or records:
    raise SystemExit("The behaviour has changed.")
os._exit(0)  # the reader's thread would ask for another hour
PY
