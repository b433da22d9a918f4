"""The lease of a blob, renewed by a thread for as long as it is wanted: one holder at a time.

Whoever is killed holds it for a minute more. It may be lost on the way: somebody breaks it, or Azure is away
for too long; `lost` says so, to those whom it matters to.
"""

from __future__ import annotations

import threading
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
        self.lost = threading.Event()

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
        self._held = held
        self._stop.clear()
        self.lost.clear()
        self._renewing = threading.Thread(target=self._renew, args=(held,), name="lease", daemon=True)
        self._renewing.start()
        return held

    def give_back(self) -> AzureError | None:
        """End it; the error where Azure did not take it back, which lets it end by itself."""
        from azure.core.exceptions import AzureError

        self._stop.set()
        if self._renewing is not None:
            self._renewing.join()
        if self._held is None or self.lost.is_set():
            return None
        try:
            self._held.release()
        except AzureError as error:
            return error
        return None

    def _renew(self, held: Any) -> None:
        from azure.core.exceptions import AzureError

        misses = 0
        while not self._stop.wait(self._renewal):
            try:
                held.renew()
                misses = 0
            except AzureError as error:
                misses += 1
                refused = getattr(error, "status_code", None) in REFUSED
                if refused or misses * self._renewal >= SECONDS - self._renewal:
                    self.lost.set()
                    return
