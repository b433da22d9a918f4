#!/usr/bin/env bash
# azure-monitor-opentelemetry-exporter 1.0.0b58, offline storage off, max_envelopes_per_second=5.
# Expected: a batch of 20 spans is sent over several seconds, or the export that drops most of them says
# FAILURE.
# Seen: 4 arrive (an item that describes the resource takes the fifth place), 16 are dropped, and the export
# result and force_flush() both say success. A warning in the log is the only sign.
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
from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

arrived, records, results = [], [], []


class Ingestion(BaseHTTPRequestHandler):
    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            sent = gzip.decompress(sent)
        items = json.loads(sent)
        arrived.extend(item for item in items if item["data"]["baseType"] == "RemoteDependencyData")
        body = json.dumps({"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Keep(logging.Handler):
    def emit(self, record):
        records.append(record.getMessage())


class Watched(SpanExporter):
    def export(self, spans):
        result = exporter.export(spans)
        results.append(result.name)
        return result


server = ThreadingHTTPServer(("127.0.0.1", 0), Ingestion)
threading.Thread(target=server.serve_forever, daemon=True).start()
exporter = AzureMonitorTraceExporter(
    connection_string="InstrumentationKey=00000000-0000-0000-0000-000000000001;"
    f"IngestionEndpoint=http://127.0.0.1:{server.server_port}/",
    disable_offline_storage=True,
    max_envelopes_per_second=5,
)
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Watched()))
trace.set_tracer_provider(provider)
logging.getLogger().addHandler(Keep())
logging.getLogger().setLevel(logging.WARNING)

for number in range(20):
    provider.get_tracer("finding").start_span(f"span {number}").end()
flushed = provider.force_flush()
print(f"20 spans, {len(arrived)} arrived, export={results}, force_flush()={flushed}")
print(f"log: {records}")
if (len(arrived), results, flushed) != (4, ["SUCCESS"], True):
    raise SystemExit("The behaviour has changed.")
PY
