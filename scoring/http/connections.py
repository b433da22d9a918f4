"""Closes connections that stand still in places for which uvicorn has no timeout.

uvicorn closes a connection that is silent after an answer, and each request has a deadline of its own. This
module closes the others: of a client that sends nothing after it connected, of one that never finishes a
request's head, and of one that does not read its answers, whose request would count as pending for ever.
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
        """`seconds`: how long a connection may stand still."""
        self._seconds, self._clock = seconds, clock
        self._look = min(LOOK_SECONDS, seconds / 4)
        self._looked = clock()
        self._since: dict[HttpToolsProtocol, tuple[object, float]] = {}

    def close(self, connections: Iterable[Any]) -> int:
        """Close the connections that stood still too long; their number. Does nothing when it just looked."""
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
            if place is not connection.cycle:  # the connection got on to another request
                since = now
            waiting[connection] = connection.cycle, since
            if now - since >= self._seconds:
                late.append(connection)
        self._since = waiting
        for connection in late:
            connection.transport.abort()  # `close` would wait until the client has read
        return len(late)


def _waits_for_client(connection: HttpToolsProtocol) -> bool:
    """Whether the server waits, without another timeout, for a head or for its answer to be read."""
    if connection.flow.write_paused:
        return True
    cycle = cast("Any", connection.cycle)  # None before the first request
    between = cycle is None or cycle.response_complete
    return between and connection.timeout_keep_alive_task is None
