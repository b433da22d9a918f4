"""Delivers what waits: at once, then by Event Grid's schedule, until it is taken, too old or tried too often.

From "Event Grid message delivery and retry" (learn.microsoft.com, read 2026-11). What Azure adds by chance to
each wait, and the hours for which it may let an endpoint alone that fails often, are left out.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from emulator.arm.store import Store
from emulator.eventgrid import destinations
from emulator.eventgrid.pending import Delivery, Pending
from emulator.eventgrid.send import Outcome, Sender

LOG: Final = logging.getLogger("emulator.eventgrid")
Json = dict[str, Any]
MINUTE: Final = 60.0
HOUR: Final = 3600.0
# seconds before the second, third … attempt; the last one stands for all that follow
SCHEDULE: Final = (
    10.0,
    30.0,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
)
LEAST: Final[Mapping[int, float]] = {
    401: 5 * MINUTE,
    403: 5 * MINUTE,
    404: 5 * MINUTE,
    408: 2 * MINUTE,
    503: 30.0,
}
# statuses after which nothing is tried again: of Azure's resources, and of webhooks
HOPELESS: Final = {True: frozenset({400, 403, 413}), False: frozenset({400, 401, 403, 413})}
BURIED_AFTER_S: Final = 5 * MINUTE  # between the last attempt and the dead letter
BURIAL_TRIED_S: Final = 4 * HOUR  # for so long a dead letter is tried to be kept
ATTEMPTS: Final = 30
TTL_MINUTES: Final = 1440
AT_ONCE: Final = 64


class Courier:
    """One thread looks what is due; each subscription has one of its own while something of it is due."""

    def __init__(
        self,
        store: Store,
        pending: Pending,
        sender: Sender,
        hasten: Callable[[], float],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """hasten: by what all waits of the schedule are divided"""
        self._store, self._pending, self._sender = store, pending, sender
        self._hasten, self._clock = hasten, clock
        self._news, self._lock = threading.Event(), threading.Lock()
        self._stopped = False
        self._busy: set[str] = set()

    def start(self) -> None:
        threading.Thread(target=self._loop, name="eventgrid", daemon=True).start()

    def stop(self) -> None:
        self._stopped = True
        self._news.set()

    def wake(self) -> None:
        """Something new waits, or waits less long."""
        self._news.set()

    def run(self) -> int:
        """Do all that is due now, in this thread; how many attempts that took."""
        now = self._clock()
        return sum(self._drain(one) for one, due in self._pending.times().items() if due <= now)

    def _loop(self) -> None:
        while not self._stopped:
            self._news.clear()
            now, times = self._clock(), self._pending.times()
            with self._lock:
                free = {one: due for one, due in times.items() if one not in self._busy}
                ready = [one for one, due in free.items() if due <= now]
                self._busy.update(ready)
            for one in ready:
                threading.Thread(
                    target=self._work, args=(one,), name="eventgrid-delivery", daemon=True
                ).start()
            later = [due - now for one, due in free.items() if one not in ready]
            self._news.wait(min(later, default=None))

    def _work(self, subscription: str) -> None:
        try:
            self._drain(subscription)
        except Exception:  # what one subscription makes of its events keeps no other from getting its own
            LOG.exception("deliveries of %s ended", subscription)
        finally:
            with self._lock:
                self._busy.discard(subscription)
            self._news.set()

    def _drain(self, subscription_id: str) -> int:
        done = 0
        while not self._stopped and (found := self._pending.due(subscription_id, self._clock(), AT_ONCE)):
            for one in found:
                self._one(one)
                done += 1
        return done

    def _one(self, delivery: Delivery) -> None:
        subscription = self._store.get(delivery.subscription)
        topic = self._store.get(delivery.subscription.rsplit("/", 2)[0])
        if subscription is None or topic is None:
            self._pending.forget(delivery.subscription)
            return
        if delivery.reason:
            self._bury(topic, subscription, delivery)
            return
        now = self._clock()
        policy: Json = subscription["properties"].get("retryPolicy") or {}
        life = (policy.get("eventTimeToLiveInMinutes") or TTL_MINUTES) * MINUTE / self._hasten()
        if delivery.attempts and now - delivery.published >= life:
            self._give_up(subscription, delivery, "TimeToLiveExceeded")
            return
        outcome = self._sender.send(topic, subscription, delivery.event, delivery.attempts)
        if not outcome.name:
            self._pending.done(delivery)
            self._pending.count(delivery.subscription, "delivered")
            return
        self._pending.count(delivery.subscription, "failed")
        LOG.info("%s to %s: %s", delivery.event.type, subscription["name"], outcome.name)
        failed = replace(
            delivery, attempts=delivery.attempts + 1, outcome=outcome.name, attempted=self._clock()
        )
        if outcome.status in HOPELESS[outcome.azure]:
            self._give_up(subscription, failed, f"UndeliverableDueTo{outcome.name}")
        elif failed.attempts >= (policy.get("maxDeliveryAttempts") or ATTEMPTS):
            self._give_up(subscription, failed, "MaxDeliveryAttemptsExceeded")
        else:
            self._pending.put(replace(failed, due=self._clock() + self._wait(failed.attempts, outcome)))

    def _wait(self, attempts: int, outcome: Outcome) -> float:
        planned = SCHEDULE[min(attempts, len(SCHEDULE)) - 1]
        return max(planned, LEAST.get(outcome.status, 0.0)) / self._hasten()

    def _give_up(self, subscription: Json, delivery: Delivery, reason: str) -> None:
        if destinations.of_dead_letters(subscription["properties"]) is None:
            self._drop(delivery, reason)
            return
        due = self._clock() + BURIED_AFTER_S / self._hasten()
        self._pending.put(replace(delivery, reason=reason, due=due))

    def _bury(self, topic: Json, subscription: Json, delivery: Delivery) -> None:
        now = self._clock()
        outcome = self._sender.keep(topic, subscription, delivery, now)
        if not outcome.name:
            self._pending.done(delivery)
            self._pending.count(delivery.subscription, "dead_lettered")
        elif now - delivery.attempted > BURIAL_TRIED_S / self._hasten():
            self._drop(delivery, f"{delivery.reason}; its dead letter: {outcome.name}")
        else:
            self._pending.put(replace(delivery, due=now + BURIED_AFTER_S / self._hasten()))

    def _drop(self, delivery: Delivery, reason: str) -> None:
        LOG.warning("%s of %s was dropped: %s", delivery.event.type, delivery.subscription, reason)
        self._pending.done(delivery)
        self._pending.count(delivery.subscription, "dropped")
