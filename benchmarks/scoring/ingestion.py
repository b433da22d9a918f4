"""A stand-in of Application Insights' ingestion and of the managed identity, on loopback, in its own process.

    python -m benchmarks.scoring.ingestion FOLDER

writes FOLDER/ca.pem and FOLDER/ports.json, takes what the exporter sends over TLS, and counts it by kind.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import ssl
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.scoring.cache import ROOT
from benchmarks.scoring.processes import Process, free_ports, get

KIND = re.compile(rb'"baseType"\s*:\s*"(\w+)"')
TRACE_ID = re.compile(rb'\\"trace_id\\"')  # once for each request, in a property of the event
TOLD = "requests in events"  # counted like a kind of record
TOKEN_SECONDS = 86_400
INSTRUMENTATION_KEY = "00000000-0000-4000-8000-000000000001"
CLIENT_ID = "00000000-0000-4000-8000-000000000002"


class Counts:
    """Records that arrived, by kind, and what they weighed on the wire."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.kinds: Counter[str] = Counter()
        self.bytes = 0

    def add(self, body: bytes, packed: bool) -> int:
        """The number of records in one delivery."""
        content = gzip.decompress(body) if packed else body
        kinds = [kind.decode() for kind in KIND.findall(content)]
        with self._lock:
            self.kinds.update(kinds)
            self.kinds[TOLD] += len(TRACE_ID.findall(content))
            self.bytes += len(body)
        return len(kinds)


def handler(counts: Counts) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            number = counts.add(body, self.headers.get("content-encoding") == "gzip")
            self._answer({"itemsReceived": number, "itemsAccepted": number, "errors": []})

        def do_GET(self) -> None:
            if self.path.startswith("/counts"):
                self._answer({"kinds": dict(counts.kinds), "bytes": counts.bytes})
                return
            expires = str(int(time.time()) + TOKEN_SECONDS)
            self._answer({"access_token": "loopback", "expires_on": expires, "token_type": "Bearer"})

        def _answer(self, value: dict[str, Any]) -> None:
            content = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: its log would only take time."""

    return Handler


def serve(folder: Path) -> None:
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(secure)
    ports = json.loads((folder / "ports.json").read_text())
    counts = Counts()
    taking = ThreadingHTTPServer(("127.0.0.1", ports["ingestion"]), handler(counts))
    taking.socket = secure.wrap_socket(taking.socket, server_side=True)
    threading.Thread(target=taking.serve_forever, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", ports["control"]), handler(counts)).serve_forever()


class StandIn:
    """The process, seen from the benchmark."""

    def __init__(self, folder: Path, ports: dict[str, int]) -> None:
        self._folder, self._ports = folder, ports

    def variables(self) -> dict[str, str]:
        """What a service is given to send here with a managed identity."""
        authority = str(self._folder / "ca.pem")
        endpoint = f"https://localhost:{self._ports['ingestion']}/"
        return {
            "APPLICATIONINSIGHTS_CONNECTION_STRING": (
                f"InstrumentationKey={INSTRUMENTATION_KEY};IngestionEndpoint={endpoint};LiveEndpoint={endpoint}"
            ),
            "AZURE_CLIENT_ID": CLIENT_ID,
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{self._ports['control']}/token",
            "IDENTITY_HEADER": "loopback",
            "REQUESTS_CA_BUNDLE": authority,
            "SSL_CERT_FILE": authority,
        }

    def kinds(self) -> dict[str, int]:
        """How many records of each kind have arrived."""
        try:
            return json.loads(get(self._ports["control"], "/counts")[1])["kinds"]
        except (OSError, http.client.HTTPException) as error:
            raise RuntimeError(f"the ingestion stand-in does not answer: {error}") from error


@contextmanager
def running(cores: Sequence[int]) -> Generator[StandIn]:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(scratch)
        ingestion, control = free_ports(2)
        ports = {"ingestion": ingestion, "control": control}
        (folder / "ports.json").write_text(json.dumps(ports))
        argv = [sys.executable, "-m", "benchmarks.scoring.ingestion", scratch]
        process = Process(argv, os.environ, ROOT, cores)
        try:
            process.wait_ready(control, "/counts")
            yield StandIn(folder, ports)
        finally:
            process.stop()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
