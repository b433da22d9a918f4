"""Where services of Azure tell Event Grid what happened: `publish` is all that a source needs."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.eventgrid import filters
from emulator.eventgrid.event import Event
from emulator.eventgrid.pending import Pending

Json = dict[str, Any]
SYSTEM_TOPIC: Final = "Microsoft.EventGrid/systemTopics"
SUBSCRIPTION: Final = f"{SYSTEM_TOPIC}/eventSubscriptions"


def _once() -> list[float]:
    return [0.0]


class Publisher:
    """Hands events to the subscriptions that want them. Thread-safe; what it has taken outlives a restart."""

    def __init__(
        self,
        store: Store,
        pending: Pending,
        delays: Callable[[], list[float]] = _once,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """delays: how many seconds after its publication an event is to be sent; two of them send it twice"""
        self._store, self._pending = store, pending
        self._delays, self._clock = delays, clock
        self._lock = threading.Lock()
        self._known: tuple[int, dict[str, list[Json]]] = -1, {}
        self.published: Callable[[], None] = lambda: None  # set by who delivers

    def watched(self, source_id: str) -> bool:
        """Whether a subscription of a system topic of the source is there."""
        return bool(self._subscriptions().get(fold(source_id)))

    def publish(
        self, source_id: str, event_type: str, subject: str, data: Json, data_version: str = ""
    ) -> int:
        """Take an event about a resource; how many deliveries it makes.

        source_id: ARM id of the storage account, workspace … that its system topic is of. data: as the
        source's schema has it. Nothing is kept where no subscription wants it.
        """
        wanted = self._subscriptions().get(fold(source_id), [])
        if not wanted:
            return 0
        now = self._clock()
        moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="microseconds")
        event = Event(
            str(uuid.uuid4()),
            source_id,
            event_type,
            subject,
            moment.replace("+00:00", "Z"),
            data,
            data_version,
        )
        due = [
            (fold(one["id"]), now + delay)
            for one in wanted
            if not _expired(one, now)
            if filters.matches(one["properties"].get("filter") or {}, event)
            for delay in self._delays()
        ]
        if not due:
            return 0
        made = self._pending.add(event, due, now)
        self.published()
        return made

    def _subscriptions(self) -> dict[str, list[Json]]:
        """Those that work, by the folded id of their topic's source."""
        revision = self._store.revision(SYSTEM_TOPIC) + self._store.revision(SUBSCRIPTION)
        with self._lock:
            if self._known[0] == revision:
                return self._known[1]
        found: dict[str, list[Json]] = {}
        for topic in self._store.by_type(SYSTEM_TOPIC):
            source = fold(str(topic["properties"].get("source", "")))
            for one in self._store.children(f"{topic['id']}/eventSubscriptions"):
                if one["properties"].get("provisioningState") == "Succeeded":
                    found.setdefault(source, []).append(one)
        with self._lock:
            self._known = revision, found
        return found


def _expired(subscription: Json, now: float) -> bool:
    text = subscription["properties"].get("expirationTimeUtc")
    if not text:
        return False
    until = datetime.fromisoformat(str(text))
    return (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() <= now
