"""Servers on loopback: a proxy that cuts, a store of blobs as Azure's, one that only refuses."""

import contextlib
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


class CuttingProxy:
    """Forwards to a port of loopback and writes down what was asked.

    `cuts`: after how many bytes each following answer to a GET is broken off. `stall_after`: after how many
    bytes an answer to a GET stops for good, with its connection open.
    """

    def __init__(self, port: int) -> None:
        self.target = port
        self.requests: list[tuple[str, str | None]] = []
        self.sent = 0
        self.cuts: list[int] = []
        self.stall_after: int | None = None
        self.stalled = threading.Event()
        self.released = threading.Event()
        self.on_cut: Callable[[], None] = lambda: None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def gets(self) -> list[str | None]:
        """The Range of each GET."""
        return [asked for method, asked in self.requests if method == "GET"]

    def close(self) -> None:
        self.released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts, which holds it open
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self.target))
        limit: list[int | None] = [None]

        def up() -> None:
            try:
                while data := client.recv(65536):
                    found = re.match(rb"(GET|HEAD|PUT|POST|DELETE) ", data)
                    if found:
                        asked = re.search(rb"^range: *(\S+)", data, re.IGNORECASE | re.MULTILINE)
                        self.requests.append((found[1].decode(), asked[1].decode() if asked else None))
                        limit[0] = self.cuts.pop(0) if found[1] == b"GET" and self.cuts else None
                    server.sendall(data)
            except OSError:
                return
            finally:
                server.close()

        threading.Thread(target=up, daemon=True).start()
        try:
            passed = 0
            while data := server.recv(65536):
                if limit[0] is not None and passed + len(data) >= limit[0]:
                    client.sendall(data[: limit[0] - passed])
                    self.on_cut()
                    break
                passed += len(data)
                self.sent += len(data)
                client.sendall(data)
                if self.stall_after is not None and passed >= self.stall_after:
                    self.stalled.set()
                    self.released.wait(60)
        except OSError:
            return
        finally:
            for end in (client, server):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)  # the other thread may be reading from it
                end.close()


@dataclass
class BlobStore:
    """The part of Azure's blob service that a download uses: properties, ranges, If-Match, error codes."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    generation: int = 1
    refuse: tuple[int, str] | None = None
    cuts: list[int] = field(default_factory=list)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    on_cut: Callable[[], None] = lambda: None
    port: int = 0

    def put(self, path: str, content: bytes) -> None:
        self.blobs[path] = content
        self.generation += 1

    @property
    def etag(self) -> str:
        return f'"0x{self.generation:08X}"'

    def start(self) -> ThreadingHTTPServer:
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                return

            def do_HEAD(self) -> None:
                store.answer(self, with_body=False)

            def do_GET(self) -> None:
                store.answer(self, with_body=True)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server

    def answer(self, handler: BaseHTTPRequestHandler, with_body: bool) -> None:
        asked = handler.headers.get("x-ms-range") or handler.headers.get("range")
        self.requests.append((handler.command, asked))
        content = self.blobs.get(unquote(urlsplit(handler.path).path))
        condition = handler.headers.get("if-match")
        refusal = self.refuse
        if refusal is None and content is None:
            refusal = 404, "BlobNotFound"
        if refusal is None and condition not in (None, self.etag):
            refusal = 412, "ConditionNotMet"
        if refusal is not None or content is None:
            self._refuse(handler, *(refusal or (404, "BlobNotFound")), with_body)
            return
        first, last = 0, len(content) - 1
        if asked:
            bounds = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
            assert bounds
            first, last = int(bounds[1]), min(int(bounds[2] or last), last)
        body = content[first : last + 1]
        handler.send_response(206 if asked else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        handler.send_header("ETag", self.etag)
        handler.send_header("Last-Modified", f"Wed, 01 Jan 2025 00:00:{self.generation:02} GMT")
        handler.send_header("x-ms-blob-type", "BlockBlob")
        for name, value in self.metadata.items():
            handler.send_header(f"x-ms-meta-{name}", value)
        handler.end_headers()
        if with_body and self.cuts:
            handler.wfile.write(body[: self.cuts.pop(0)])
            handler.wfile.flush()
            self.on_cut()
            handler.close_connection = True
        elif with_body:
            handler.wfile.write(body)

    @staticmethod
    def _refuse(handler: BaseHTTPRequestHandler, status: int, code: str, with_body: bool) -> None:
        """In both services' dialects: Azure's header, S3's element."""
        body = f"<Error><Code>{code}</Code><Message>words of the service</Message></Error>".encode()
        handler.send_response(status)
        handler.send_header("x-ms-error-code", code)
        handler.send_header("Content-Type", "application/xml")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if with_body:
            handler.wfile.write(body)
