"""What services do when the emulator begins to answer, and when it goes down."""

from __future__ import annotations

import logging
from collections.abc import Callable

LOG = logging.getLogger("emulator")


class Lifetime:
    """The functions of one emulator's services for its start and its end. Each runs once."""

    def __init__(self) -> None:
        self._start: list[Callable[[], None]] = []
        self._stop: list[Callable[[], None]] = []

    def on_start(self, function: Callable[[], None]) -> Callable[[], None]:
        """Run once when the emulator answers requests (restart containers …), in a thread of its own."""
        self._start.append(function)
        return function

    def on_stop(self, function: Callable[[], None]) -> Callable[[], None]:
        """Run once when the emulator goes down, before its processes are ended."""
        self._stop.append(function)
        return function

    def started(self) -> None:
        """Run what waits for the start. What fails is logged and keeps nothing else from running."""
        _run(self._start)

    def stopped(self) -> None:
        """Run what waits for the end; nothing of it runs a second time."""
        functions, self._stop = self._stop, []
        _run(functions)


def _run(functions: list[Callable[[], None]]) -> None:
    for function in functions:
        try:
            function()
        except Exception:
            LOG.exception("%s failed", function.__qualname__)
