"""HTTP on a connection: requests to score that came whole go to `direct`, all others through uvicorn."""

from __future__ import annotations

from asyncio import BaseTransport
from typing import ClassVar, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scoring.http import direct, heads
from scoring.http.direct import Direct, Whole
from scoring.http.heads import HeldBytes, Refused, refusal
from scoring.http.problems import Problem
from scoring.settings import MOST_CONNECTIONS

MOST_PIPELINED: Final = 64  # requests of one connection that wait for the answer before theirs
SLICE: Final = 32 * 1024  # bytes that the parser is given at once; between two slices its memory is counted
LINGER_SECONDS: Final = 1.0  # a refused client is read so long; else it may not see the answer
# Where in a message the next byte of a connection stands. BETWEEN: before a request. FRAMING: behind the size
# of a chunk, so content or trailers follow. ENDED: nothing more is read.
BETWEEN, HEAD, CONTENT, FRAMING, ENDED = range(5)  # only BETWEEN is false


class OwnFields:
    """The bytes of the server's own headers, made anew when it replaces their list, once a second."""

    def __init__(self) -> None:
        self._fields: list[tuple[bytes, bytes]] = []
        self._joined = b""

    def joined(self, fields: list[tuple[bytes, bytes]]) -> bytes:
        if fields is not self._fields:
            self._fields, self._joined = fields, b"".join(b"%b: %b\r\n" % field for field in fields)
        return self._joined


class Protocol(HttpToolsProtocol):
    """`answering` makes a subclass for each server, which sets `direct` to `most_connections`."""

    direct: ClassVar[Direct]
    own_fields: ClassVar[OwnFields]
    waiting: ClassVar[HeldBytes]
    most_connections: ClassVar[int]
    held: Whole | None = None
    _place = BETWEEN
    _active = 0.0  # loop time of the latest direct answer
    _problem: Problem | None = None  # why the parser was stopped
    _progress = False  # whether the slice completed a head, or held content or a message's end
    _reading = 0  # bytes of the read that is being parsed
    # bytes of an unfinished head, or of unfinished trailers, without the slice in which they began
    _unfinished = 0
    _waits = 0  # bytes of them that are counted in `waiting`
    _pipelined = 0  # bytes of requests behind the first that are counted in `waiting`

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
        """Does what uvicorn's own does, and does not call it: the call would cost as much as the parser."""
        if self._place != HEAD:  # Trailers are dropped: as a field, one could deceive.
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))
        if len(self.headers) > heads.MOST_FIELDS:
            self._stop(heads.TOO_MANY_FIELDS)

    def on_headers_complete(self) -> None:
        """Let the request wait for its turn. Beyond the limits, the connection ends with the last of those.

        A single read may hold thousands of small requests, and each takes kilobytes while it waits.
        """
        self._place, self._progress = CONTENT, True
        if (
            self._waits + self._reading > heads.MOST_HEAD_BYTES // 2  # most are far smaller
            and heads.size(self.url, self.headers) > heads.MOST_HEAD_BYTES
        ):
            self._place = HEAD  # uvicorn was told nothing of this request
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
        if self.held is not None:  # the client sent more before its answer: keep the order
            self.direct.answer_now(self)
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
            self._feed(data)
        except HttpParserError:
            if self._place != ENDED:  # else the refusal would come before answers that are due
                self._refuse(self._problem or heads.MALFORMED)
        else:
            if not self._place or (self._progress and self._place == CONTENT):
                if self._waits:
                    self._wait_for(0)
            elif self._place != ENDED:
                self._count(len(data))

    def _feed(self, data: bytes | memoryview) -> None:
        """Give the parser all bytes: it stops behind each request that offers another protocol."""
        while True:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as stopped:
                self._stay_with_http()
                data = data[stopped.args[0] :]
                if self._place != ENDED and len(data) > 0:
                    continue
            return

    def _count(self, read: int) -> None:
        """Count the bytes of a head, or of trailers, that are not complete.

        Where they began in their first slice is not known. So this slice counts for the limit of all
        connections, and not for that of this connection.
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
        """Stop the parser; only for its callbacks."""
        self._problem = problem
        raise Refused

    def _stay_with_http(self) -> None:
        """Go on with HTTP/1.1 although the client offers another protocol.

        The parser does not read the body of such a request, whose bytes must not become the next request.
        So a request with a body ends the connection.
        """
        fields = dict(self.headers)
        if fields.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in fields:
            self.headers.append((b"connection", b"close"))  # so that the answer says it
            self._end_with_last()

    def _end_with_last(self) -> None:
        """Read nothing more, and end the connection with the last answer that is due."""
        self._place = ENDED
        last = self.pipeline[0][0] if self.pipeline else self.cycle
        last.keep_alive = False

    def _refuse(self, problem: Problem) -> None:
        """Answer with the problem and end the connection. If other answers are due, they end it instead."""
        place, self._place = self._place, ENDED
        self._wait_for(0)
        self.parser = HttpRequestParser(self)  # the old parser goes, and its memory with it
        cycle = self.cycle
        if cycle and not cycle.response_complete:
            if place == HEAD or self.pipeline or cycle.response_started:
                self._end_with_last()
                return
            cycle.disconnected = True  # the rest of this request's body will not come
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
        """Stop counting: nothing of this connection waits any more."""
        self.waiting.change(self._waits + self._pipelined, 0)
        self._waits = self._pipelined = self._unfinished = 0

    def send(self, head: bytes, body: bytes) -> None:
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
        """One timer serves many direct answers: a timer for each would cost as much as reading."""
        left = self._active + self.timeout_keep_alive - self.loop.time()
        if self.held is not None:  # its request is being answered
            left = self.timeout_keep_alive
        if left > 0:
            self._close_when_idle(left)
        else:
            self.timeout_keep_alive_task = None
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        if self.held is not None:
            self.direct.answer_now(self)
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self.direct.drop_held(self)
        self._forget()
        super().connection_lost(exc)


def answering(way: Direct, connections: int = MOST_CONNECTIONS) -> type[Protocol]:
    """The protocol class of one server, with its direct way and the most connections that it takes."""
    more = {"direct": way, "own_fields": OwnFields(), "waiting": HeldBytes(), "most_connections": connections}
    return type("ServerProtocol", (Protocol,), more)
