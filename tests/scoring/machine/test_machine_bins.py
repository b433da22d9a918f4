"""The machine code counts rows into the bins of drift as Python does."""

import numpy as np
import pytest

from scoring.model.artifact import Artifact
from scoring.model.machine import Absent, MachineCode
from scoring.model.schema import Matrix
from scoring.window import RollingWindow


def test_bins_are_tallied_as_python_counts_them(code: MachineCode, artifact: Artifact, rows: Matrix) -> None:
    some = rows.copy()
    some[::3, 0] = np.nan
    some[:, 1] = np.nan
    some[::5, 2] = np.inf
    numbers = artifact.drift.bin_numbers(some)
    expected = np.array(
        [
            np.bincount(numbers[~np.isnan(some[:, feature]), feature], minlength=artifact.drift.bins)
            for feature in range(some.shape[1])
        ]
    )
    counts = np.zeros(expected.shape, dtype=np.int64)
    bins = code.bins(artifact.drift.edges)
    for part in (some[:7], some[7:]):
        bins.tally(part, counts)
    assert np.array_equal(counts, expected)
    for wrong in (counts[:, 1:].copy(), counts.astype(np.int32), counts[1:].copy()):
        with pytest.raises((TypeError, ValueError)):
            bins.tally(some, wrong)


def test_bins_are_those_of_python(code: MachineCode, artifact: Artifact, rows: Matrix) -> None:
    edges = np.where(np.isinf(artifact.drift.edges), 1.0, artifact.drift.edges).T.astype(np.float32)
    everything = np.concatenate([rows, edges, np.nextafter(edges, np.float32(np.inf))])
    found = np.frombuffer(code.bins(artifact.drift.edges).count(everything), dtype=np.uint8)
    assert np.array_equal(found.reshape(everything.shape), artifact.drift.bin_numbers(everything))
    both = [RollingWindow(artifact.drift, 4_000, code=which) for which in (code, Absent("for the test"))]
    for window in both:
        window.add(everything[:1])
        window.add(everything)
    assert np.array_equal(*(window.snapshot().counts for window in both))
