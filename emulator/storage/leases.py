"""Leases of blobs ("Lease Blob"): whoever holds one alone may write, until it is given back, ends or is
broken.

They are held in memory: a new start of the daemon ends all of them.
"""

from __future__ import annotations

import math
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from emulator.storage.errors import failure
from emulator.storage.model import Address

INFINITE = -1
SHORTEST, LONGEST = 15, 60
LONGEST_BREAK = 60
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Lease:
    """until: the clock's time at which it ends. breaks: when it is broken; None while nobody breaks it."""

    id: str
    duration: int
    until: float
    breaks: float | None = None

    def state(self, now: float) -> str:
        if self.breaks is not None:
            return "breaking" if now < self.breaks else "broken"
        return "leased" if now < self.until else "expired"


@dataclass
class Leases:
    """Thread-safe. clock: seconds, from any start."""

    clock: Callable[[], float] = time.monotonic
    _held: dict[Address, Lease] = field(default_factory=dict[Address, Lease])
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def headers(self, at: Address) -> dict[str, str]:
        """What Get Blob and Get Blob Properties say."""
        lease, now = self._held.get(at), self.clock()
        state = lease.state(now) if lease else "available"
        locked = state in ("leased", "breaking")
        said = {"x-ms-lease-state": state, "x-ms-lease-status": "locked" if locked else "unlocked"}
        if lease and state == "leased":
            said["x-ms-lease-duration"] = "infinite" if lease.duration == INFINITE else "fixed"
        return said

    def check(self, at: Address, given: str) -> None:
        """What a write needs: the lease's id while there is one, and none otherwise."""
        with self._lock:
            lease = self._held.get(at)
            state = lease.state(self.clock()) if lease else "available"
            if lease is None or state in ("expired", "broken"):
                if given:
                    raise failure("LeaseLost" if lease else "LeaseNotPresentWithBlobOperation")
                self._held.pop(at, None)  # after another's write it is not renewed
            elif not given:
                raise failure("LeaseIdMissing")
            elif given.lower() != lease.id:
                raise failure("LeaseIdMismatchWithBlobOperation")

    def acquire(self, at: Address, duration: int, proposed: str) -> Lease:
        if duration != INFINITE and not SHORTEST <= duration <= LONGEST:
            raise failure("InvalidHeaderValue", f"x-ms-lease-duration: {SHORTEST} to {LONGEST}, or -1.")
        chosen = _id(proposed, "x-ms-proposed-lease-id") if proposed else str(uuid.uuid4())
        with self._lock:
            held, now = self._held.get(at), self.clock()
            state = held.state(now) if held else "available"
            if state == "breaking":
                raise failure("LeaseIsBreakingAndCannotBeAcquired")
            if held and state == "leased" and held.id != chosen:
                raise failure("LeaseAlreadyPresent")
            return self._begin(at, chosen, duration)

    def renew(self, at: Address, given: str) -> Lease:
        with self._lock:
            held = self._own(at, given)
            if held.state(self.clock()) in ("breaking", "broken"):
                raise failure("LeaseIsBrokenAndCannotBeRenewed")
            return self._begin(at, held.id, held.duration)

    def change(self, at: Address, given: str, proposed: str) -> Lease:
        with self._lock:
            held = self._held.get(at)
            wanted = _id(proposed, "x-ms-proposed-lease-id")
            if held is None or held.state(self.clock()) != "leased":
                raise failure("LeaseNotPresentWithLeaseOperation")
            if given.lower() not in (held.id, wanted):
                raise failure("LeaseIdMismatchWithLeaseOperation")
            changed = replace(held, id=wanted)
            self._held[at] = changed
            return changed

    def release(self, at: Address, given: str) -> None:
        with self._lock:
            self._own(at, given)
            del self._held[at]

    def end(self, at: Address, period: int | None) -> int:
        """Break it; returns the seconds until it is broken. ``period``: None as the lease itself would
        end."""
        if period is not None and not 0 <= period <= LONGEST_BREAK:
            raise failure("InvalidHeaderValue", f"x-ms-lease-break-period: 0 to {LONGEST_BREAK}.")
        with self._lock:
            held, now = self._held.get(at), self.clock()
            if held is None:
                raise failure("LeaseNotPresentWithLeaseOperation")
            infinite = held.duration == INFINITE
            left = 0.0 if infinite else max(0.0, held.until - now)
            if period is not None:
                left = float(period) if infinite else min(left, period)
            if held.breaks is not None:  # once more: at most sooner
                left = min(left, max(0.0, held.breaks - now)) if period is not None else held.breaks - now
            self._held[at] = replace(held, breaks=now + max(0.0, left))
            return math.ceil(max(0.0, left))

    def forget(self, account: str, container: str | None = None, name: str | None = None) -> None:
        """What was deleted has no lease."""
        with self._lock:
            for at in list(self._held):
                parts = (at.account, at.container, at.name)
                if all(
                    one in (None, part) for one, part in zip((account, container, name), parts, strict=True)
                ):
                    del self._held[at]

    def _begin(self, at: Address, lease_id: str, duration: int) -> Lease:
        until = math.inf if duration == INFINITE else self.clock() + duration
        lease = Lease(lease_id, duration, until)
        self._held[at] = lease
        return lease

    def _own(self, at: Address, given: str) -> Lease:
        held = self._held.get(at)
        if held is None:
            raise failure("LeaseNotPresentWithLeaseOperation")
        if given.lower() != held.id:
            raise failure("LeaseIdMismatchWithLeaseOperation")
        return held


def _id(text: str, header: str) -> str:
    if not _ID.fullmatch(text.lower()):
        raise failure("InvalidHeaderValue", f"{header}: a GUID.")
    return text.lower()
