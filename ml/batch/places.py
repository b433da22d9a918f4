"""Where a batch reads and writes: local folders and the data lake, by one interface."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ml.errors import MlopsError
from ml.lake.tables import storage_options

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

FileSystem: TypeAlias = Any  # pyarrow.fs.FileSystem
LAKE: Final = "abfss://"


def is_lake(where: str) -> bool:
    return where.startswith(LAKE)


class Place:
    """A folder: files are named relative to it, with `/`. What `write` writes appears whole or not at all."""

    def __init__(self, where: str, credential: TokenCredential | None = None) -> None:
        """where: an abfss:// address, or a local path."""
        from pyarrow import fs

        self.where = where if is_lake(where) else str(Path(where).absolute())
        self._lake = is_lake(where)
        if self._lake:
            from deltalake.fs import DeltaStorageHandler

            self.files: FileSystem = fs.PyFileSystem(
                DeltaStorageHandler(self.where, storage_options(where, credential))
            )
        elif "://" in where:
            raise MlopsError(f"{where} is neither in a data lake nor a folder.", "Give abfss:// or a path.")
        else:
            self.files = fs.SubTreeFileSystem(self.where, fs.LocalFileSystem())

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
        """Write a file whole: an object store shows it when it is complete, a folder when it is renamed."""
        if not self._lake:
            self.folder(name.rpartition("/")[0])
        hidden = name if self._lake else f"{name}.{os.getpid()}.partial"
        with self.files.open_output_stream(hidden) as stream:
            stream.write(content)
        if hidden != name:
            self.files.move(hidden, name)

    def folder(self, name: str) -> None:
        """Make a folder, where folders have to be made."""
        if name and not self._lake:
            self.files.create_dir(name, recursive=True)
