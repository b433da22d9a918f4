"""One promoter at a time: the lease of a blob, which also says who holds it."""

import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError
from ml.production.errors import overtaken

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobLeaseClient

    from ml.azure.clients import Azure

LEASE: Final = "lease.json"
SECONDS: Final = 60  # the longest that Azure gives; a killed promoter blocks no longer than this
RENEWAL_SECONDS: Final = 15.0


class BlobLease:
    def __init__(self, azure: "Azure", blob: "BlobClient", renewal: float = RENEWAL_SECONDS) -> None:
        self._azure, self._blob, self._renewal = azure, blob, renewal
        self._lost = threading.Event()

    @contextmanager
    def held(self, who: str, what: str) -> Generator[None, None, None]:
        from azure.core.exceptions import AzureError

        lease = self._acquired()
        self._lost.clear()
        stop = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(lease, stop), name="lease", daemon=True)
        try:
            self._say(lease, {"who": who, "what": what, "since": _now(), "host": os.uname().nodename})
            renewing.start()
            yield
        finally:
            stop.set()
            if renewing.is_alive():
                renewing.join()
            if not self._lost.is_set():
                try:
                    lease.release()
                except AzureError as error:  # it ends by itself; what was done is not undone by that
                    self._azure.report.warn(f"the lease was not given back, and ends in {SECONDS} s: {error}")

    def check(self) -> None:
        if self._lost.is_set():
            raise overtaken("who promotes: the lease")

    def end(self) -> str | None:
        """Break the lease, whoever holds it; returns who did."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
        from azure.storage.blob import BlobLeaseClient

        holder = self.holder()
        try:
            BlobLeaseClient(self._blob).break_lease(lease_break_period=0)
        except (ResourceExistsError, ResourceNotFoundError):  # there is none
            return None
        return holder

    def holder(self) -> str | None:
        """Who holds it now, and for what; None when nobody does."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            stream = self._azure.granted(self._blob.download_blob, "read who promotes")
        except ResourceNotFoundError:
            return None
        if str(stream.properties.lease.state) not in ("leased", "breaking"):
            return None
        said: dict[str, Any] = json.loads(stream.readall() or b"{}")
        if not said:
            return "somebody who has not said so yet"
        return f"{said['who']} on {said['host']} ({said['what']}, since {said['since']})"

    def _made(self) -> None:
        from azure.core.exceptions import ResourceExistsError

        try:
            self._azure.granted(lambda: self._blob.upload_blob(b"{}", overwrite=False), "write who promotes")
        except ResourceExistsError:
            return

    def _acquired(self) -> "BlobLeaseClient":
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        try:
            try:
                return self._blob.acquire_lease(lease_duration=SECONDS)
            except ResourceNotFoundError:
                self._made()
                return self._blob.acquire_lease(lease_duration=SECONDS)
        except ResourceExistsError as error:
            raise MlopsError(
                f"Production is being changed by {self.holder() or 'somebody else'}.",
                f"Wait for its end, {SECONDS} s if it was killed; `mlops rollback` waits for nobody.",
            ) from error

    def _say(self, lease: "BlobLeaseClient", said: dict[str, str]) -> None:
        self._blob.upload_blob(json.dumps(said).encode(), overwrite=True, lease=lease)

    def _renew(self, lease: "BlobLeaseClient", stop: threading.Event) -> None:
        from azure.core.exceptions import AzureError

        misses = 0
        while not stop.wait(self._renewal):
            try:
                lease.renew()
                misses = 0
            except AzureError as error:
                misses += 1
                refused = getattr(error, "status_code", None) in (404, 409, 412)
                if refused or misses * self._renewal >= SECONDS - self._renewal:
                    self._lost.set()
                    return


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
