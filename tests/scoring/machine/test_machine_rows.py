"""The machine code reads rows, lists and arrays as Python does."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.model.defects import ContractError
from scoring.model.encode import Encoder, Texts
from scoring.model.machine import MachineCode
from scoring.model.schema import CategoryFeature, NumberFeature, Schema

CONTRACT = Schema(
    (
        NumberFeature("whole", "", -3, 1000, integer=True),
        NumberFeature("any", "", -1.5, 2.5, integer=False),
        NumberFeature("wide", "", -(2.0**70), 2.0**70, integer=True),
        CategoryFeature("kind", "", ("a", "b", 2)),
        CategoryFeature("flag", "", (0, 1)),
    )
)
VALUES = (
    st.integers(-5, 1005)
    | st.integers(-(2**72), 2**72)
    | st.floats()
    | st.floats(-2, 3, width=32)
    | st.sampled_from(
        ["a", "b", "c", "2", 2, 2.0, 0, 1, 1.0, True, False, None, 2**63, -(2**63) - 1, 1e300, -0.0]
    )
    | st.lists(st.integers(), max_size=1)
)
GOOD = {"whole": 5, "any": 0.5, "wide": 2**69, "kind": "b", "flag": 1}
RECORDS = st.fixed_dictionaries(
    {}, optional={name: st.just(good) | VALUES for name, good in GOOD.items()} | {"more": VALUES}
)


def outcome(encoder: Encoder, payload: object) -> object:
    try:
        return encoder.encode(payload).tobytes()
    except ContractError as error:
        return [item.to_json() for item in error.errors], error.more


@given(
    changes=st.lists(
        st.dictionaries(st.sampled_from([*GOOD, "more"]), VALUES, max_size=2), min_size=1, max_size=12
    ),
    columns=st.booleans(),
    whole=st.none() | RECORDS,
)
@settings(max_examples=150, deadline=None)
def test_rows_are_read_or_refused_as_python_does_it(
    code: MachineCode, changes: list[dict[str, Any]], columns: bool, whole: dict[str, Any] | None
) -> None:
    records: list[Any] = [GOOD | change for change in changes]
    if whole is not None:
        records.append(whole)
    payload: object = {"records": records}
    if columns:
        names = {name for record in records for name in record}
        payload = {"columns": {name: [record.get(name) for record in records] for name in names}}
    assert outcome(Encoder(CONTRACT, 50, code), payload) == outcome(Encoder(CONTRACT, 50), payload)


EXACT = Schema(tuple(feature for feature in CONTRACT.features if feature.name != "wide"))
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
NUMBERS = {
    **{name: st.integers(0, 100) | st.integers(np.iinfo(name).min, np.iinfo(name).max) for name in WHOLE},
    "float32": st.integers(-3, 9).map(float) | st.floats(width=32),
    "float64": st.integers(-3, 9).map(float) | st.floats(),
}
SMALL = {"whole": (0, 100), "any": (-1, 2), "kind": (2, 2), "flag": (0, 1)}


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    """Arrays of any type of numbers, and texts, most of which keep the contract."""
    rows = draw(st.integers(1, 300))
    found: dict[str, Any] = {}
    for name, (low, high) in SMALL.items():
        kind = draw(st.sampled_from([*NUMBERS, "texts"] if name == "kind" else [*NUMBERS]))
        if kind == "texts":
            different = tuple(
                draw(st.lists(st.sampled_from(["a", "b", "c", "2", None]), min_size=1, max_size=4))
            )
            least = draw(st.lists(st.integers(0, len(different) - 1), min_size=1, max_size=3))
            found[name] = Texts(different, np.resize(np.array(least, dtype=np.int32), rows))
            continue
        good = max(low, 0) if kind.startswith("u") else low
        array = np.resize(np.arange(good, high + 1), rows).astype(kind)
        for at in draw(st.lists(st.integers(0, rows - 1), max_size=1)):
            array[at] = draw(NUMBERS[kind])
        found[name] = array
    return found


def listed(column: Any) -> list[Any]:
    if isinstance(column, Texts):
        return [column.different[place] for place in column.places.tolist()]
    return column.tolist()


@given(given_columns=columns())
@settings(max_examples=150, deadline=None)
def test_arrays_are_read_as_lists_are(code: MachineCode, given_columns: dict[str, Any]) -> None:
    """None where a list is refused; a list that is taken may have a type that only lists are judged in."""
    payload = {"columns": {name: listed(column) for name, column in given_columns.items()}}
    expected = outcome(Encoder(EXACT, 300), payload)
    for encoder in (Encoder(EXACT, 300, code), Encoder(EXACT, 300)):
        found = encoder.arrays(given_columns)
        assert (None if found is None else found.tobytes()) == (
            expected if isinstance(expected, bytes) else None
        )


def test_columns_that_a_double_cannot_judge_are_left_to_lists(code: MachineCode) -> None:
    whole = Schema((CONTRACT.features[2],))
    huge = Schema((CategoryFeature("kind", "", (0, 2**53 + 1)),))
    texts = Schema((CategoryFeature("kind", "", ("a", "b")),))
    for schema in (whole, huge, texts):
        numbers = {schema.names[0]: np.zeros(200)}
        for encoder in (Encoder(schema, 200, code), Encoder(schema, 200)):
            assert encoder.arrays(numbers) is None
    half = {"flag": np.zeros(3, dtype=np.float16)}
    assert Encoder(Schema((CONTRACT.features[4],)), 3, code).arrays(half) is None


@pytest.mark.parametrize(
    "wrong",
    [
        (np.zeros(3),),
        (np.zeros((4, 1)),),
        (np.zeros(8)[::2],),
        ((np.zeros(4, np.int64), np.zeros(1, np.float32)),),
        ((np.zeros(4, np.int32), np.zeros(1)),),
        (np.zeros(4), np.zeros(4)),
        ([0.0] * 4,),
    ],
)
def test_columns_of_another_shape_are_refused(code: MachineCode, wrong: tuple[Any, ...]) -> None:
    rows = code.rows(Schema((CONTRACT.features[4],)))
    with pytest.raises((TypeError, ValueError, BufferError)):
        rows.arrays(wrong, np.empty((4, 1), dtype=np.float32))


@pytest.mark.parametrize("place", [-1, 2])
def test_a_place_beyond_the_texts_is_no_category(code: MachineCode, place: int) -> None:
    rows = code.rows(Schema((CONTRACT.features[4],)))
    places = np.array([0, 1, place, 0], dtype=np.int32)
    matrix = np.empty((4, 1), dtype=np.float32)
    assert not rows.arrays(((places, np.zeros(2, np.float32)),), matrix)
    assert rows.arrays(((places % 2, np.zeros(2, np.float32)),), matrix)
