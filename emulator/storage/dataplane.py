"""``*.blob.core.windows.net``: which operation a request is, by what right it comes, and its answer."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlsplit

from emulator.arm.service import Arm
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.network.reach import Reach
from emulator.storage import blob_operations as on_blob
from emulator.storage import block_operations as on_blocks
from emulator.storage import container_operations as on_container
from emulator.storage import lease_operations, operations, tiers, website
from emulator.storage import service_operations as on_service
from emulator.storage.access import Access, Authentication
from emulator.storage.accounts import CONTAINER_NAME, Account, Accounts
from emulator.storage.blobs import BlobStore
from emulator.storage.context import Context
from emulator.storage.errors import failure, refusal
from emulator.storage.happenings import Announcer
from emulator.storage.model import Address, Blob
from emulator.storage.plane import Plane

Operation = Callable[[Context], Response]
SUFFIX = ".blob.core.windows.net"
LONGEST_NAME = 1024

# (method, restype, comp) of requests without a blob, with and without a container; (method, comp) of a blob
ON_ACCOUNT: dict[tuple[str, str, str], Operation] = {
    ("GET", "", "list"): on_container.list_containers,
    ("GET", "account", "properties"): on_service.account_information,
    ("HEAD", "account", "properties"): on_service.account_information,
    ("GET", "service", "properties"): website.get_service_properties,
    ("PUT", "service", "properties"): website.set_service_properties,
    ("POST", "service", "userdelegationkey"): on_service.user_delegation_key,
}
ON_CONTAINER: dict[tuple[str, str, str], Operation] = {
    ("PUT", "container", ""): on_container.create_container,
    ("GET", "container", ""): on_container.get_container,
    ("HEAD", "container", ""): on_container.get_container,
    ("GET", "container", "metadata"): on_container.get_container,
    ("HEAD", "container", "metadata"): on_container.get_container,
    ("PUT", "container", "metadata"): on_container.set_container_metadata,
    ("DELETE", "container", ""): on_container.delete_container,
    ("GET", "container", "acl"): on_container.get_container_acl,
    ("HEAD", "container", "acl"): on_container.get_container_acl,
    ("GET", "container", "list"): on_container.list_blobs,
    ("GET", "account", "properties"): on_service.account_information,
    ("HEAD", "account", "properties"): on_service.account_information,
}
ON_BLOB: dict[tuple[str, str], Operation] = {
    ("PUT", ""): on_blob.put_blob,
    ("GET", ""): on_blob.get_blob,
    ("HEAD", ""): on_blob.get_properties,
    ("DELETE", ""): on_blob.delete_blob,
    ("PUT", "properties"): on_blob.set_properties,
    ("PUT", "metadata"): on_blob.set_metadata,
    ("GET", "metadata"): on_blob.get_metadata,
    ("HEAD", "metadata"): on_blob.get_metadata,
    ("PUT", "tier"): tiers.set_tier,
    ("PUT", "appendblock"): on_blob.append_block,
    ("PUT", "block"): on_blocks.put_block,
    ("PUT", "blocklist"): on_blocks.put_block_list,
    ("PUT", "lease"): lease_operations.lease_blob,
    ("GET", "blocklist"): on_blocks.get_block_list,
}


class DataPlane(Plane):
    """Answers the requests to all accounts."""

    service = "blob"

    def __init__(
        self,
        arm: Arm,
        accounts: Accounts,
        blobs: BlobStore,
        authentication: Authentication,
        reach: Reach,
        announcer: Announcer,
    ) -> None:
        super().__init__(arm, accounts, authentication, reach)
        self._blobs = blobs
        self._announcer = announcer

    def answer(self, request: Request, request_id: str) -> Response:
        account = self.account(request.host)
        container, blob = _place(request.path)
        method, restype, comp = (
            request.method,
            request.query.get("restype", ""),
            request.query.get("comp", ""),
        )
        if blob:
            operation = ON_BLOB.get((method, comp)) if not restype else None
        elif container:
            operation = ON_CONTAINER.get((method, restype, comp))
        else:
            operation = ON_ACCOUNT.get((method, restype, comp))
        if operation is None:
            raise refusal(
                f"{method} of {'a blob' if blob else 'a container' if container else 'an account'} "
                f"with restype={restype or '-'} comp={comp or '-'}"
            )
        access = self._authentication.access(request, account, container, blob)
        self.admit(request.place, account)
        context = self._context(request, account, container, blob, access)
        context.refuse_unsupported()
        return self._announcer.done(operation, context, request_id)

    def _context(
        self, request: Request, account: Account, container: str, blob: str, access: Access
    ) -> Context:
        def read_url(url: str) -> tuple[Blob, Address]:
            return self._source(url, request)

        return Context(request, account, container, blob, access, self._blobs, self._arm, read_url)

    def _source(self, url: str, request: Request) -> tuple[Blob, Address]:
        """The blob at ``url``, which the request copies from: by its own signature, by the token sent for it,
        or, inside one account, by the right of the request itself."""
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise failure("InvalidHeaderValue", f"x-ms-copy-source is no URL: {error}.") from error
        host = (parts.hostname or "").lower()
        if not host.endswith(SUFFIX):
            raise refusal(f"copies from {host or url}: only blobs of storage accounts here")
        query = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
        headers: dict[str, str] = {}
        if given := request.headers.get("x-ms-copy-source-authorization"):
            headers["authorization"] = given
        elif "sig" not in query and host == request.host:
            headers, query = dict(request.headers), {**request.query, **query}
        try:
            account = self.account(host)
            container, blob = _place(unquote(parts.path))
            if headers.get("authorization", "").lower().startswith("sharedkey"):
                access = self._authentication.access(request, account, *_place(request.path))
            else:
                source = Request("GET", host, unquote(parts.path), parts.path, query, headers, scheme="https")
                access = self._authentication.access(source, account, container, blob)
            self.admit(request.place, account)
            at = Address(account.name, container, blob)
            access.require(operations.READ_BLOB, account.container_id(container))
            if query.get("snapshot") or query.get("versionid"):
                raise refusal("copies from snapshots and versions")
            return self._blobs.existing(at), at
        except NotEmulated:
            raise
        except AzureError as error:
            status = 404 if error.status == 404 else 403
            raise AzureError(
                status, "CannotVerifyCopySource", f"{host}{parts.path}: {error.code}. {error.message}"
            ) from error


def _place(path: str) -> tuple[str, str]:
    """Container and blob of a percent-decoded path; "" for what it does not name."""
    container, _, blob = path.removeprefix("/").partition("/")
    if len(blob) > LONGEST_NAME:
        raise failure("InvalidResourceName", f"A blob's name has at most {LONGEST_NAME} characters.")
    if container and blob and not CONTAINER_NAME.fullmatch(container):
        raise failure("InvalidResourceName", f"Container {container!r}.")
    return container, blob
