"""The lease of a blob, renewed by a thread for as long as it is wanted: one holder at a time.

Whoever is killed holds it for a minute more. It may be lost on the way: somebody breaks it, or Azure is away
for too long; `lost` says so, to those whom it matters to.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError
    from azure.storage.blob import BlobClient, BlobLeaseClient

SECONDS: Final = 60  # the longest that Azure gives
REFUSED: Final = (404, 409, 412)  # the lease is no longer this one's


class BlobLease:
    """make: makes the blob where there is none. renewal: seconds between two renewals."""

    def __init__(self, blob: BlobClient, make: Callable[[], object], renewal: float) -> None:
        self._blob, self._make, self._renewal = blob, make, renewal
        self._stop = threading.Event()
        self._held: BlobLeaseClient | None = None
        self._renewing: threading.Thread | None = None
        self._refused = threading.Event()
        self._until = math.inf  # nothing is held yet

    @property
    def _holds(self) -> float:
        """Seconds after which it is given up: before its end, since what was begun by then goes on."""
        return SECONDS - self._renewal

    @property
    def lost(self) -> bool:
        """Whether somebody else may soon have it: it was refused, or was not renewed in time.

        The time counts, and no number of failures: the SDK tries a call again for longer than a lease holds.
        """
        return self._refused.is_set() or time.monotonic() >= self._until

    def take(self) -> BlobLeaseClient | None:
        """The lease; None while somebody else has it. Raises errors of the Azure SDKs."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        try:
            try:
                held = self._blob.acquire_lease(lease_duration=SECONDS)
            except ResourceNotFoundError:
                self._make()
                held = self._blob.acquire_lease(lease_duration=SECONDS)
        except ResourceExistsError:  # 409, LeaseAlreadyPresent
            return None
        self._held, self._until = held, time.monotonic() + self._holds
        self._stop.clear()
        self._refused.clear()
        self._renewing = threading.Thread(target=self._renew, args=(held,), name="lease", daemon=True)
        self._renewing.start()
        return held

    def give_back(self) -> AzureError | None:
        """End it; the error where Azure did not take it back, which lets it end by itself."""
        from azure.core.exceptions import AzureError

        self._stop.set()
        if self._renewing is not None:
            self._renewing.join()
        if self._held is None or self.lost:
            return None
        try:
            self._held.release()
        except AzureError as error:
            return error
        return None

    def _renew(self, held: Any) -> None:
        from azure.core.exceptions import AzureError

        while not self._stop.wait(self._renewal):
            asked = time.monotonic()
            try:
                held.renew()
                self._until = asked + self._holds
            except AzureError as error:
                if getattr(error, "status_code", None) in REFUSED:
                    self._refused.set()
                if self.lost:
                    return
