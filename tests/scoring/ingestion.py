"""An ingestion endpoint on loopback that answers as it is told to."""

import gzip
import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "00000000-0000-0000-0000-000000000001"
CLOSED = 0  # instead of a status: the connection is closed without an answer


class Ingestion:
    """`answers`: the statuses of the next posts that `refusing` holds for; without one, 200.

    Of a 206 every second item is taken, beginning with the first.
    """

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []  # those that were taken
        self.answers: deque[int] = deque()
        self.refusing: frozenset[str] | None = None  # kinds of data; None: all
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                packed = self.headers.get("content-encoding") == "gzip"
                status, answer = outer.answer(json.loads(gzip.decompress(body) if packed else body))
                if status == CLOSED:
                    self.close_connection = True
                    return
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def connection_string(self) -> str:
        return f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{self.server.server_port}"

    def answer(self, items: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        kinds = {item["data"]["baseType"] for item in items}
        held = self.refusing is None or bool(kinds & self.refusing)
        status = self.answers.popleft() if self.answers and held else 200
        refused = [place for place in range(len(items)) if status != 200 and (status != 206 or place % 2)]
        self.items += [item for place, item in enumerate(items) if place not in refused]
        errors = [{"index": place, "statusCode": 429, "message": "no"} for place in refused]
        taken = len(items) - len(errors)
        return status, {"itemsReceived": len(items), "itemsAccepted": taken, "errors": errors}

    def data(self, kind: str) -> list[dict[str, Any]]:
        return [item for item in self.items if item["data"]["baseType"] == kind]

    def metrics(self, name: str) -> list[dict[str, Any]]:
        found = [metric for item in self.data("MetricData") for metric in item["data"]["baseData"]["metrics"]]
        return [metric for metric in found if metric["name"] == name]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
