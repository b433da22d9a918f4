"""Keys that occur twice are found, however they lie in files, and with few files open at once."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.batch.keys import SLICES, Hashes, _repeated
from ml.batch.unit import NO_KEY, hashed

EDGE = 2**64 // SLICES
HASHES = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, EDGE - 1, EDGE, 2 * EDGE, 2**64 - 1])


def kept(folder: str, files: list[list[int]]) -> list[Hashes]:
    found: list[Hashes] = []
    for number, hashes in enumerate(files):
        path = Path(folder) / f"{number}.npy"
        np.save(path, np.sort(np.array(hashes, dtype=np.uint64)))
        found.append(Hashes(path))
    return found


@given(st.lists(st.lists(HASHES, max_size=30), max_size=6))
def test_those_that_occur_twice_are_counted_once_each(files: list[list[int]]) -> None:
    together = [one for hashes in files for one in hashes]
    expected = sum(together.count(one) > 1 for one in set(together))
    with tempfile.TemporaryDirectory() as folder:
        assert _repeated(kept(folder, files)) == expected


def test_many_in_one_slice_are_read_to_their_end(tmp_path: Path) -> None:
    """More than a slice has of keys that lie evenly."""
    near = list(range(1_000))
    assert _repeated(kept(str(tmp_path), [near, [999, 1_000], []])) == 1


def test_files_do_not_stay_open(tmp_path: Path) -> None:
    before = psutil.Process().num_fds()
    files = kept(str(tmp_path), [[number] for number in range(50)])
    assert _repeated(files) == 0
    assert psutil.Process().num_fds() == before


@pytest.mark.parametrize("keys", [[-1, 7, 2**60 + 1], ["a", "", "ä"]])
def test_a_key_has_one_hash_whatever_lies_beside_it(keys: list[Any]) -> None:
    """Else a key in a block with a gap is not found again in one without."""
    beside: Any = pa.array([*keys, None])
    assert hashed(beside).tolist() == [*hashed(pa.array(keys)).tolist(), NO_KEY]
    assert hashed(beside.slice(3)).tolist() == [NO_KEY]


def test_large_numbers_beside_a_gap_are_told_apart() -> None:
    assert len(set(hashed(pa.array([2**60, 2**60 + 1, None])).tolist())) == 3
