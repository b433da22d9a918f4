"""HTTP on a connection: uvicorn's, beside which whole requests to score are answered from their bytes."""

from __future__ import annotations

from asyncio import BaseTransport
from typing import ClassVar, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scoring.http import direct, heads
from scoring.http.direct import Direct, Whole
from scoring.http.heads import Refused, Waiting, refusal
from scoring.http.problems import Problem
from scoring.settings import MOST_CONNECTIONS

MOST_PIPELINED: Final = 64  # requests of one connection that wait for the answer before theirs
SLICE: Final = 32 * 1024  # bytes that the parser is given at once: what it keeps is counted in between
LINGER_SECONDS: Final = 1.0  # what a refused client still sends is read, else it may not see the answer
# what the bytes of a connection are in the middle of
# FRAMING: a chunk's size was read, trailers may follow; ENDED: nothing more is read
BETWEEN, HEAD, CONTENT, FRAMING, ENDED = range(5)  # only BETWEEN is false


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
    """`direct` to `most_connections` are set on a subclass, one for each server: see `answering`."""

    direct: ClassVar[Direct]
    own_fields: ClassVar[OwnFields]
    waiting: ClassVar[Waiting]
    most_connections: ClassVar[int]
    held: Whole | None = None
    _place = BETWEEN  # BETWEEN: the next byte is the first of a request
    _active = 0.0  # loop time of the latest direct answer
    _problem: Problem | None = None  # why the parser was stopped
    _progress = False  # the slice that is being parsed held more than a part of a head or of trailers
    _reading = 0  # bytes that are being read
    _unfinished = (
        0  # bytes that were read of a head or of trailers, from the first slice that is all of them on
    )
    _waits = 0  # bytes of this connection that are counted in `waiting` for that
    _pipelined = 0  # bytes of this connection that are counted in `waiting` for requests behind the first

    def connection_made(self, transport: BaseTransport) -> None:  # type: ignore[override]
        super().connection_made(transport)  # type: ignore[arg-type]
        if len(self.connections) > self.most_connections:
            self.direct.state.turned_away += 1
            self._place = ENDED
            self._say(heads.TOO_MANY_CONNECTIONS)
            self.transport.close()

    def on_message_begin(self) -> None:
        self._place = HEAD
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > heads.MOST_TARGET_BYTES:
            self._stop(heads.TARGET_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Does what the one above does: to call that for each field costs as much as the parser."""
        if self._place != HEAD:  # a trailer: nobody asks for one, and taken for a field it would deceive
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))
        if len(self.headers) > heads.MOST_FIELDS:
            self._stop(heads.TOO_MANY_FIELDS)

    def on_headers_complete(self) -> None:
        """Beyond what may wait, nothing more is read: the connection ends with the last of those that wait.

        A single read holds thousands of small requests, each of which takes kilobytes while it waits.
        """
        self._place, self._progress = CONTENT, True
        if (
            self._waits + self._reading > heads.MOST_HEAD_BYTES // 2  # most heads come with much less
            and heads.size(self.url, self.headers) > heads.MOST_HEAD_BYTES
        ):
            self._place = HEAD  # nothing of this request was taken up
            self._stop(heads.HEAD_TOO_LARGE)
        if self.cycle and not self.cycle.response_complete:
            after = self._pipelined + heads.PIPELINED_BYTES + (0 if self.pipeline else self._reading)
            if len(self.pipeline) >= MOST_PIPELINED or not self.waiting.change(self._pipelined, after):
                self._end_with_last()
                raise Refused
            self._pipelined = after
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        self._place = FRAMING

    def on_body(self, body: bytes) -> None:
        self._place, self._progress = CONTENT, True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._place, self._progress = BETWEEN, True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._pipelined and not self.pipeline:
            self.waiting.change(self._pipelined, 0)
            self._pipelined = 0

    def data_received(self, data: bytes) -> None:
        if self.held is not None:  # a client that does not wait for answers: they keep their order
            self.direct.answer(self)
        if (
            not self._place
            and not (self.cycle and not self.cycle.response_complete)
            and not self.flow.write_paused
            and (whole := direct.read(data)) is not None
            and self.direct.take(self, whole)
        ):
            return
        self.usual(data)

    def usual(self, data: bytes) -> None:
        """Give the bytes to the parser."""
        if self._place == ENDED:
            return
        self._unset_keepalive_if_required()
        self._reading = len(data)
        if self._reading <= SLICE:
            self._parse(data)
            return
        view = memoryview(data)
        for start in range(0, len(data), SLICE):
            self._parse(view[start : start + SLICE])
            if self._place == ENDED:
                return

    def _parse(self, data: bytes | memoryview) -> None:
        self._progress = False
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade:
            self._stay_with_http()
        except HttpParserError:
            if self._place != ENDED:  # else it would stand before the answers to those that wait
                self._refuse(self._problem or heads.MALFORMED)
        else:
            if not self._place or (self._progress and self._place == CONTENT):
                if self._waits:
                    self._wait_for(0)
            else:
                self._count(len(data))

    def _count(self, read: int) -> None:
        """Count the bytes that were read of a head, or of trailers, that are not complete.

        Where in a slice they began is not known: the slice counts for all connections, but not for this one.
        """
        if self._progress:
            self._unfinished, waits = 0, read
        else:
            self._unfinished += read
            waits = self._waits + read
        if self._unfinished > heads.MOST_HEAD_BYTES:
            self._refuse(heads.HEAD_TOO_LARGE)
        elif not self._wait_for(waits):
            self._refuse(heads.TOO_MUCH_WAITS)

    def _wait_for(self, read: int) -> bool:
        if not self.waiting.change(self._waits, read):
            return False
        self._waits = read
        if not read:
            self._unfinished = 0
        return True

    def _stop(self, problem: Problem) -> None:
        """Stop the parser, which calls this."""
        self._problem = problem
        raise Refused

    def _stay_with_http(self) -> None:
        """The client offers another protocol, which is not taken up.

        The parser leaves out the body of such a request. Its bytes must not be read as the next request.
        """
        fields = dict(self.headers)
        if fields.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in fields:
            self.headers.append((b"connection", b"close"))  # the answer says it, too
            self._end_with_last()

    def _end_with_last(self) -> None:
        """Nothing more is read, and the connection ends with the last answer that is due."""
        self._place = ENDED
        last = self.pipeline[0][0] if self.pipeline else self.cycle
        last.keep_alive = False

    def _refuse(self, problem: Problem) -> None:
        """Answer with the problem and end the connection; requests that are due are answered first."""
        place, self._place = self._place, ENDED
        self._wait_for(0)
        self.parser = HttpRequestParser(self)  # the other one goes, with what it has kept
        cycle = self.cycle
        if cycle and not cycle.response_complete:
            if place == HEAD or self.pipeline or cycle.response_started:
                self._end_with_last()
                return
            cycle.disconnected = True  # this request will not come whole
            cycle.message_event.set()
        self._say(problem)
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _say(self, problem: Problem) -> None:
        head, body = refusal(problem, self.direct.put)
        own = self.own_fields.joined(self.server_state.default_headers)
        self.transport.write(b"%b%b\r\n%b" % (head, own, body))
        self.server_state.total_requests += 1

    def _forget(self) -> None:
        """Nothing of this connection waits any more."""
        self.waiting.change(self._waits + self._pipelined, 0)
        self._waits = self._pipelined = self._unfinished = 0

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
        self._forget()
        super().connection_lost(exc)


def answering(way: Direct, connections: int = MOST_CONNECTIONS) -> type[Protocol]:
    """The protocol of a server that answers directly by that way and takes so many connections at once."""
    more = {"direct": way, "own_fields": OwnFields(), "waiting": Waiting(), "most_connections": connections}
    return type("ServerProtocol", (Protocol,), more)
