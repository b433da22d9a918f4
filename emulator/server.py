"""The daemon: the TLS server, the plain one for control and HTTP hosts, and the proxy, in one process."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import signal
import socket
import ssl
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import uvicorn

from emulator import control, heads
from emulator.app import Emulator
from emulator.errors import AzureError
from emulator.home import Home, write_aside
from emulator.http import Request, Response
from emulator.places import OUTSIDE, Ends, Place
from emulator.proxy import PROOF, WORKLOAD, Proxy
from emulator.tls import Certificates

LOG = logging.getLogger("emulator")
THREADS = 48
# Of the gateways of API Management: they wait for backends, which may ask this emulator meanwhile.
GATEWAY_THREADS = 96
GATEWAY_HOSTS = ".azure-api.net"
BACKLOG = 256
MOST_BYTES = 16 << 20  # of a body: it is held whole, whoever sends it
MOST_OF_BLOBS = 256 << 20  # SDKs send blocks of 4 to 100 MiB
BLOB_HOSTS = ".blob.core.windows.net"
PORT = re.compile(r"[0-9]{1,5}")
UNFIT = re.compile(r"[^\t\x20-\x7e\xa0-\xff]")


class Application:
    """ASGI in front of ``Emulator.answer``: the whole body in, the whole body out, each call in a thread."""

    def __init__(
        self,
        emulator: Emulator,
        pool: ThreadPoolExecutor,
        proof: str,
        places: Mapping[Ends, Place] | None = None,
        gateways: ThreadPoolExecutor | None = None,
    ) -> None:
        """places: of callers, by the ends of the proxy's connection; others stand outside

        gateways: threads for those of API Management, by default those of all
        """
        self._emulator = emulator
        self._places = {} if places is None else places
        self._pool = pool
        self._gateways = gateways or pool
        self._proof = proof

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = self._request(scope, b"")
        most = MOST_OF_BLOBS if request.host.endswith(BLOB_HOSTS) else MOST_BYTES
        body = bytearray()
        more = True
        while more and len(body) <= most:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if len(body) > most:
            response = _too_large(most)
        else:
            request = replace(request, body=bytes(body))
            loop = asyncio.get_running_loop()
            pool = self._gateways if request.host.endswith(GATEWAY_HOSTS) else self._pool
            response = await loop.run_in_executor(pool, self._emulator.answer, request)
        headers = {key.lower(): str(value) for key, value in response.headers.items()}
        if request.method != "HEAD" and response.status not in (204, 304) and response.stream is None:
            headers["content-length"] = str(len(response.body))
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(key.encode("latin-1"), header_value(value)) for key, value in headers.items()],
            }
        )
        if response.stream is not None:
            await _send_parts(response.stream(), receive, send)
            return
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else response.body})

    def _request(self, scope: dict[str, Any], body: bytes) -> Request:
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        # only the proxy can vouch for a workload, and only over the plain port
        if scope["scheme"] != "http" or not secrets.compare_digest(headers.pop(PROOF, ""), self._proof):
            headers.pop(WORKLOAD, None)
        headers.pop(PROOF, None)
        host, _, port = headers.get("host", "").lower().partition(":")
        raw_query = scope["query_string"].decode("latin-1")
        raw_path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
        return Request(
            method=scope["method"],
            host=host,
            path=unquote(raw_path),
            raw_path=raw_path,
            query={key.lower(): value for key, value in parse_qsl(raw_query, keep_blank_values=True)},
            headers=headers,
            body=body,
            scheme=scope["scheme"],
            port=int(port) if PORT.fullmatch(port) else (443 if scope["scheme"] == "https" else 80),
            raw_query=raw_query,
            place=self._places.get((_port(scope, "server"), _port(scope, "client")), OUTSIDE),
        )


def _port(scope: dict[str, Any], end: str) -> int:
    return (scope.get(end) or ("", 0))[1]


async def _send_parts(parts: AsyncGenerator[bytes], receive: Any, send: Any) -> None:
    """Send what comes as it comes, until it ends or the client goes."""

    async def passed() -> None:
        async for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    passing, gone = asyncio.create_task(passed()), asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({passing, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (passing, gone):
            task.cancel()
        results = await asyncio.gather(passing, gone, return_exceptions=True)
        await parts.aclose()
    for error in results:
        if isinstance(error, Exception):
            raise error


async def _left(receive: Any) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _too_large(most: int) -> Response:
    words = f"The request body is too large: {most >> 20} MiB are the most here."
    error = AzureError(413, "RequestBodyTooLarge", words)
    return Response.json(error.body(), 413, {"x-ms-error-code": error.code, "connection": "close"})


def header_value(text: str) -> bytes:
    """The value of a header as it is sent: what none can hold, such as the end of a line or the letters of a
    resource's name in its address, is percent-encoded."""
    return UNFIT.sub(lambda match: quote(match[0]), text).encode("latin-1")


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the daemon has its own."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _listen(port: int, *, needed: bool, home: Home) -> socket.socket:
    """A listening socket on loopback, on the port of the last start when there was one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        if needed and port:
            listener.close()
            raise RuntimeError(
                f"port {port}, which clients of {home.root} know as the proxy, cannot be had: "
                f"{error.strerror}. "
                f"End the program that holds it, or delete {home.ports} to take another port."
            ) from error
        listener.bind(("127.0.0.1", 0))
    listener.listen(BACKLOG)
    return listener


def serve(
    home: Home,
    ready: Callable[[], None],
    stopped: threading.Event | None = None,
    build: Callable[[Home], Emulator] = Emulator,
) -> None:
    """Run until SIGTERM or SIGINT (given ``stopped``: until that is set); ``ready`` once all answers."""
    try:
        import uvloop

        factory = uvloop.new_event_loop
    except ImportError:
        factory = asyncio.new_event_loop
    emulator = build(home)
    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(_serve(emulator, ready, stopped))
    finally:
        emulator.close()


async def _serve(emulator: Emulator, ready: Callable[[], None], stopped: threading.Event | None) -> None:
    home = emulator.home
    held = home.read_ports()
    sockets = {
        "proxy": _listen(held.get("proxy", 0), needed=True, home=home),
        "tls": _listen(held.get("tls", 0), needed=False, home=home),
        "plain": _listen(held.get("plain", 0), needed=False, home=home),
    }
    emulator.ports.update({name: one.getsockname()[1] for name, one in sockets.items()})
    write_aside(home.ports, json.dumps(emulator.ports).encode())
    control.install(emulator)
    proof = secrets.token_urlsafe(24)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    if stopped is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
    gateways = ThreadPoolExecutor(GATEWAY_THREADS, thread_name_prefix="gateway")
    try:
        places: dict[Ends, Place] = {}
        application = Application(emulator, pool, proof, places, gateways)
        context = Certificates(home).context()
        tls = _Server(_config(application, ssl_context_factory=_always(context)))
        plain = _Server(_config(application))
        proxy = Proxy(emulator, proof, emulator.ports["tls"], emulator.ports["plain"], places)
        front = await asyncio.start_server(
            proxy.serve, sock=sockets["proxy"], limit=heads.MOST_BYTES - heads.ROOM
        )
        serving = [
            asyncio.create_task(tls.serve([sockets["tls"]])),
            asyncio.create_task(plain.serve([sockets["plain"]])),
        ]
        while not (tls.started and plain.started):
            await asyncio.sleep(0.005)
            for task in serving:
                if task.done():
                    task.result()
        ready()
        starting = asyncio.create_task(asyncio.to_thread(emulator.started))
        await (stop.wait() if stopped is None else asyncio.to_thread(stopped.wait))
        await asyncio.to_thread(emulator.quiesce)
        front.close()
        await proxy.close()
        tls.should_exit = plain.should_exit = True
        await asyncio.gather(*serving)
        starting.cancel()
    finally:
        for one in (pool, gateways):
            one.shutdown(wait=False, cancel_futures=True)


def _always(context: ssl.SSLContext) -> Callable[..., ssl.SSLContext]:
    def factory(*_: Any) -> ssl.SSLContext:
        return context

    return factory


def _config(application: Application, **options: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,  # type: ignore[arg-type]
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        http=heads.Protocol,
        ws="none",
        server_header=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=3,
        proxy_headers=False,
        **options,
    )


def configure_logging() -> None:
    """Everything to standard error, which the daemon has redirected to its log file."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
