"""The proxy on loopback: the one way from clients to emulated hosts. It never dials out."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from emulator import unanswered
from emulator.app import Emulator
from emulator.places import OUTSIDE, Ends, Place, come, leave

LOG = logging.getLogger("emulator.proxy")

PROOF = "x-emulator-proxy"
WORKLOAD = "x-emulator-workload"
DROPPED = {"connection", "proxy-connection", "proxy-authorization", "keep-alive", PROOF, WORKLOAD}
CHUNK = 1 << 16
MOST_OF_A_REASON = 400  # characters of a status line


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request, its names in lower case, in the order in which they came."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


class Refusal(Exception):
    """An answer of the proxy's own."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text

    def bytes(self) -> bytes:
        body = f"{self.text}\n".encode()
        extra = 'Proxy-Authenticate: Basic realm="emulator"\r\n' if self.status.startswith("407") else ""
        head = (
            f"HTTP/1.1 {self.status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n{extra}\r\n"
        )
        return head.encode() + body


class Proxy:
    """CONNECT for TLS, absolute URIs for plain HTTP; a note for every host that is not emulated, and 403
    unless it is one whose refusal the emulator words (`emulator.unanswered`)."""

    def __init__(
        self, emulator: Emulator, proof: str, tls_port: int, plain_port: int, places: dict[Ends, Place]
    ) -> None:
        """places: of the callers, by the ends of the connection by which the server sees them"""
        self._emulator = emulator
        self._places = places
        self._proof = proof
        self._tls_port = tls_port
        self._plain_port = plain_port
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client, until it ends or the proxy is closed."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        try:
            await asyncio.wait([task])
        finally:
            self._connections.discard(task)
        if not task.cancelled() and (error := task.exception()):
            LOG.error("a connection failed", exc_info=error)

    async def close(self) -> None:
        """End the connections that are open."""
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: asyncio.StreamWriter | None = None
        ends, held = (0, 0), None
        try:
            head = await _read_head(reader)
            if head is None:
                return
            # a thread: the workload's secret and what is refused are in the database
            port, first, place = await asyncio.to_thread(self._route, head)
            back, upstream = await asyncio.open_connection("127.0.0.1", port)
            ends = port, upstream.get_extra_info("sockname")[1]
            held = come(self._places, ends, place)
            if head.method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            upstream.write(first)
            cut = self._emulator.faults.cut_after()
            await asyncio.gather(
                _pipe(reader, upstream, _acknowledger(writer)), _pipe(back, writer, most=cut)
            )
        except Refusal as refusal:
            writer.write(refusal.bytes())
            with suppress(ConnectionError):
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            LOG.debug("connection ended: %s", error)
        finally:
            if held is not None:
                leave(self._places, ends, held)
            for stream in (writer, upstream):
                if stream is not None:
                    stream.close()

    def _route(self, head: Head) -> tuple[int, bytes, Place]:
        """The port on loopback that answers, what it is to read first, where the caller stands. Refusal."""
        workload = self._workload(head)
        place = self._emulator.identity.workloads.place(workload) if workload else OUTSIDE
        if head.method == "CONNECT":
            return self._tunnel(head, place), b"", place
        return *self._forward(head, workload), place

    def _tunnel(self, head: Head, place: Place) -> int:
        host, _, port = head.target.rpartition(":")
        name = host.lower().strip("[]")
        self._check(name, port, "443")
        if place.subnet and (why := self._emulator.reach.lost(place, name)):
            raise Refusal(f"502 Bad Gateway: {why}"[:MOST_OF_A_REASON], why)
        return self._tls_port

    def _forward(self, head: Head, workload: str) -> tuple[int, bytes]:
        """Where a plain request goes, and its head as the server is to see it."""
        try:
            url = urlsplit(head.target)
            port = url.port or 80
        except ValueError as error:
            raise Refusal("400 Bad Request", f"The URI cannot be read: {error}.") from error
        if url.scheme != "http" or not url.hostname:
            raise Refusal("400 Bad Request", "This is a proxy: it wants CONNECT or an absolute http:// URI.")
        self._check(url.hostname.lower(), str(port), None)
        lines = [f"{head.method} {url.path or '/'}{'?' + url.query if url.query else ''} HTTP/1.1"]
        lines += [f"{key}: {value}" for key, value in head.headers if key not in DROPPED | {"host"}]
        # one request a connection: the next one on it might be for another host
        lines += [f"host: {url.netloc.rpartition('@')[2]}", "connection: close", f"{PROOF}: {self._proof}"]
        lines += [f"{WORKLOAD}: {workload}"] if workload else []
        return self._plain_port, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _check(self, host: str, port: str, only_port: str | None) -> None:
        known = self._emulator.hosts.handler(host) is not None and host not in {"127.0.0.1", "localhost"}
        if known and (only_port is None or port == only_port):
            return
        name = host if known or port in {"80", "443"} else f"{host}:{port}"
        if known:
            name = f"{host}:{port}"
        self._emulator.refusals.host(name)
        if not known and name == host and unanswered.find(host) is not None:
            return  # the emulator answers, in words
        raise Refusal(
            f"403 Forbidden: {name} is not emulated",
            f"{name} is not emulated, and nothing outside can be reached from here.",
        )

    def _workload(self, head: Head) -> str:
        """The workload that the client says it is, proven by its secret; "" for clients without one."""
        scheme, _, encoded = head.get("proxy-authorization").partition(" ")
        if not encoded:
            return ""
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refusal("400 Bad Request", f"Proxy-Authorization cannot be read: {error}.") from error
        name = unquote(name)
        if scheme.lower() != "basic" or not self._emulator.identity.workloads.check(name, unquote(secret)):
            raise Refusal(
                "407 Proxy Authentication Required", f"No workload '{name}' with this secret runs here."
            )
        return name


async def _read_head(reader: asyncio.StreamReader) -> Head | None:
    try:
        data = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    except asyncio.LimitOverrunError as error:
        raise Refusal(
            "431 Request Header Fields Too Large", "The head of the request is too long."
        ) from error
    first, *rest = data.decode("latin-1").rstrip("\r\n").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3:
        raise Refusal("400 Bad Request", "The request line cannot be read.")
    pairs = (line.partition(":") for line in rest)
    return Head(
        parts[0].upper(), parts[1], tuple((key.strip().lower(), value.strip()) for key, _, value in pairs)
    )


def _nothing() -> None:
    """For connections whose acknowledgements may wait."""


def _acknowledger(writer: asyncio.StreamWriter) -> Callable[[], None]:
    """Acknowledge at once what a client sends: urllib3 sends a request's head and body apart and, to proxies,
    with Nagle's algorithm on, so that each body would wait 40 ms for the acknowledgement of its head."""
    client, option = writer.get_extra_info("socket"), getattr(socket, "TCP_QUICKACK", None)
    if client is None or option is None:
        return _nothing
    return lambda: client.setsockopt(socket.IPPROTO_TCP, option, 1)


async def _pipe(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    received: Callable[[], None] = _nothing,
    most: int | None = None,
) -> None:
    """Hand on what comes until its end, or until so many bytes have come: then the sink is cut off."""
    passed = 0
    try:
        received()
        while data := await source.read(CHUNK):
            received()  # the kernel forgets it after each packet
            passed += len(data)
            if most is not None and passed >= most:
                sink.transport.abort()
                return
            if sink.is_closing():  # its reader has gone: writing on would only be complained of
                return
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof() and not sink.is_closing():
            sink.write_eof()
    except (ConnectionError, OSError) as error:
        LOG.debug("tunnel ended: %s", error)
        sink.close()
