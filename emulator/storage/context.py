"""One request to the Blob service, taken apart, with what its operation works on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.arm.service import Arm
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.storage import immutability, metadata
from emulator.storage.access import Access, ByRole
from emulator.storage.accounts import Account
from emulator.storage.blobs import BlobStore, Check
from emulator.storage.conditions import Conditions
from emulator.storage.errors import failure, refusal
from emulator.storage.immutability import Change
from emulator.storage.lake import permission
from emulator.storage.lake.rights import Creator
from emulator.storage.model import APPEND_BLOB, CONTENT_HEADERS, Address, Blob, http_date
from emulator.storage.operations import Operation
from emulator.storage.signatures import OVERRIDES

META = "x-ms-meta-"
LEASE = "x-ms-lease-id"
REFUSED_HEADERS = {
    "x-ms-tags": "blob tags (x-ms-tags)",
    "x-ms-encryption-key": "keys provided by the customer (x-ms-encryption-key)",
    "x-ms-encryption-scope": "encryption scopes (x-ms-encryption-scope)",
    "x-ms-immutability-policy-until-date": "immutability policies",
    "x-ms-legal-hold": "legal holds",
}
REFUSED_QUERY = {"snapshot": "snapshots of blobs", "versionid": "versions of blobs"}


@dataclass(frozen=True, slots=True)
class Context:
    """A request with its account, place and rights. ``blob`` is "" for operations on a container."""

    request: Request
    account: Account
    container: str
    blob: str
    access: Access
    blobs: BlobStore
    arm: Arm
    read_url: Callable[[str], tuple[Blob, Address]]  # a copy's source, its right to be read checked

    @property
    def at(self) -> Address:
        return Address(self.account.name, self.container, self.blob)

    @property
    def container_id(self) -> str:
        return self.account.container_id(self.container)

    def require(self, operation: Operation) -> None:
        """403 unless the caller may do it on this container, or the path's own permissions let it."""
        try:
            self.access.require(operation, self.container_id)
        except AzureError as error:
            who = self.access.principal if isinstance(self.access, ByRole) else None
            if error.status != 403 or who is None or not self.account.hierarchical:
                raise
            if not permission.allows(self.arm.store, self.blobs, self.path, who, operation):
                raise

    def allows(self, operation: Operation) -> bool:
        """Whether `require` lets it pass."""
        try:
            self.require(operation)
        except AzureError as error:
            if error.status != 403:
                raise
            return False
        return True

    @property
    def path(self) -> Address:
        """The path that is asked for; of a listing, the directory that it lists."""
        name = self.blob or self.request.query.get("prefix", "").rstrip("/")
        return Address(self.account.name, self.container, name)

    @property
    def creator(self) -> Creator | None:
        """Who owns what the request creates; None in an account without owners."""
        if not self.account.hierarchical:
            return None
        return Creator(self.access.owner, permission.root(self.arm.store, self.account.name, self.container))

    def check(self, change: Change) -> Check:
        """What a write demands of the blob as it is: the conditions of the request, and that no policy keeps
        it as it is."""
        conditions = Conditions.of(self.request.headers).for_write()
        keeps = immutability.keeps(self.arm, self.container_id, change)

        leased = self.request.headers.get(LEASE, "")

        def both(blob: Blob | None) -> None:
            self.blobs.leases.check(self.at, leased)
            conditions(blob)
            keeps(blob)

        return both

    def require_container(self) -> None:
        """404 ContainerNotFound."""
        if not self.account.service and self.arm.store.get(self.container_id) is None:
            raise failure("ContainerNotFound", f"{self.account.name}/{self.container}")

    def metadata(self) -> dict[str, str]:
        """The metadata sent with the request; 400 for what cannot be kept."""
        sent = self.request.headers.items()
        return metadata.checked({k.removeprefix(META): v for k, v in sent if k.startswith(META)})

    def content_headers(self) -> dict[str, str]:
        """The content properties sent as ``x-ms-blob-…``, by the name under which they are kept."""
        sent = self.request.headers
        given = {name: sent[header] for name, header in CONTENT_HEADERS.items() if sent.get(header)}
        return metadata.checked_headers(given)

    def refuse_unsupported(self) -> None:
        """Name the features that the request uses and that are not emulated."""
        if self.request.headers.get(LEASE) and not (self.blob and self.request.method in ("PUT", "DELETE")):
            raise refusal("leases of containers and of reads (x-ms-lease-id)")
        for header, what in REFUSED_HEADERS.items():
            if self.request.headers.get(header):
                raise refusal(what)
        for name, what in REFUSED_QUERY.items():
            if self.request.query.get(name):
                raise refusal(what)


def version_headers(blob: Blob) -> dict[str, str]:
    """What every answer about a blob's state has."""
    return {"etag": blob.etag, "last-modified": http_date(blob.modified)}


def written(blob: Blob, status: int = 201, extra: Mapping[str, str] | None = None) -> Response:
    """The answer to a write."""
    return Response(
        status, {**version_headers(blob), "x-ms-request-server-encrypted": "true", **(extra or {})}
    )


def blob_headers(blob: Blob, query: Mapping[str, str]) -> dict[str, str]:
    """All headers of Get Blob save the length; a SAS can override the content properties."""
    headers = {
        **version_headers(blob),
        "accept-ranges": "bytes",
        "content-type": "application/octet-stream",
        **blob.headers,
        "x-ms-blob-type": blob.kind,
        "x-ms-creation-time": http_date(blob.created),
        "x-ms-server-encrypted": "true",
        **{f"{META}{name}": value for name, value in blob.metadata.items()},
    }
    if blob.kind == APPEND_BLOB:
        headers["x-ms-blob-committed-block-count"] = str(len(blob.blocks))
    if "sig" in query:
        given = {header: query[name] for name, header in OVERRIDES.items() if query.get(name)}
        headers |= metadata.checked_headers(given)
    return headers
