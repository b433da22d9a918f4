"""How much of a request's head the TLS and plain ports keep: whoever sends it, with or without a token.

The parser keeps a head, or the trailers of a chunked body, until they are complete. So bytes are counted as
they come, and what goes on beyond the limit is answered with 431 and read no further.
"""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES: Final = 1 << 16  # of a head, its trailers included
ROOM: Final = 1 << 12  # what the proxy may add to a head that it forwards
AROUND_FIELD: Final = 4  # bytes around a field's name and value
LINGER_SECONDS: Final = 1.0  # what a refused client still sends is dropped, else it may not see the answer
WORDS: Final = f"The head of the request is too long: {MOST_BYTES >> 10} KiB are the most here."
REFUSAL: Final = (
    "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    f"content-length: {len(WORDS)}\r\nconnection: close\r\n\r\n{WORDS}"
).encode()


class _TooLong(Exception):
    """Ends the parser's work on a request; within the parser only."""


class Protocol(HttpToolsProtocol):
    """uvicorn's, with a bound on the heads of requests."""

    _kept = 0  # bytes of the request's target and fields that the parser has given
    _unfinished = 0  # bytes that were read since it last gave a whole head, a part of a body or its end
    _gave = False
    _too_long = False
    _refused = False

    def on_message_begin(self) -> None:
        self._kept = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._keep(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head, or a trailer."""
        self._keep(len(name) + len(value) + AROUND_FIELD)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._gave = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._gave = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._gave = True
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._gave = False
        super().data_received(data)
        self._unfinished = 0 if self._gave else self._unfinished + len(data)
        if self._unfinished > MOST_BYTES:
            self._refuse()

    def send_400_response(self, msg: str) -> None:
        """What the parser stopped at is no HTTP, or too long."""
        if self._too_long:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _keep(self, size: int) -> None:
        self._kept += size
        if self._kept > MOST_BYTES:
            self._too_long = True
            raise _TooLong

    def _refuse(self) -> None:
        if self._refused:
            return
        self._refused = True
        self.parser = None  # type: ignore[assignment]  # it goes with what it has kept
        if self.cycle and not self.cycle.response_complete:
            self.cycle.disconnected = True  # the request will not come whole
            self.cycle.message_event.set()
            self.flow.resume_reading()
        if not self.transport.is_closing():
            self.transport.write(REFUSAL)
            self.loop.call_later(LINGER_SECONDS, self.transport.close)
