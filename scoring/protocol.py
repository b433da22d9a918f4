"""HTTP on a connection: uvicorn's, with a way to refuse a request before anything is made of it.

A service that spends half of what an answer costs on saying no cannot say no to twice its load. So while as
many requests are pending as may be, one that came in a single read is refused from its bytes; whatever is
not that simple goes the usual way, where it is refused as well.
"""

from __future__ import annotations

import re
import time
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scoring.gate import Refusals

SCORE: Final = b"POST /score HTTP/1.1\r\n"
_FIELD: Final = re.compile(rb"\r\n([!-9;-~]+):[ \t]*([^\r\n]*)")
_WHOLE_ONLY: Final = (b"transfer-encoding", b"expect", b"upgrade", b"connection")


class Protocol(HttpToolsProtocol):
    """`refusals` is set on a subclass, one for each server: see `refusing`."""

    refusals: ClassVar[Refusals]

    def data_received(self, data: bytes) -> None:
        if self.refusals.due() and (answer := self._refusal(data)) is not None:
            self._unset_keepalive_if_required()
            self.transport.write(answer)
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
            return
        super().data_received(data)

    def _refusal(self, data: bytes) -> bytes | None:
        """The bytes of the answer, or None when this is not exactly one whole request to score."""
        if not data.startswith(SCORE) or (self.cycle and not self.cycle.response_complete):
            return None
        started_ns, clock = time.time_ns(), time.perf_counter_ns()
        end = data.find(b"\r\n\r\n")
        headers = {name.lower(): value for name, value in _FIELD.findall(data, len(SCORE) - 2, end)}
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or end + 4 + int(length) != len(data):
            return None
        if any(name in headers for name in _WHOLE_ONLY):
            return None
        return self.refusals.answer(headers, started_ns, clock)


def refusing(refusals: Refusals) -> type[Protocol]:
    """The protocol of a server with those refusals."""
    return type("ServerProtocol", (Protocol,), {"refusals": refusals})
