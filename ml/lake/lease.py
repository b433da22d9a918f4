"""One writer at a time for an output: a lease of a blob in the data lake, a lock of a file in a folder.

It saves work and guards nothing: what is published is whole without it, also when a lease is lost on the way.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ml.azure.blob_lease import BlobLease
from ml.errors import MlopsError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

NAME: Final = ".writer"
RENEW_S: Final = 20.0
LOOK_S: Final = 5.0


@contextmanager
def held(
    where: str,
    credential: TokenCredential | None,
    wait_s: float,
    say: Callable[[str], None] = lambda _: None,
    look_s: float = LOOK_S,
) -> Generator[None]:
    """Be the only writer to a folder, as far as writers ask; wait for another one at most so many seconds.

    where: an abfss:// address or a local path. Raises MlopsError when the other has not ended by then.
    """
    lease = _Blob(where, credential) if where.startswith("abfss://") else _Local(Path(where))
    began, told = time.monotonic(), False
    while not lease.take():
        if time.monotonic() - began >= wait_s:
            raise MlopsError(
                f"Another run writes to {where}, and has not ended in {wait_s:g} s.",
                "Run it again when that one has ended; batch.wait_minutes says how long is waited.",
            )
        if not told:
            say(f"another run writes to {where}: waiting for it")
        told = True
        time.sleep(min(look_s, wait_s))
    try:
        yield
    finally:
        lease.give_back()


class _Local:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / NAME).open("a")

    def take(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def give_back(self) -> None:
        self._file.close()


class _Blob:
    def __init__(self, where: str, credential: TokenCredential | None) -> None:
        from azure.storage.blob import BlobClient

        parts = urlsplit(where)
        host = str(parts.hostname).replace(".dfs.", ".blob.")
        path = f"{parts.path.strip('/')}/{NAME}".lstrip("/")
        self._blob = BlobClient(f"https://{host}", str(parts.username), path, credential=credential)
        self._lease = BlobLease(self._blob, self._make, RENEW_S)

    def take(self) -> bool:
        return self._lease.take() is not None

    def _make(self) -> None:
        from azure.core.exceptions import HttpResponseError

        try:
            self._blob.upload_blob(b"", overwrite=False)
        except HttpResponseError as error:
            if error.status_code not in (409, 412):  # somebody else made it, and may hold it
                raise

    def give_back(self) -> None:
        self._lease.give_back()  # else it ends by itself, and the run is published already
        self._blob.close()
