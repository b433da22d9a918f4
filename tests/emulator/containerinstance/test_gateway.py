"""What the way to a container leaves of an answer's headers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast

import pytest

from emulator.containerinstance.gateway import Gateway
from emulator.http import Request


class Container(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)  # with a date of its own
        self.send_header("X-Request-Id", "a")
        self.send_header("Connection", "close")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    server = HTTPServer(("127.0.0.1", 0), Container)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()

    def port(*_: object) -> int:
        return server.server_port

    monkeypatch.setattr(Gateway, "_local_port", port)
    yield Gateway(cast("Any", None), cast("Any", None))
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_has_one_date(gateway: Gateway) -> None:
    """The daemon's server writes it: with the container's there would be two."""
    answer = gateway.handle(Request("GET", "x.azurecontainer.io", "/", "/", scheme="http", port=8080))
    assert answer.status == 200
    assert "date" not in answer.headers and "connection" not in answer.headers
    assert answer.headers["x-request-id"] == "a"
