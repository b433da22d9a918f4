"""Changes of a cluster's objects, and who watches them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from emulator.kubernetes.kinds import Kind
from emulator.kubernetes.metadata import Json

Change = Literal["ADDED", "MODIFIED", "DELETED"]


@dataclass(frozen=True, slots=True)
class Event:
    """One change. object: as it is now (of DELETED: as it last was, with the version of its removal); before:
    as it was, None for one that is new."""

    type: Change
    kind: Kind
    revision: int
    object: Json
    before: Json | None


class Watch:
    """Changes as they come, in order. ``wake`` is called, in the writer's thread, when there is something."""

    def __init__(self, kinds: frozenset[str], closed: Callable[[Watch], None]) -> None:
        self._kinds = kinds
        self._closed = closed
        self._events: deque[Event] = deque()
        self._ready = threading.Condition()
        self._open = True
        self.wake: Callable[[], None] = _nothing

    def next(self, timeout_s: float | None = None) -> Event | None:
        """The next change; None when none came in time, or when the watch is closed."""
        with self._ready:
            if not self._ready.wait_for(lambda: self._events or not self._open, timeout_s):
                return None
            return self._events.popleft() if self._events else None

    @property
    def open(self) -> bool:
        """False once nothing will come any more; what has come can still be read."""
        return self._open

    def close(self) -> None:
        """End it; whoever waits in ``next`` returns."""
        self._closed(self)
        with self._ready:
            self._open = False
            self._ready.notify_all()
        self.wake()

    def tell(self, event: Event) -> None:
        """Called by the store."""
        if self._kinds and event.kind.kind not in self._kinds:
            return
        with self._ready:
            self._events.append(event)
            self._ready.notify()
        self.wake()


def _nothing() -> None:
    """Nobody is to be woken."""
