"""File descriptors: how many connections they suffice for, and a log line when none is left.

When none is left, the event loop closes new connections unanswered and tells nobody. So the service takes
fewer connections than it has descriptors, and opens a descriptor each second to see whether it still can.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import resource
import time
from collections.abc import Callable
from typing import Final

from scoring.http.requests import State

log = logging.getLogger(__name__)

RESERVE: Final = 64  # for everything but connections: the model, the log, telemetry, Key Vault
FEWEST: Final = 16  # connections that are taken however few descriptors there are
LOOK_SECONDS: Final = 1.0
SAY_SECONDS: Final = 60.0  # between two log lines about the same


def connections(wanted: int) -> int:
    """The wanted number of connections, or as many as the process's descriptors suffice for."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if limit == resource.RLIM_INFINITY else max(FEWEST, min(wanted, limit - RESERVE))


class Descriptors:
    """Counts and logs that connections were turned away and that no descriptor is left.

    `count` is given the name of a counter (`scoring.telemetry.instruments.COUNTERS`) and a number.
    """

    def __init__(
        self, state: State, count: Callable[[str, int], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._state, self._count, self._clock = state, count, clock
        self._counted = 0  # of the connections that were turned away
        self._said: dict[str, float] = {}

    async def watch(self) -> None:
        """Look again and again; ends when cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        if new := self._state.turned_away - self._counted:
            self._counted += new
            self._count("turned_away", new)
            self._say("connections were turned away: too many are open", {"in_all": self._counted})
        if not _is_one_left():
            self._count("exhausted", 1)
            limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            self._say("no file descriptor is left: new connections end unanswered", {"limit": limit})

    def _say(self, message: str, more: dict[str, int]) -> None:
        if self._clock() - self._said.get(message, float("-inf")) >= SAY_SECONDS:
            self._said[message] = self._clock()
            log.error(message, extra=more)


def _is_one_left() -> bool:
    """Raises OSError when the null device cannot be opened for another reason."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return False
        raise
    return True
