"""Faults on demand: busy answers, cut connections, late grants, slow operations; the same for the same seed.

Nothing of it happens unless `python -m emulator faults` asks for it. Which requests are hit follows from the
seed and from the order in which they come.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from emulator.arm.pending import Pending
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.access import Access
from emulator.storage.errors import render

KIND: Final = "faults"  # the one document, under the key ""
CUT_WITHIN: Final = 12_000  # bytes of an answer, or of the handshake before it
STORAGE: Final = (".blob.core.windows.net", ".queue.core.windows.net")  # whose errors are XML
SHARES: Final = ("busy", "duplicates")
UNTOUCHED: Final = ("127.0.0.1", "localhost", "169.254.169.254")


@dataclass(frozen=True, slots=True)
class Plan:
    """busy: share of the answers that are 429 or 503, from 0 to 1. retry_s: seconds that a 429 asks to wait.

    cut: one connection in so many is cut, 0 for none. late_s: seconds until a role assignment works. slow_s:
    seconds that the operations of slow types take, 0 for none. lag_s: more seconds until queries see
    telemetry. duplicates: share of the events that Event Grid delivers twice. disorder_s: seconds by which an
    event comes late at most, so that they overtake each other. hasten: by what the waits of Event Grid's
    retries are divided, 0 for not at all.
    """

    busy: float = 0.0
    retry_s: int = 1
    cut: int = 0
    late_s: float = 0.0
    slow_s: float = 0.0
    lag_s: float = 0.0
    duplicates: float = 0.0
    disorder_s: float = 0.0
    hasten: float = 0.0
    seed: int = 0

    @staticmethod
    def of(given: Mapping[str, str]) -> Plan:
        """From words such as {"busy": "0.2", "cut": "50"}; 400 that names a word that is none."""
        known = {one.name: float if one.type == "float" else int for one in fields(Plan)}
        values: dict[str, Any] = {}
        for name, text in given.items():
            try:
                values[name] = known[name](text)
                if values[name] < 0 or (name in SHARES and values[name] > 1):
                    raise ValueError(text)
            except (KeyError, ValueError) as error:
                shares = " and ".join(SHARES)
                words = f"{name} is '{text}'; known are {', '.join(known)}: numbers from 0, {shares} up to 1."
                raise AzureError(400, "BadFault", words) from error
        return Plan(**values)


class Faults:
    """What goes wrong in one emulator. The plan outlives a restart."""

    def __init__(self, store: Store, access: Access, pending: Pending) -> None:
        self._store = store
        self._access = access
        self._pending = pending
        self._lock = threading.Lock()
        self.happened: dict[str, int] = {}
        self.plan = Plan()
        self._apply(Plan(**(store.document(KIND, "") or {})))

    def set(self, plan: Plan) -> None:
        """From now on, and the random numbers from their beginning."""
        self._apply(plan)
        self._store.put_document(KIND, "", asdict(plan))

    def answer(self, request: Request) -> Response | None:
        """429 or 503 in place of the answer; None where nothing is wrong."""
        plan = self.plan
        if not plan.busy or request.host in UNTOUCHED:
            return None
        with self._lock:
            hit, busy = self._random.random() < plan.busy, self._random.random() < 0.5
            if not hit:
                return None
            self._count("throttled" if busy else "unavailable")
        error = _throttled(request, plan) if busy else _unavailable(request)
        if request.host.endswith(STORAGE):
            return render(error, with_body=request.method != "HEAD")
        return Response.json(error.body(), error.status, error.headers)

    def cut_after(self) -> int | None:
        """After how many bytes back to the client its connection is cut; None for one that is let be."""
        if not self.plan.cut:
            return None
        with self._lock:
            if self._random.randrange(self.plan.cut):
                return None
            self._count("cut")
            return self._random.randrange(CUT_WITHIN)

    def delays(self) -> list[float]:
        """How many seconds after its publication an event is to be delivered; twice, where there are two."""
        plan = self.plan
        if not plan.duplicates and not plan.disorder_s:
            return [0.0]
        with self._lock:
            twice = self._random.random() < plan.duplicates
            if twice:
                self._count("duplicated")
            return [self._random.random() * plan.disorder_s for _ in range(2 if twice else 1)]

    def _apply(self, plan: Plan) -> None:
        with self._lock:
            self.plan = plan
            self._random = random.Random(plan.seed)  # noqa: S311
            self.happened = {}
        self._access.late_s = plan.late_s
        self._pending.seconds = plan.slow_s

    def _count(self, what: str) -> None:
        self.happened[what] = self.happened.get(what, 0) + 1


def _throttled(request: Request, plan: Plan) -> AzureError:
    headers = {"retry-after": str(plan.retry_s)}
    if request.host == "management.azure.com":
        verb = "reads" if request.method in ("GET", "HEAD") else "writes"
        return AzureError(
            429,
            "SubscriptionRequestsThrottled",
            f"Number of '{verb}' for the subscription exceeded. Please try again after "
            f"'{plan.retry_s}' seconds after additional tokens are available. Refer to "
            "https://aka.ms/arm-throttling for additional information.",
            headers=headers,
        )
    return AzureError(429, "TooManyRequests", "Too many requests. Please try again later.", headers=headers)


def _unavailable(request: Request) -> AzureError:
    if request.host.endswith(STORAGE):
        return AzureError(503, "ServerBusy", "The server is busy.")
    return AzureError(503, "ServiceUnavailable", "The service is unavailable now. Please try again later.")
