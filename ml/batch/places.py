"""Where a batch reads and writes: local folders and the data lake, by one interface."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from ml.errors import MlopsError
from ml.lake import tables

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

FileSystem: TypeAlias = Any  # pyarrow.fs.FileSystem
LAKE: Final = "abfss://"
RENEW_S: Final = 900.0  # before the token ends: longer than a file takes
BLOCK_BYTES: Final = 1 << 22  # that a file is copied by
PAUSE_S: Final = 60.0  # between two sign-ins


def is_lake(where: str) -> bool:
    return where.startswith(LAKE)


class _Lake:
    """The file system of a folder in the lake. It is opened anew before its token ends: a batch may last for
    days, and whoever reads or writes a file asks for the file system again. Thread-safe."""

    def __init__(
        self, where: str, credential: TokenCredential | None, clock: Callable[[], float] = time.time
    ) -> None:
        self._where, self._credential, self._clock = where, credential, clock
        self._lock = Lock()
        self._opened: FileSystem = None
        self._renew_at = 0.0

    def files(self) -> FileSystem:
        with self._lock:
            now = self._clock()
            if self._opened is None or now >= self._renew_at:
                signed = tables.signed_in(self._where, self._credential)
                from ml.lake import filesystem

                self._opened = filesystem.opened(self._where, signed.options)
                # Not at each call where tokens are short: a sign-in may start another program.
                self._renew_at = max(signed.until - RENEW_S, now + PAUSE_S)
            return self._opened

    def _directory(self, name: str) -> Any:
        from azure.storage.filedatalake import DataLakeDirectoryClient

        parts = urlsplit(self._where)
        path = "/".join(filter(None, (parts.path.strip("/"), name)))
        return DataLakeDirectoryClient(
            f"https://{parts.hostname}", parts.username or "", path, credential=self._credential
        )

    def folder(self, name: str) -> None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError

        with suppress(ResourceExistsError), self._directory(name) as client:
            client.create_directory(match_condition=MatchConditions.IfMissing)

    def rename(self, old: str, new: str) -> None:
        from azure.core import MatchConditions

        with self._directory(old) as client:
            target = self._directory(new)
            client.rename_directory(
                f"{target.file_system_name}/{target.path_name}", match_condition=MatchConditions.IfMissing
            )


class Place:
    """A folder: files are named relative to it, with `/`. What `write` and `copy` make appears as a whole."""

    def __init__(self, where: str, credential: TokenCredential | None = None) -> None:
        """where: an abfss:// address, or a local path."""
        from pyarrow import fs

        self.where = where if is_lake(where) else str(Path(where).absolute())
        self._lake = _Lake(self.where, credential) if is_lake(where) else None
        self._local: FileSystem = None
        if self._lake is not None:
            self._lake.files()  # who cannot sign in learns it here
        elif "://" in where:
            raise MlopsError(f"{where} is neither in a data lake nor a folder.", "Give abfss:// or a path.")
        else:
            self._local = fs.SubTreeFileSystem(self.where, fs.LocalFileSystem())

    @property
    def files(self) -> FileSystem:
        """For one file: keep it no longer, since its token holds for an hour at most."""
        return self._local if self._lake is None else self._lake.files()

    def names(self, folder: str = "") -> list[str]:
        """The names of all files below a folder, in order."""
        from pyarrow import fs

        found = self.files.get_file_info(fs.FileSelector(folder, allow_not_found=True, recursive=True))
        return sorted(info.path for info in found if info.type == fs.FileType.File)

    def exists(self, name: str) -> bool:
        from pyarrow import fs

        (info,) = self.files.get_file_info([name])
        return info.type == fs.FileType.File

    def state(self, name: str) -> str:
        """What changes when the file is written again: its size and when it was written."""
        (info,) = self.files.get_file_info([name])
        return f"{info.size} {info.mtime_ns}"

    def stated(self, names: Sequence[str]) -> Iterator[tuple[str, int, str]]:
        """Of each file: its name, its bytes, and what `state` says of it."""
        for info in self.files.get_file_info(list(names)):
            yield info.path, info.size or 0, f"{info.size} {info.mtime_ns}"

    def size(self, name: str) -> int:
        (info,) = self.files.get_file_info([name])
        return int(info.size)

    def read(self, name: str) -> bytes:
        with self.files.open_input_stream(name) as stream:
            return stream.read()

    def write(self, name: str, content: bytes) -> None:
        with self._whole(name) as stream:
            stream.write(content)

    def copy(self, file: Path, name: str) -> None:
        """Write what a file of this machine holds, as `write` does, in memory of a block."""
        with file.open("rb") as content, self._whole(name) as stream:
            shutil.copyfileobj(content, stream, BLOCK_BYTES)

    @contextmanager
    def _whole(self, name: str) -> Generator[Any]:
        """Write a file whole: an object store shows it when it is complete, a folder when it is renamed."""
        self.made_for(name)
        hidden = name if self._lake is not None else f"{name}.{os.getpid()}.partial"
        with self.files.open_output_stream(hidden) as stream:
            yield stream
        if hidden != name:
            self.files.move(hidden, name)

    def made_for(self, name: str) -> None:
        """Make the folder of a file, where folders have to be made: in the lake they come with files."""
        if self._lake is None:
            self.folder(name.rpartition("/")[0])

    def folder(self, name: str) -> None:
        """Make a folder, where there is none."""
        if name and self._lake is None:
            self.files.create_dir(name, recursive=True)
        elif name and self._lake is not None:
            self._lake.folder(name)

    def rename(self, old: str, new: str) -> None:
        """Give a folder another name, at once: readers see all of its files at the new place, or none.

        The folder that the new name is in has to be there. Raises MlopsError where the new one is there.
        """
        if self._lake is None:
            root = Path(self.where)
            if (root / new).exists():
                raise MlopsError(f"{self.where}/{new} is there already.", "Look at what it holds.")
            (root / old).rename(root / new)
            return
        self._lake.rename(old, new)
