"""What the machine code does not take: arrays that are no trees, matrices of another shape, damaged files."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.model.artifact import Artifact
from scoring.model.graph import Ensemble, Graph, GraphError, read
from scoring.model.machine import MachineCode

BROKEN: dict[str, Callable[[Ensemble], Ensemble]] = {
    "a child beyond the tree": lambda e: replace(
        e, left=np.where(e.feature >= 0, 60_000, 0).astype(np.int32)
    ),
    "a node with two parents": lambda e: replace(e, right=np.where(e.feature >= 0, 1, 0).astype(np.int32)),
    "a feature beyond the row": lambda e: replace(
        e, feature=np.where(e.feature >= 0, 23, -1).astype(np.int32)
    ),
    "a threshold that is no number": lambda e: replace(e, threshold=np.full_like(e.threshold, np.nan)),
    "different lengths": lambda e: replace(e, value=e.value[1:]),
    "do not part the nodes": lambda e: replace(e, first=e.first[:-1]),
    "nodes that no way leads to": lambda e: replace(e, feature=np.full_like(e.feature, -1)),
}


@pytest.mark.parametrize("says", BROKEN)
def test_arrays_that_are_no_trees_are_refused(code: MachineCode, artifact: Artifact, says: str) -> None:
    found = read(artifact.composite)
    broken = replace(found, outlier=BROKEN[says](found.outlier))
    with pytest.raises(ValueError, match=says):
        code.composite(broken, artifact.schema.width)


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 22), np.float32), np.zeros((2, 23)), np.zeros(23, np.float32)]
)
def test_matrices_of_another_shape_or_type_are_refused(
    code: MachineCode, artifact: Artifact, wrong: np.ndarray
) -> None:
    kernel = code.composite(read(artifact.composite), 23)
    for ask in (
        lambda: kernel.judge(wrong, 0.5, 0.5),
        lambda: kernel.run(wrong, *np.zeros((2, 2), np.float32)),
    ):
        with pytest.raises((ValueError, TypeError), match="expected"):
            ask()
    with pytest.raises((BufferError, ValueError)):
        kernel.judge(np.zeros((46, 46), np.float32)[::2, ::2], 0.5, 0.5)


@given(st.integers(0, 400_000), st.binary(min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_damaged_files_are_refused_or_read_never_worse(artifact: Artifact, at: int, other: bytes) -> None:
    at %= len(artifact.composite)
    damaged = artifact.composite[:at] + other + artifact.composite[at + len(other) :]
    for content in (damaged, artifact.composite[:at]):
        try:
            found = read(content)
        except GraphError:
            continue
        assert isinstance(found, Graph)
