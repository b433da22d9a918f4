"""What was refused: hosts outside, and calls that are not emulated. Kept, so that leaks and gaps show."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from emulator.arm.store import Store

HOST = "refused-host"
CALL = "refused-call"


class Refusals:
    """Counts refusals, with the times of the first and the last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()

    def host(self, host: str) -> None:
        """Record a host that the proxy refused."""
        self._record(HOST, host, "")

    def call(self, call: str, what: str) -> None:
        """Record a call that is not emulated; ``what`` says which part of it."""
        self._record(CALL, call, what)

    def hosts(self) -> list[dict[str, Any]]:
        """``{name, count, first, last}`` of each refused host."""
        return self._list(HOST)

    def calls(self) -> list[dict[str, Any]]:
        """``{name, what, count, first, last}`` of each refused call."""
        return self._list(CALL)

    def clear(self) -> None:
        """Forget all of them."""
        for kind in (HOST, CALL):
            for key in self._store.documents(kind):
                self._store.delete_document(kind, key)

    def _record(self, kind: str, name: str, what: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._lock:
            entry: dict[str, Any] = self._store.document(kind, name) or {"count": 0, "first": now}
            entry.update(count=entry["count"] + 1, last=now, **({"what": what} if what else {}))
            self._store.put_document(kind, name, entry)

    def _list(self, kind: str) -> list[dict[str, Any]]:
        return [{"name": name, **entry} for name, entry in self._store.documents(kind).items()]
