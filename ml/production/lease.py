"""One promoter at a time: the lease of a blob, which also says who holds it."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ml.azure.blob_lease import SECONDS, BlobLease
from ml.errors import MlopsError
from ml.production.errors import overtaken

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

    from ml.azure.clients import Azure

LEASE: Final = "lease.json"
RENEWAL_SECONDS: Final = 15.0


class PromotersLease:
    def __init__(self, azure: "Azure", blob: "BlobClient", renewal: float = RENEWAL_SECONDS) -> None:
        self._azure, self._blob = azure, blob
        self._lease = BlobLease(blob, self._made, renewal)

    @contextmanager
    def held(self, who: str, what: str) -> Generator[None, None, None]:
        lease = self._lease.take()
        if lease is None:
            raise MlopsError(
                f"Production is being changed by {self.holder() or 'somebody else'}.",
                f"Wait for its end, {SECONDS} s if it was killed; `mlops rollback` waits for nobody.",
            )
        try:
            said = {"who": who, "what": what, "since": _now(), "host": os.uname().nodename}
            self._blob.upload_blob(json.dumps(said).encode(), overwrite=True, lease=lease)
            yield
        finally:
            # It ends by itself; what was done is not undone by that.
            if (error := self._lease.give_back()) is not None:
                self._azure.report.warn(f"the lease was not given back, and ends in {SECONDS} s: {error}")

    def check(self) -> None:
        if self._lease.lost:
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
