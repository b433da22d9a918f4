#!/usr/bin/env bash
# azure-core 1.41.0 (requests 2.34.2 as its transport).
# Expected: a request that is sent again after 503 is the same request, or is not sent again. RetryPolicy
# rewinds a body that is a file, and gives up where it cannot rewind.
# Seen: a body that is a generator, and files that are no dict of (name, file) pairs, are sent again without
# what was read the first time: the second request is empty, the server stores nothing as the file's content
# and answers 201, and the client takes it for done. `content` may be an iterable and `files` a list of pairs
# as their types say; a list is what generated clients make of uploads. Give bytes, or a file as
# {"field": ("name", file)}.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-core==1.41.0 requests==2.34.2
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import io
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from azure.core import PipelineClient
from azure.core.pipeline.policies import RetryPolicy
from azure.core.rest import HttpRequest

ROWS = b"id,label\n1,0\n2,1\n"
bodies, records = [], []
handler = logging.Handler(logging.WARNING)
handler.emit = records.append
logging.getLogger().addHandler(handler)


class Server(BaseHTTPRequestHandler):
    """Is busy for the first request and takes the second."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body, length = b"", self.headers.get("Content-Length")
        if length is None:
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(length))
        bodies.append(body)
        self.send_response(503 if len(bodies) == 1 else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = PipelineClient("", policies=[RetryPolicy(retry_backoff_factor=0.01)])


def sent(**body):
    bodies.clear()
    answer = client.send_request(HttpRequest("PUT", f"http://127.0.0.1:{server.server_port}/rows", **body))
    return answer.status_code, [ROWS in each for each in bodies]


with open("rows.csv", "wb") as file:
    file.write(ROWS)
with open("rows.csv", "rb") as file, open("rows.csv", "rb") as again:
    seen = {
        "bytes": sent(content=ROWS),
        "a file": sent(content=file),
        "a generator": sent(content=(line for line in ROWS.splitlines(keepends=True))),
        "files - a dict of pairs": sent(files={"rows": ("rows.csv", io.BytesIO(ROWS))}),
        "files - a dict": sent(files={"rows": io.BytesIO(ROWS)}),
        "files - a list of pairs": sent(files=[("rows", ("rows.csv", again))]),
    }
server.shutdown()
for name, (status, whole) in seen.items():
    print(f"{name}: {status}, the rows are in the first request {whole[0]}, in the second {whole[1]}")
print("records of the log:", len(records))
lost = {name for name, (_, whole) in seen.items() if whole == [True, False]}
if any(status != 201 or whole[0] is not True for status, whole in seen.values()) or records:
    raise SystemExit("The behaviour has changed.")
if lost != {"a generator", "files - a dict", "files - a list of pairs"}:
    raise SystemExit("The behaviour has changed.")
PY
