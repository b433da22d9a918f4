#!/usr/bin/env bash
# azure-monitor-query 2.0.0.
# Expected: an empty cell of an answer is None, of whatever type its column is.
# Seen: in columns of the types guid and timespan it is the text "None", while it is None in all others. Code
# that asks "is there an id" finds one in each row, rows without an id become one group, and a join by it
# finds partners.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-monitor-query==2.0.0
venv/bin/python -W ignore - <<'PY'
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.monitor.query import LogsQueryClient

TYPES = ("string", "guid", "timespan", "datetime", "long", "real", "bool", "dynamic")
columns = [{"name": kind, "type": kind} for kind in TYPES]
rows = [[None] * len(TYPES)]
answer = json.dumps({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]})


class Service(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


class Nobody:
    def get_token(self, *_, **__):
        return AccessToken("none", 2**31)


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = LogsQueryClient(
    Nobody(), endpoint=f"http://127.0.0.1:{server.server_port}/v1", authentication_policy=SansIOHTTPPolicy()
)
table = client.query_workspace("workspace", "Rows", timespan=timedelta(days=1)).tables[0]
seen = dict(zip(table.columns, table.rows[0]))
print("cells that are null:", {name: repr(value) for name, value in seen.items()})
if {name for name, value in seen.items() if value == "None"} != {"guid", "timespan"}:
    raise SystemExit("The behaviour has changed.")
if any(value is not None for name, value in seen.items() if name not in ("guid", "timespan")):
    raise SystemExit("The behaviour has changed.")
PY
