"""What the matrix gives back as JSON keeps the schema, also where float32 rounds a limit outwards."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring.model.defects import ContractError
from scoring.model.encode import Encoder
from scoring.model.schema import NumberFeature, Schema, limit_text

GREATEST = float(np.finfo(np.float32).max)


@st.composite
def numbers(draw: st.DrawFn) -> tuple[NumberFeature, list[Any]]:
    """A feature and values within its limits, both limits among them."""
    if draw(st.booleans()):
        low, high = sorted(draw(st.tuples(*[st.integers(-(2**53), 2**53)] * 2)))
        values: st.SearchStrategy[Any] = st.integers(low, high)
    else:
        low, high = sorted(draw(st.tuples(*[st.floats(-GREATEST, GREATEST)] * 2)))
        values = st.floats(low, high)
    assume(np.float32(low) < np.float32(high))
    feature = NumberFeature("x", "", low, high, integer=isinstance(low, int))
    return feature, [low, high, *draw(st.lists(values, max_size=8))]


@given(numbers())
def test_rows_keep_the_schema_as_they_come_back(drawn: tuple[NumberFeature, list[Any]]) -> None:
    feature, values = drawn
    schema = Schema((feature,))
    encoder = Encoder(schema, 100)
    matrix = encoder.encode({"columns": {"x": values}})
    back = schema.columns(matrix)
    assert all(feature.minimum <= value <= feature.maximum for value in back["x"])
    assert (encoder.encode({"columns": back}) == matrix).all()
    assert (encoder.encode({"records": schema.records(matrix)}) == matrix).all()
    assert all((type(value) is int) == feature.integer for value in back["x"])


@pytest.mark.parametrize(
    ("low", "high", "integer", "value", "back"),
    [
        (0, 99.9, False, 99.9, 99.9),
        (0, 0.7, False, 0.7, 0.7),
        (-0.1, 1, False, -0.1, -0.1),
        (0, 99_999_999, True, 99_999_999, 99_999_999),
        (0.5, 99_999_999.5, True, 99_999_999, 99_999_999),
        (0, 99.9000001, False, 99.9000001, 99.9),
        (0, 99.8999999, False, 99.8999999, 99.8999999),
        (0, 1, False, 0.1, 0.1),
    ],
)
def test_a_number_comes_back_as_it_was_written(
    low: float, high: float, integer: bool, value: float, back: float
) -> None:
    schema = Schema((NumberFeature("x", "", low, high, integer),))
    found = schema.columns(Encoder(schema, 1).encode({"columns": {"x": [value]}}))
    assert found == {"x": [back]}


@pytest.mark.parametrize(
    ("limit", "text"),
    [(10_000_000, "1e+07"), (99_999_999, "99999999"), (99.9, "99.9"), (0.1234567, "0.1234567"), (0, "0")],
)
def test_a_limit_is_said_exactly(limit: float, text: str) -> None:
    assert limit_text(limit) == text
    schema = Schema((NumberFeature("x", "", limit - 1, limit, integer=False),))
    with pytest.raises(ContractError) as caught:
        Encoder(schema, 1).encode({"columns": {"x": [limit + 1]}})
    assert f" to {text}, found" in caught.value.errors[0].detail
