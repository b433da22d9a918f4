"""What Azure shows of a container's life: its state, the one before, and counted events."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class History:
    """Thread-safe; the same event again counts up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[tuple[str, str], Json] = {}
        self._previous: Json | None = None
        self._current: Json = {"state": "Waiting", "startTime": now(), "detailStatus": ""}
        self.restarts = 0

    def event(self, name: str, message: str, kind: str = "Normal") -> None:
        with self._lock:
            at = now()
            held = self._events.setdefault(
                (name, message),
                {"count": 0, "firstTimestamp": at, "name": name, "message": message, "type": kind},
            )
            held["count"] += 1
            held["lastTimestamp"] = at

    def waiting(self, detail: str) -> None:
        self._enter({"state": "Waiting", "startTime": now(), "detailStatus": detail})

    def running(self) -> None:
        self._enter({"state": "Running", "startTime": now(), "detailStatus": ""})

    def terminated(self, code: int) -> None:
        """``code``: as the process ended; by a signal it becomes 128 + signal, as in a container."""
        with self._lock:
            started = self._current["startTime"]
        self._enter(
            {
                "state": "Terminated",
                "exitCode": exit_code(code),
                "startTime": started,
                "finishTime": now(),
                "detailStatus": "Completed" if code == 0 else "Error",
            }
        )

    def _enter(self, state: Json) -> None:
        with self._lock:
            if self._current["state"] != "Waiting" or self._previous is None:
                self._previous = self._current
            self._current = state

    @property
    def state(self) -> Json:
        with self._lock:
            return dict(self._current)

    def view(self) -> Json:
        """The instanceView of a container."""
        with self._lock:
            return {
                "restartCount": self.restarts,
                "currentState": dict(self._current),
                **({"previousState": dict(self._previous)} if self._previous else {}),
                "events": [dict(event) for event in self._events.values()],
            }


def exit_code(code: int) -> int:
    return 128 - code if code < 0 else code
