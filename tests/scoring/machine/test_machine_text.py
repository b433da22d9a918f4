"""The machine code writes the numbers of answers as Python does."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.model.machine import MachineCode

SEVENTHS = st.integers(0, 10**7).map(lambda number: number / 1e7)


@given(st.lists(st.tuples(SEVENTHS, st.integers(0, 1), SEVENTHS, st.booleans()), max_size=30))
def test_answers_are_written_as_python_does_it(code: MachineCode, found: list[tuple[Any, ...]]) -> None:
    lists = [[row[number] for row in found] for number in range(4)]
    text = code.kernel.answered(*lists)
    assert text is not None
    assert json.loads(b"{%b}" % text) == {
        "predictions": [{"probability": row[0], "label": row[1]} for row in found],
        "outliers": [{"score": row[2], "flag": row[3]} for row in found],
    }


@pytest.mark.parametrize("number", [0.12345678, -0.1, 1.1, float("nan"), float("inf")])
def test_other_numbers_are_left_to_python(code: MachineCode, number: float) -> None:
    assert code.kernel.answered([number], [0], [0.5], [False]) is None
    assert code.kernel.answered([0.5], [0], [number], [False]) is None
