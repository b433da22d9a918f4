"""What storage tells Event Grid: blobs, files and directories that were created, deleted or renamed.

From "Azure Blob Storage as an Event Grid source" (learn.microsoft.com, read 2026-11). In an account with a
hierarchical namespace a file is complete when it is flushed with `close=true`: that event alone says so,
those of its creation and of writes through the Blob service say what they say in any account.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from emulator.eventgrid.publish import Publisher
from emulator.http import Response
from emulator.storage import blob_operations, block_operations, tiers
from emulator.storage.accounts import Account
from emulator.storage.blobs import BlobStore
from emulator.storage.context import Context
from emulator.storage.lake import paths
from emulator.storage.lake.rights import is_directory
from emulator.storage.model import Address, Blob
from emulator.storage.plane import CLIENT_REQUEST_ID

Operation = Callable[[Context], Response]
Json = dict[str, Any]
CREATED: Final = "Microsoft.Storage.BlobCreated"
DELETED: Final = "Microsoft.Storage.BlobDeleted"
TIER_CHANGED: Final = "Microsoft.Storage.BlobTierChanged"
UNTOLD: Final = ("$logs", "$blobchangefeed")  # containers that are not integrated with Event Grid
# operation of the Blob service -> type of event, name in `api`
OF_BLOBS: Final[Mapping[Operation, tuple[str, str]]] = {
    blob_operations.put_blob: (CREATED, "PutBlob"),
    block_operations.put_block_list: (CREATED, "PutBlockList"),
    blob_operations.delete_blob: (DELETED, "DeleteBlob"),
    tiers.set_tier: (TIER_CHANGED, "SetBlobTier"),
}
# operation of the dfs endpoint -> what happened (Created …), the word of its `api` (CreateFile …)
OF_PATHS: Final[Mapping[Operation, tuple[str, str]]] = {
    paths.create: ("Created", "Create"),
    paths.flush: ("Created", "FlushWithClose"),
    paths.delete: ("Deleted", "Delete"),
    paths.rename: ("Renamed", "Rename"),
}


class Announcer:
    """Does operations, and tells Event Grid of them where a topic of the account is there to be told."""

    def __init__(self, publisher: Publisher, blobs: BlobStore) -> None:
        self._publisher = publisher
        self._blobs = blobs

    def done(self, operation: Operation, context: Context, request_id: str) -> Response:
        """Do it, and tell of it once it is done; nothing is told of what fails."""
        of_paths, of_blobs = OF_PATHS.get(operation), OF_BLOBS.get(operation)
        told = of_paths or of_blobs
        if told is None or not self._watched(context.account, context.container):
            return operation(context)
        before = self._blobs.get(context.at)
        response = operation(context)
        data = _of_request(context, request_id)
        if of_paths:
            self._of_path(context, *of_paths, before, data)
        else:
            self._of_blob(context, *told, before, data)
        return response

    def wrote(self, account: Account, at: Address, blob: Blob, api: str = "PutBlob") -> None:
        """A service of Azure wrote a blob."""
        if self._watched(account, at.container):
            data = {"api": api, "requestId": str(uuid.uuid4()), **_written(blob), "url": url(at, "blob")}
            self._publish(account, at, CREATED, data, blob.etag_number)

    def removed(self, account: Account, at: Address, blob: Blob) -> None:
        """A service of Azure deleted a blob."""
        if self._watched(account, at.container):
            data = {"api": "DeleteBlob", "requestId": str(uuid.uuid4()), **_kind(blob)}
            self._publish(account, at, DELETED, {**data, "url": url(at, "blob")}, self._blobs.new_etag())

    def _watched(self, account: Account, container: str) -> bool:
        return bool(account.id) and container not in UNTOLD and self._publisher.watched(account.id)

    def _of_blob(self, context: Context, kind: str, api: str, before: Blob | None, data: Json) -> None:
        headers = context.request.headers
        if api == "PutBlob" and headers.get("x-ms-copy-source") and not headers.get("x-ms-blob-type"):
            api = "CopyBlob"
        blob = before if kind == DELETED else self._blobs.get(context.at)
        if blob is None or is_directory(blob):
            return  # another request was faster: its own event tells what is there now
        facts: Json = _kind(blob)
        if kind != DELETED:
            facts = _written(blob)
        found: Json = {"api": api, **data, **facts, "url": url(context.at, "blob")}
        if kind == TIER_CHANGED:
            found.pop("eTag")
        self._publish(context.account, context.at, kind, found, self._sequence(blob, kind))

    def _of_path(self, context: Context, what: str, api: str, before: Blob | None, data: Json) -> None:
        closes = context.request.query.get("close", "").lower() == "true"
        if api == "FlushWithClose" and not closes:
            return
        blob = before if what == "Deleted" else self._blobs.get(context.at)
        if blob is None:
            return
        folder = is_directory(blob)
        if api == "Create" and folder and before is not None:
            return  # it was there before
        name = api if api == "FlushWithClose" else f"{api}{'Directory' if folder else 'File'}"
        place = url(context.at, "dfs")
        found: Json = {"api": name, **data}
        if what == "Renamed":
            source = context.request.headers["x-ms-rename-source"].partition("?")[0].lstrip("/")
            host = f"https://{context.account.name}.dfs.core.windows.net"
            found |= {"destinationUrl": place, "sourceUrl": f"{host}/{source}"}
        elif folder:
            found["url"] = place
            if what == "Deleted":
                found["recursive"] = context.request.query.get("recursive", "false").lower()
        elif what == "Deleted":
            found |= {**_kind(blob), "url": place}
        else:
            found |= {**_written(blob), "contentOffset": blob.size, "url": place}
        kind = f"Microsoft.Storage.{'Directory' if folder else 'Blob'}{what}"
        version = "2" if kind in (CREATED, DELETED) else "1"
        self._publish(context.account, context.at, kind, found, self._sequence(blob, kind), version)

    def _sequence(self, blob: Blob, kind: str) -> int:
        """Grows with each change of a blob."""
        return blob.etag_number if kind == CREATED else self._blobs.new_etag()

    def _publish(
        self, account: Account, at: Address, kind: str, data: Json, sequence: int, version: str = ""
    ) -> None:
        subject = f"/blobServices/default/containers/{at.container}/blobs/{at.name}"
        more = {"sequencer": f"{sequence:032x}", "storageDiagnostics": {"batchId": str(uuid.uuid4())}}
        self._publisher.publish(account.id, kind, subject, {**data, **more}, version)


def url(at: Address, service: str) -> str:
    """The address of a blob or path at an endpoint of its account."""
    return f"https://{at.account}.{service}.core.windows.net/{at.container}/{quote(at.name, safe='/~')}"


def _of_request(context: Context, request_id: str) -> Json:
    client = context.request.headers.get(CLIENT_REQUEST_ID)
    return {**({"clientRequestId": client} if client else {}), "requestId": str(uuid.UUID(request_id))}


def _kind(blob: Blob) -> Json:
    return {
        "contentType": blob.headers.get("content-type", "application/octet-stream"),
        "blobType": blob.kind,
    }


def _written(blob: Blob) -> Json:
    return {"eTag": blob.etag.strip('"'), "contentLength": blob.size, **_kind(blob)}
