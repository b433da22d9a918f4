"""A row's answer does not depend on the rows beside it, nor on what other threads do."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.scorer import FEW_ROWS, Batch, Judge, joined
from tests.scoring.trained import Small

MANY = 3 * FEW_ROWS


@pytest.fixture(scope="module")
def judge(artifact: Artifact) -> Judge:
    return Judge(Composite(artifact.composite, artifact.schema.width), artifact.thresholds)


@pytest.fixture(scope="module")
def together(judge: Judge, model: Small) -> Batch:
    return judge(model.test_matrix[:MANY])


def answers(batch: Batch) -> list[tuple[object, ...]]:
    return list(
        zip(batch.probabilities, batch.labels, batch.outlier_scores, batch.outlier_flags, strict=True)
    )


@pytest.mark.parametrize("rows", [1, 2, 3, FEW_ROWS - 1, FEW_ROWS, FEW_ROWS + 1])
def test_a_row_has_one_answer_whatever_rows_come_with_it(judge: Judge, together: Batch, rows: int) -> None:
    for start in range(0, MANY - rows, rows):
        batch = judge(together.matrix[start : start + rows])
        assert answers(batch) == answers(together)[start : start + rows]


def test_answers_are_of_the_types_that_json_has(judge: Judge, together: Batch) -> None:
    for batch in (together, judge(together.matrix[:2])):
        for answer in answers(batch):
            assert list(map(type, answer)) == [float, int, float, bool]


def test_few_rows_stay_as_they_are_when_others_follow(judge: Judge, together: Batch) -> None:
    """The buffers in which they are scored are used again."""
    first = judge(together.matrix[:2])
    judge(together.matrix[2:4])
    assert answers(first) == answers(together)[:2]
    assert np.array_equal(first.matrix, together.matrix[:2])


def test_threads_do_not_share_a_buffer(judge: Judge, together: Batch) -> None:
    expected = answers(together)

    def score(number: int) -> bool:
        rows = slice(number % 20, number % 20 + 1 + number % 3)
        return answers(judge(together.matrix[rows])) == expected[rows]

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # between any two steps, not every 5 ms
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(score, range(2_000)))
    finally:
        sys.setswitchinterval(usual)


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=MANY // 9))
@settings(max_examples=30)
def test_split_and_joined_again(together: Batch, sizes: list[int]) -> None:
    total = sum(sizes)
    batch = Batch(
        together.matrix[:total],
        together.probabilities[:total],
        together.labels[:total],
        together.outlier_scores[:total],
        together.outlier_flags[:total],
    )
    parts = batch.split(sizes)
    assert [part.rows for part in parts] == [len(part.matrix) for part in parts] == sizes
    assert [answer for part in parts for answer in answers(part)] == answers(batch)
    assert np.array_equal(joined([part.matrix for part in parts]), batch.matrix)
