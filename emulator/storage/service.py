"""Blobs for the other services, in process and without authorization unless asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlencode

from emulator.errors import AzureError
from emulator.identity.directory import TENANT_ID
from emulator.identity.service import Identity
from emulator.principal import Principal
from emulator.storage import operations, signatures
from emulator.storage.access import SERVICE_DELEGATOR, ByRole
from emulator.storage.accounts import Account, Accounts
from emulator.storage.blobs import BlobStore, no_check
from emulator.storage.errors import failure
from emulator.storage.happenings import Announcer
from emulator.storage.lake.rights import FOLDER, ROOT, SUPERUSER, Creator
from emulator.storage.model import APPEND_BLOB, Address, Blob

SAS_VERSION = "2024-11-04"
TIME = "%Y-%m-%dT%H:%M:%SZ"
PERMISSIONS = {
    "read": operations.READ_BLOB,
    "list": operations.LIST_BLOBS,
    "write": operations.WRITE_BLOB,
    "delete": operations.DELETE_BLOB,
}


class Blobs:
    """What the other services do with blobs. Names are percent-decoded; errors are AzureErrors with the Blob
    service's codes (404 BlobNotFound, ContainerNotFound …)."""

    def __init__(
        self, accounts: Accounts, store: BlobStore, identity: Identity, announcer: Announcer
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._identity = identity
        self._announcer = announcer

    def service_account(self, name: str) -> str:
        """Make sure that an account exists that belongs to an Azure service; its name. Containers in it
        need not be made."""
        return self._accounts.ensure_service_account(name).name

    def exists(self, account: str, container: str, name: str) -> bool:
        return self._store.get(self._at(account, container, name)) is not None

    def properties(self, account: str, container: str, name: str) -> Blob:
        return self._store.existing(self._at(account, container, name))

    def read(self, account: str, container: str, name: str) -> bytes:
        return self._store.read(self._at(account, container, name), lambda _: None, lambda size: (0, size))[1]

    def write(
        self,
        account: str,
        container: str,
        name: str,
        data: bytes | Path,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> Blob:
        """Create or replace a block blob from bytes or a local file."""
        at = self._at(account, container, name)
        headers = {"content-type": content_type}
        made = self._store.write(at, data, headers, metadata or {}, creator=self._creator(account))
        self._announcer.wrote(self._account(account), at, made)
        return made

    def append(self, account: str, container: str, name: str, data: bytes) -> Blob:
        """Append to an append blob, made at the first call: for logs that are read while they grow."""
        at = self._at(account, container, name)
        if self._store.get(at) is None:
            headers = {"content-type": "text/plain"}
            made = self._store.write(at, b"", headers, {}, kind=APPEND_BLOB, creator=self._creator(account))
            self._announcer.wrote(self._account(account), at, made)
        return self._store.append(at, data)[0]

    def mark(self, account: str, container: str, name: str, metadata: Mapping[str, str]) -> Blob:
        """Give a blob that exists other metadata; its bytes stay."""
        return self._store.update(self._at(account, container, name), no_check, metadata=metadata)

    def delete(self, account: str, container: str, name: str) -> None:
        at = self._at(account, container, name)
        held = self._store.existing(at)
        self._store.delete(at)
        self._announcer.removed(self._account(account), at, held)

    def list(self, account: str, container: str, prefix: str = "") -> list[Blob]:
        """All blobs whose name starts with ``prefix``, by name."""
        return list(self._all(account, container, prefix))

    def path(self, account: str, container: str, name: str) -> Path:
        """The file with the blob's bytes: to be read, never written, and gone when the blob is replaced."""
        return self._store.path(self.properties(account, container, name))

    def copy_tree_in(self, account: str, container: str, prefix: str, local_dir: Path) -> list[Path]:
        """Bring the blobs under the folder ``prefix`` to ``local_dir``; a blob named ``prefix`` itself comes
        under its last name. The files. 400 InvalidResourceName for a blob whose name no file can have, or
        whose file a link would lead out of ``local_dir``."""
        folder = prefix.strip("/")
        made: list[Path] = []
        for blob in self._all(account, container, folder):
            relative = _relative(blob.name, folder)
            if relative is None or FOLDER in blob.metadata:
                continue
            made.append(_bring(self._store.path(blob), local_dir, relative))
        if not made:
            raise failure("BlobNotFound", f"Nothing under {account}/{container}/{folder}.")
        return made

    def copy_tree_out(self, local_dir: Path, account: str, container: str, prefix: str) -> list[str]:
        """Write the files under a local directory (or one file) as blobs under the folder ``prefix``; their
        names. Blobs that stand there under other names stay. 400 InvalidInput, before anything is written,
        for a link that leads out of the directory."""
        folder = prefix.strip("/")
        files = [local_dir] if local_dir.is_file() else sorted(p for p in local_dir.rglob("*") if p.is_file())
        top = local_dir.resolve()
        for file in files:
            if not file.resolve().is_relative_to(top):
                words = f"{file.relative_to(local_dir)} is a symbolic link out of the folder {local_dir.name}"
                raise AzureError(400, "InvalidInput", f"{words}: write a copy of the file instead.")
        names: list[str] = []
        for file in files:
            relative = file.name if file == local_dir else file.relative_to(local_dir).as_posix()
            name = f"{folder}/{relative}" if folder else relative
            self.write(account, container, name, file)
            names.append(name)
        return names

    def require(self, principal: Principal, permission: str, account: str, container: str) -> None:
        """403 AuthorizationPermissionMismatch unless the principal may ``read``, ``list``, ``write`` or
        ``delete`` blobs of the container."""
        found = self._account(account)
        ByRole(self._identity, principal).require(PERMISSIONS[permission], found.container_id(container))

    def sas_url(self, account: str, container: str, path: str, permissions: str, hours: float = 24) -> str:
        """An address that needs no further authorization: of a blob, or of the container for ``path`` "".
        It is signed with a user delegation key of Azure itself, so it works without shared keys too."""
        found = self._account(account)
        self._require_container(found, container)
        now = datetime.now(UTC)
        start, expiry = f"{now - timedelta(minutes=5):{TIME}}", f"{now + timedelta(hours=hours):{TIME}}"
        key = signatures.DelegationKey(SERVICE_DELEGATOR, TENANT_ID, start, expiry, "b", SAS_VERSION)
        query = {
            "sv": SAS_VERSION,
            "sr": "b" if path else "c",
            "sp": permissions,
            "st": start,
            "se": expiry,
            "spr": "https",
            **key.query(),
        }
        resource = f"/blob/{account}/{container}" + (f"/{path}" if path else "")
        text = signatures.delegation_sas(resource, query)
        query["sig"] = signatures.sign(key.value(found.delegation), text)
        return f"{self.url(account, container, path)}?{urlencode(query)}"

    def url(self, account: str, container: str, path: str = "") -> str:
        """The address of a blob or, for ``path`` "", of a container."""
        tail = f"/{quote(path, safe='/~')}" if path else ""
        return f"https://{account}.blob.core.windows.net/{container}{tail}"

    def _creator(self, account: str) -> Creator | None:
        """The service itself owns what it writes in a hierarchical namespace."""
        return Creator(SUPERUSER, ROOT) if self._account(account).hierarchical else None

    def _all(self, account: str, container: str, prefix: str) -> Iterator[Blob]:
        self._require_container(self._account(account), container)
        start = ""
        while True:
            page = self._store.list(account, container, prefix, start=start)
            yield from (entry for entry in page.entries if isinstance(entry, Blob))
            if not page.next:
                return
            start = page.next

    def _at(self, account: str, container: str, name: str) -> Address:
        self._require_container(self._account(account), container)
        return Address(account, container, name)

    def _account(self, name: str) -> Account:
        account = self._accounts.find(name)
        if account is None:
            raise failure("AccountNotFound", f"Account {name!r}.")
        return account

    def _require_container(self, account: Account, container: str) -> None:
        if not self._accounts.has_container(account, container):
            raise failure("ContainerNotFound", f"{account.name}/{container}")


def _relative(name: str, folder: str) -> PurePosixPath | None:
    """Where a blob comes to stand under the local directory; None for one that is beside the folder."""
    if name == folder:
        relative = PurePosixPath(PurePosixPath(name).name)
    elif not folder or name.startswith(f"{folder}/"):
        relative = PurePosixPath(name[len(folder) :].lstrip("/"))
    else:
        return None
    if not relative.parts or ".." in relative.parts or relative.is_absolute():
        raise AzureError(400, "InvalidResourceName", f"The blob name {name!r} is no relative path.")
    return relative


def _bring(source: Path, folder: Path, relative: PurePosixPath) -> Path:
    """Copy a blob's bytes to a path of the folder: a file of its own there, whatever stood in its place."""
    target = folder.joinpath(*relative.parts)
    try:
        if not target.parent.resolve().is_relative_to(folder.resolve()):
            raise AzureError(400, "InvalidResourceName", f"A link leads {relative} out of its folder.")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
    except (OSError, ValueError, RuntimeError) as error:  # too long, of a zero character, a folder and a file
        reason = error.strerror if isinstance(error, OSError) else error
        raise AzureError(
            400, "InvalidResourceName", f"No file can have the blob's name {str(relative)[:300]!r}: {reason}."
        ) from error
    shutil.copyfile(source, target)
    return target
