"""Connections to processes on loopback, kept open between requests."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from emulator.containerinstance.gateway import HOP_BY_HOP, REWRITTEN

IDLE: Final = 64  # connections that are kept for one port
CONNECT_S: Final = 5.0  # a process on loopback takes a connection at once, or never
READ_S: Final = 300.0  # between two parts of a body, once the head is there
MOST_BYTES: Final = 64 << 20  # of an answer: it is held whole
AT_ONCE: Final = 1 << 16  # bytes of a body that go together with the head


class NotReached(Exception):
    """No answer: nothing listens, or the connection ended before it."""


class NothingListens(NotReached):
    """No connection came about, so nothing of the request was sent."""


class TooSlow(Exception):
    """No head of an answer in time."""


@dataclass(frozen=True, slots=True)
class Answered:
    """headers: in the order in which they came, without those of the connection's own."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _Connection(http.client.HTTPConnection):
    """Sends a small body together with its head: each piece is a system call, and lets other threads go
    first."""

    body = b""

    def send(self, data: Any) -> None:
        data, self.body = data + self.body if self.body else data, b""
        super().send(data)


class Connections:
    """Of one gateway. Safe for threads: a connection is in one request's hands at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[tuple[int, bool, str], deque[_Connection]] = {}

    def send(
        self,
        port: int,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        timeout_s: float,
        tls: ssl.SSLContext | None = None,
        name: str = "",
    ) -> Answered:
        """Send a request to a port on 127.0.0.1. NotReached, TooSlow.

        A kept connection that turns out to be closed before any of an answer came is replaced by a new one,
        once, as HTTP clients do. timeout_s: for the head of the answer. name: of the host that TLS asks for.
        """
        key = (port, tls is not None, name)
        request = (method, target, headers, body, timeout_s)
        try:
            kept = self._take(key)
            if kept is not None:
                with suppress(http.client.RemoteDisconnected, ConnectionError):
                    return self._exchange(kept, key, *request)
            made = _Connection("127.0.0.1", port, timeout=CONNECT_S)
            _connect(made, tls, name)
            return self._exchange(made, key, *request)
        except ConnectionRefusedError as error:
            raise NothingListens(f"port {port}: {error}") from error
        except TimeoutError as error:
            raise TooSlow(str(error)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: no head can hold it
            raise NotReached(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Close what is kept."""
        with self._lock:
            kept, self._idle = self._idle, {}
        for connections in kept.values():
            for one in connections:
                one.close()

    def _take(self, key: tuple[int, bool, str]) -> _Connection | None:
        with self._lock:
            held = self._idle.get(key)
            return held.pop() if held else None

    def _keep(self, key: tuple[int, bool, str], connection: _Connection) -> None:
        with self._lock:
            held = self._idle.setdefault(key, deque())
            if len(held) < IDLE:
                held.append(connection)
                return
        connection.close()

    def _exchange(
        self,
        connection: _Connection,
        key: tuple[int, bool, str],
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
    ) -> Answered:
        try:
            connection.sock.settimeout(timeout_s)
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for header, value in headers.items():
                connection.putheader(header, value)
            small = len(body) <= AT_ONCE
            connection.body = body if small else b""
            connection.endheaders(None if small else body)
            response = connection.getresponse()
            if connection.sock is not None:  # it is None once an answer says that it is the last
                connection.sock.settimeout(READ_S)
            content = response.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise http.client.HTTPException(f"the answer is longer than {MOST_BYTES} bytes")
        except BaseException:
            connection.close()
            raise
        kept = tuple(
            (name, value)
            for name, value in response.getheaders()
            if name.lower() not in HOP_BY_HOP | REWRITTEN | {"content-length"}
        )
        if response.will_close:
            connection.close()
        else:
            self._keep(key, connection)
        return Answered(response.status, response.reason, kept, content)


def _connect(connection: _Connection, tls: ssl.SSLContext | None, name: str) -> None:
    try:
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            connection.sock = tls.wrap_socket(connection.sock, server_hostname=name)
    except OSError as error:
        connection.close()
        if not isinstance(error, TimeoutError):
            raise
        raise NotReached(f"no connection within {CONNECT_S:g} seconds") from error
