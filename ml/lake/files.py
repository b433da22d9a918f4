"""Files beside the tables: in a container of the data lake, or in a local folder."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

FOLDER: Final = "hdi_isfolder"  # the metadata of a folder, which a listing shows like a file


class Files(Protocol):
    """Names are relative, with slashes. What is not there reads as None, and is deleted without a word."""

    def names(self, prefix: str) -> list[str]:
        """The files whose names begin like this, sorted. What was there before the call is among them."""
        ...

    def read(self, name: str) -> bytes | None: ...

    def write(self, name: str, data: bytes) -> None:
        """Make or replace a file, as a whole."""
        ...

    def delete(self, name: str) -> None: ...


class LocalFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, prefix: str) -> list[str]:
        top = self._folder / prefix.rpartition("/")[0]
        found = (path for path in top.rglob("*") if path.is_file() and path.suffix != ".partial")
        names = (path.relative_to(self._folder).as_posix() for path in found)
        return sorted(name for name in names if name.startswith(prefix))

    def read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        path = self._folder / name
        self._partial(path, data).replace(path)

    def create(self, name: str, data: bytes) -> bool:
        """Make a file, as a whole; False, with nothing changed, where there is one."""
        path = self._folder / name
        part = self._partial(path, data)
        try:
            path.hardlink_to(part)
        except FileExistsError:
            return False
        finally:
            part.unlink()
        return True

    @staticmethod
    def _partial(path: Path, data: bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
        part.write_bytes(data)
        return part

    def delete(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)


class LakeFiles:
    """A container of a data lake, by the identity of whoever runs this."""

    def __init__(self, account: str, container: str, credential: TokenCredential, **options: Any) -> None:
        from azure.storage.blob import ContainerClient

        url = f"https://{account}.blob.core.windows.net"
        self._container = ContainerClient(url, container, credential=credential, **options)

    def names(self, prefix: str) -> list[str]:
        found = self._container.list_blobs(name_starts_with=prefix, include=["metadata"])
        return sorted(blob.name for blob in found if FOLDER not in (blob.metadata or {}))

    def read(self, name: str) -> bytes | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._container.download_blob(name).readall()
        except ResourceNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        self._container.upload_blob(name, data, overwrite=True)

    def create(self, name: str, data: bytes) -> bool:
        """Make a file, as a whole; False, with nothing changed, where there is one."""
        from azure.core.exceptions import ResourceExistsError

        try:
            self._container.upload_blob(name, data, overwrite=False)
        except ResourceExistsError:
            return False
        return True

    def delete(self, name: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            self._container.delete_blob(name)
        except ResourceNotFoundError:
            return
