"""Connections that hold something of the server and do not get on: a timeout for what uvicorn has none.

It closes a connection that was silent after an answer, and a request's own deadline ends what is being worked
on. What is left: a client that says nothing after it connected, one that never finishes a request's head, and
one that does not read its answers, whose request would count as pending for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LOOK_SECONDS: Final = 1.0


class Stalled:
    """Only the event loop's thread uses it."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`seconds`: how long a connection may be in the same place."""
        self._seconds, self._clock = seconds, clock
        self._look = min(LOOK_SECONDS, seconds / 4)
        self._looked = clock()
        self._since: dict[HttpToolsProtocol, tuple[object, float]] = {}

    def close(self, connections: Iterable[Any]) -> int:
        """Look at the connections, unless it was done just now; how many had to be closed."""
        now = self._clock()
        if now - self._looked < self._look:
            return 0
        self._looked = now
        waiting: dict[HttpToolsProtocol, tuple[object, float]] = {}
        late: list[HttpToolsProtocol] = []
        for connection in cast("Iterable[HttpToolsProtocol]", connections):
            if not _waits_for_client(connection):
                continue
            place, since = self._since.get(connection, (None, now))
            if place is not connection.cycle:  # another request: it got on
                since = now
            waiting[connection] = connection.cycle, since
            if now - since >= self._seconds:
                late.append(connection)
        self._since = waiting
        for connection in late:
            connection.transport.abort()  # to close would wait until the client has read
        return len(late)


def _waits_for_client(connection: HttpToolsProtocol) -> bool:
    """For the first bytes of a request, the rest of its head, or to read an answer, with no other timeout."""
    if connection.flow.write_paused:
        return True
    cycle = cast("Any", connection.cycle)  # None before the first request
    between = cycle is None or cycle.response_complete
    return between and connection.timeout_keep_alive_task is None
