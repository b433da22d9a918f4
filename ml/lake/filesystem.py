"""A folder of the data lake as pyarrow's file system, by deltalake's own client of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deltalake.fs import DeltaStorageHandler
from pyarrow import PythonFile, fs

if TYPE_CHECKING:
    from typing import TypeAlias

    FileSystem: TypeAlias = Any  # pyarrow.fs.FileSystem


def opened(where: str, options: Mapping[str, str]) -> FileSystem:
    """The file system of an abfss:// address or a local folder. options: how to sign in."""
    return fs.PyFileSystem(_Handler(where, dict(options)))


class _Handler(DeltaStorageHandler):
    def open_output_stream(self, path: str, metadata: dict[str, str] | None = None) -> Any:
        """What is written is there once the stream is closed, as a whole."""
        return PythonFile(_Writer(self._handler.open_output_stream(path, metadata)))


class _Writer:
    """deltalake 1.6 takes bytes alone, and pyarrow 26 hands its own buffers on."""

    def __init__(self, to: Any) -> None:
        self._to = to
        self._broken = False

    @property
    def closed(self) -> bool:
        return bool(self._to.closed)

    def write(self, data: Any) -> int:
        try:
            return self._to.write(bytes(data))
        except BaseException:
            self._broken = True
            raise

    def flush(self) -> None:
        self._to.flush()

    def tell(self) -> int:
        return self._to.tell()

    def close(self) -> None:
        if not self._broken:  # to close is to publish: half a file would be there
            self._to.close()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False
