"""HTTP on a connection: uvicorn's, beside which whole requests to score are answered from their bytes."""

from __future__ import annotations

from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scoring.http import direct
from scoring.http.direct import Direct, Whole

MOST_PIPELINED: Final = 64  # requests of one connection that wait for the answer before theirs


class TooManyPipelined(Exception):
    """Within the parser only."""


class OwnFields:
    """The server's own headers as they are written: it replaces their list once a second."""

    def __init__(self) -> None:
        self._fields: list[tuple[bytes, bytes]] = []
        self._joined = b""

    def joined(self, fields: list[tuple[bytes, bytes]]) -> bytes:
        if fields is not self._fields:
            self._fields, self._joined = fields, b"".join(b"%b: %b\r\n" % field for field in fields)
        return self._joined


class Protocol(HttpToolsProtocol):
    """`direct` and `own_fields` are set on a subclass, one for each server: see `answering`."""

    direct: ClassVar[Direct]
    own_fields: ClassVar[OwnFields]
    held: Whole | None = None
    _read_all = False  # nothing more is read from this connection
    _between = True  # messages: the next byte is the first of a request
    _active = 0.0  # loop time of the latest direct answer

    def on_message_begin(self) -> None:
        self._between = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Beyond what may wait, nothing more is read: the connection ends with the last of those that wait.

        A single read holds thousands of small requests, each of which takes kilobytes while it waits.
        """
        if len(self.pipeline) >= MOST_PIPELINED:
            self._read_all = True
            self.pipeline[0][0].keep_alive = False
            raise TooManyPipelined
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        if not self._read_all:  # else it would stand before the answers to those that wait
            super().send_400_response(msg)

    def on_message_complete(self) -> None:
        self._between = True
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if self.held is not None:  # a client that does not wait for answers: they keep their order
            self.direct.answer(self)
        if (
            self._between
            and not (self.cycle and not self.cycle.response_complete)
            and not self.flow.write_paused
            and (whole := direct.read(data)) is not None
            and self.direct.take(self, whole)
        ):
            return
        self.usual(data)

    def usual(self, data: bytes) -> None:
        """Give the bytes to the parser."""
        if self._read_all:
            return
        super().data_received(data)

    def answer(self, head: bytes, body: bytes) -> None:
        """Write a whole answer; the connection stays open."""
        own = self.own_fields.joined(self.server_state.default_headers)
        self.transport.write(b"%b%b\r\n%b" % (head, own, body))
        self.server_state.total_requests += 1
        self._active = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._close_when_idle(self.timeout_keep_alive)

    def _close_when_idle(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """One timer serves many direct answers: a new one for each would cost as much as reading it."""
        left = self._active + self.timeout_keep_alive - self.loop.time()
        if self.held is not None:  # it is being answered
            left = self.timeout_keep_alive
        if left > 0:
            self._close_when_idle(left)
        else:
            self.timeout_keep_alive_task = None
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        if self.held is not None:
            self.direct.answer(self)
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self.direct.drop_held(self)
        super().connection_lost(exc)


def answering(way: Direct) -> type[Protocol]:
    """The protocol of a server that answers directly by that way."""
    return type("ServerProtocol", (Protocol,), {"direct": way, "own_fields": OwnFields()})
