"""Whether a key occurs twice in a batch, in memory that does not grow with its rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.batch.places import Place
from ml.batch.unit import keys_name

SLICES: Final = 64  # of the space of hashes: so many times less memory than all keys take


def repeated(place: Place, run: str, units: Sequence[int]) -> int:
    """How many keys occur more than once. Different keys with one hash: in one of 3,700 runs of 10^8 rows."""
    with TemporaryDirectory() as folder:
        return _repeated([_copied(place, keys_name(run, number), Path(folder)) for number in units])


class Hashes:
    """Sorted hashes in a file of numpy's, read from the first to the last. It is open only while it is read.

    It is not mapped into memory: its pages would count as the process's own, and a mapping keeps a file open.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        with file.open("rb") as stream:
            np.lib.format.read_magic(stream)
            (count,), _, _ = np.lib.format.read_array_header_1_0(stream)
            self._at = stream.tell()
        self._some = int(count) // SLICES + 64  # what a slice of the space has of it, or near it

    def below(self, edge: np.uint64 | None) -> NDArray[np.uint64]:
        """The next ones, up to the edge; None: all that are left."""
        parts: list[NDArray[np.uint64]] = []
        with self._file.open("rb") as stream:
            stream.seek(self._at)
            while True:
                some = np.fromfile(stream, np.uint64, self._some)
                taken = some if edge is None else some[: np.searchsorted(some, edge)]
                parts.append(taken)
                self._at += taken.nbytes
                if len(taken) < self._some:
                    return np.concatenate(parts)


def _repeated(files: Sequence[Hashes]) -> int:
    found = 0
    for number in range(1, SLICES + 1):
        edge = None if number == SLICES else np.uint64(number * (2**64 // SLICES))
        parts = [hashes.below(edge) for hashes in files]
        some = np.sort(np.concatenate(parts)) if parts else np.empty(0, np.uint64)
        found += len(np.unique(some[1:][some[1:] == some[:-1]]))
    return found


def _copied(place: Place, name: str, folder: Path) -> Hashes:
    """A copy on this machine's disk."""
    copy = folder / name.replace("/", "-")
    with copy.open("wb") as written, place.files.open_input_stream(name) as stream:
        while some := stream.read(1 << 22):
            written.write(some)
    return Hashes(copy)
