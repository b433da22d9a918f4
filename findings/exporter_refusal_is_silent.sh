#!/usr/bin/env bash
# azure-monitor-opentelemetry-exporter 1.0.0b58 with opentelemetry-sdk 1.45.2, offline storage switched off.
# Expected: when the ingestion endpoint refuses a batch with 429, 503 or 402, the items are sent again, or
# force_flush() says False, or at least a log record says that items were lost, as one does after a 400.
# Seen: the items are gone, force_flush() says True, and nothing is logged at WARNING or above.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-monitor-opentelemetry-exporter==1.0.0b58 \
  opentelemetry-sdk==1.45.2
venv/bin/python -W ignore - <<'PY'
import json
import logging
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ["APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL"] = "true"
from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

answer, requests, records = 200, [], []


class Ingestion(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        requests.append(answer)
        refused = [{"index": 0, "statusCode": answer, "message": "refused"}]
        body = json.dumps({"itemsReceived": 1, "itemsAccepted": 0, "errors": refused}).encode()
        self.send_response(answer)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Keep(logging.Handler):
    def emit(self, record):
        records.append(record.levelname)


server = ThreadingHTTPServer(("127.0.0.1", 0), Ingestion)
threading.Thread(target=server.serve_forever, daemon=True).start()
exporter = AzureMonitorTraceExporter(
    connection_string="InstrumentationKey=00000000-0000-0000-0000-000000000001;"
    f"IngestionEndpoint=http://127.0.0.1:{server.server_port}/",
    disable_offline_storage=True,
)
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter))
trace.set_tracer_provider(provider)
logging.getLogger().addHandler(Keep())
logging.getLogger().setLevel(logging.WARNING)

seen = {}
for answer in (429, 503, 402, 400):
    requests.clear()
    records.clear()
    provider.get_tracer("finding").start_span("one span").end()
    flushed = provider.force_flush()
    answer, before = 200, len(requests)
    provider.force_flush()
    status = requests[0]
    seen[status] = (flushed, len(requests) - before, "ERROR" in records or "WARNING" in records)
    print(f"HTTP {status}: force_flush()={flushed}, sent again={seen[status][1]}, log={sorted(set(records))}")
provider.shutdown()
silently_lost = (True, 0, False)
if [seen[status] for status in (429, 503, 402)] != [silently_lost] * 3 or not seen[400][2]:
    raise SystemExit("The behaviour has changed.")
PY
