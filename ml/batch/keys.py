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
        return _repeated([_mapped(place, keys_name(run, number), Path(folder)) for number in units])


def _repeated(files: Sequence[NDArray[np.uint64]]) -> int:
    """files: sorted hashes."""
    edges = np.arange(1, SLICES, dtype=np.uint64) * np.uint64(2**64 // SLICES)
    found, begins = 0, [0] * len(files)
    for number in range(SLICES):
        last = number == SLICES - 1
        ends = [len(keys) if last else int(np.searchsorted(keys, edges[number])) for keys in files]
        parts = [keys[begin:end] for keys, begin, end in zip(files, begins, ends, strict=True)]
        some = np.sort(np.concatenate(parts)) if parts else np.empty(0, np.uint64)
        found += len(np.unique(some[1:][some[1:] == some[:-1]]))
        begins = ends
    return found


def _mapped(place: Place, name: str, folder: Path) -> NDArray[np.uint64]:
    """A copy on this machine's disk, of which no more is in memory than is looked at."""
    copy = folder / name.replace("/", "-")
    with copy.open("wb") as written, place.files.open_input_stream(name) as stream:
        while some := stream.read(1 << 22):
            written.write(some)
    return np.load(copy, mmap_mode="r")
