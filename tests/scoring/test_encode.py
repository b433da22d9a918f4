import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.steps.contract import SCHEMA
from scoring.model import defects, encode
from scoring.model.defects import MAX_ERRORS, ContractError, TooManyRowsError
from scoring.model.encode import MANY_ROWS, Encoder
from scoring.model.schema import CategoryFeature, NumberFeature, Schema

ENCODER = Encoder(SCHEMA, max_rows=100)


def value(feature) -> st.SearchStrategy[Any]:
    if isinstance(feature, CategoryFeature):
        return st.sampled_from(feature.categories)
    return st.integers(int(feature.minimum), int(feature.maximum))


records = st.fixed_dictionaries({feature.name: value(feature) for feature in SCHEMA.features})
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def record() -> dict[str, Any]:
    return {
        feature.name: feature.categories[0] if isinstance(feature, CategoryFeature) else 20
        for feature in SCHEMA.features
    } | {"pay_0": 1, "pay_2": 1, "pay_3": 1, "pay_4": 1, "pay_5": 1, "pay_6": 1}


def errors(payload: object) -> list[tuple[str, str]]:
    with pytest.raises(ContractError) as caught:
        ENCODER.encode(payload)
    return [(error.pointer, error.code) for error in caught.value.errors]


@given(st.lists(records, min_size=1, max_size=5))
@settings(max_examples=50)
def test_records_and_columns_give_one_matrix_that_decodes_to_the_same(rows: list[dict[str, Any]]) -> None:
    matrix = ENCODER.encode({"records": rows})
    columns = {name: [row[name] for row in rows] for name in SCHEMA.names}
    assert matrix.dtype == np.float32
    assert matrix.shape == (len(rows), SCHEMA.width)
    assert np.array_equal(matrix, ENCODER.encode({"columns": columns}))
    assert SCHEMA.records(matrix) == rows
    assert SCHEMA.columns(matrix) == columns


def test_order_of_fields_does_not_matter() -> None:
    given_in_reverse = dict(reversed(record().items()))
    assert np.array_equal(
        ENCODER.encode({"records": [record()]}), ENCODER.encode({"records": [given_in_reverse]})
    )


def test_whole_floats_are_integers_as_in_json_schema() -> None:
    assert ENCODER.encode({"records": [record() | {"age": 30.0, "education": 1.0}]}).shape == (
        1,
        SCHEMA.width,
    )


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ([], [("#", "wrong_type")]),
        (None, [("#", "wrong_type")]),
        ({}, [("#", "unknown_member")]),
        ({"rows": []}, [("#/rows", "unknown_member")]),
        ({"records": [record()], "columns": {}}, [("#", "unknown_member")]),
        ({"records": [record()], "a/b": 1}, [("#/a~1b", "unknown_member")]),
        ({"records": {}}, [("#/records", "wrong_type")]),
        ({"records": []}, [("#/records", "wrong_type")]),
        ({"records": [record(), 7]}, [("#/records/1", "wrong_type")]),
        ({"columns": []}, [("#/columns", "wrong_type")]),
    ],
)
def test_shape_of_the_request(payload: object, expected: list[tuple[str, str]]) -> None:
    assert errors(payload) == expected


FIELD_ERRORS = [
    ("age", None, "wrong_type"),
    ("age", True, "wrong_type"),
    ("age", "30", "wrong_type"),
    ("age", [30], "wrong_type"),
    ("age", 30.5, "wrong_type"),
    ("age", 17, "out_of_range"),
    ("age", 121, "out_of_range"),
    ("age", 10**30, "out_of_range"),
    ("age", float("inf"), "out_of_range"),
    ("age", float("-inf"), "out_of_range"),
    ("limit_bal", 1e308, "out_of_range"),
    ("sex", "other", "unknown_category"),
    ("sex", "Female", "unknown_category"),
    ("sex", 1, "unknown_category"),
    ("sex", None, "wrong_type"),
    ("sex", ["female"], "wrong_type"),
    ("education", 7, "unknown_category"),
    ("education", "1", "unknown_category"),
    ("education", True, "wrong_type"),
    ("education", 1.5, "unknown_category"),
]


@pytest.mark.parametrize(("name", "found", "code"), FIELD_ERRORS)
def test_wrong_values(name: str, found: object, code: str) -> None:
    good, bad = record(), record() | {name: found}
    assert errors({"records": [good, bad]}) == [(f"#/records/1/{name}", code)]
    columns = {field: [good[field], bad[field]] for field in good}
    assert errors({"columns": columns}) == [(f"#/columns/{name}/1", code)]


def test_missing_and_unknown_fields() -> None:
    bad = record() | {"colour": "red"}
    del bad["age"]
    expected = [("age", "missing_field"), ("colour", "unknown_field")]
    assert errors({"records": [bad]}) == [(f"#/records/0/{name}", code) for name, code in expected]
    columns = {name: [found] for name, found in bad.items()}
    assert errors({"columns": columns}) == [(f"#/columns/{name}", code) for name, code in expected]


def test_columns_of_different_length() -> None:
    columns = {name: [found] * 3 for name, found in record().items()} | {"age": [30]}
    assert errors({"columns": columns}) == [("#/columns/age", "wrong_length")]


def test_every_defect_of_a_record_is_named_and_the_list_is_limited() -> None:
    bad = record() | {"age": 1, "sex": "x"}
    assert errors({"records": [bad]}) == [
        ("#/records/0/sex", "unknown_category"),
        ("#/records/0/age", "out_of_range"),
    ]
    with pytest.raises(ContractError) as caught:
        ENCODER.encode({"records": [bad] * 100})
    assert len(caught.value.errors) == MAX_ERRORS
    assert caught.value.more


def test_too_many_rows_are_refused_before_they_are_read() -> None:
    with pytest.raises(TooManyRowsError, match="101 rows in one request, at most 100"):
        ENCODER.encode({"records": ["not a record"] * 101})
    with pytest.raises(TooManyRowsError):
        ENCODER.encode({"columns": {name: [None] * 101 for name in SCHEMA.names}})


@given(json_values)
@settings(max_examples=200)
def test_any_json_is_a_matrix_or_a_contract_error(payload: object) -> None:
    for wrapped in (payload, {"records": payload}, {"columns": payload}, {"records": [payload]}):
        try:
            matrix = ENCODER.encode(wrapped)
        except (ContractError, TooManyRowsError) as error:
            if isinstance(error, ContractError):
                assert error.errors
                json.dumps([item.to_json() for item in error.errors])
        else:
            assert np.isfinite(matrix).all()


@given(st.sampled_from(SCHEMA.names), json_values)
@settings(max_examples=200)
def test_any_value_of_a_field_is_encoded_or_named(name: str, found: object) -> None:
    bad = record() | {name: found}
    try:
        ENCODER.encode({"records": [bad]})
    except ContractError as error:
        assert [item.pointer for item in error.errors] == [f"#/records/0/{name}"]
        with pytest.raises(ContractError):
            ENCODER.encode({"columns": {field: [value] for field, value in bad.items()}})
    else:
        ENCODER.encode({"columns": {field: [value] for field, value in bad.items()}})


def outcome(encoder: Encoder, payload: object) -> object:
    """The matrix, or the errors, of a request."""
    try:
        return encoder.encode(payload).tolist()
    except ContractError as error:
        return [item.to_json() for item in error.errors], error.more


broken = st.sampled_from(
    [
        None,
        True,
        False,
        "x",
        "1",
        1,
        1.0,
        1.5,
        -1e9,
        1e308,
        10**400,
        float("inf"),
        float("nan"),
        [],
        {},
        2**53 + 1,
    ]
)


@given(
    rows=st.lists(records, min_size=MANY_ROWS, max_size=MANY_ROWS + 4),
    defects=st.lists(
        st.tuples(st.integers(0, MANY_ROWS - 1), st.sampled_from([*SCHEMA.names, "colour"]), broken),
        max_size=3,
    ),
    missing=st.lists(st.tuples(st.integers(0, MANY_ROWS - 1), st.sampled_from(SCHEMA.names)), max_size=1),
)
@settings(max_examples=150)
def test_many_rows_are_read_as_each_of_them_is(
    rows: list[dict[str, Any]], defects: list[tuple[int, str, Any]], missing: list[tuple[int, str]]
) -> None:
    """Whole columns are read at once from MANY_ROWS on: the matrix and the errors stay what they were."""
    for row, name, found in defects:
        rows[row][name] = found
    for row, name in missing:
        rows[row].pop(name, None)
    alone = [outcome(ENCODER, {"records": [row]}) for row in rows]
    together = outcome(ENCODER, {"records": rows})
    if all(isinstance(found, list) for found in alone):
        assert together == [row for found in alone for row in found]
    else:
        expected = [
            item | {"pointer": item["pointer"].replace("records/0", f"records/{index}")}
            for index, found in enumerate(alone)
            if isinstance(found, tuple)
            for item in found[0]
        ]
        assert together == (expected, False)
    if not missing and all(name != "colour" for _, name, _ in defects):
        columns = outcome(ENCODER, {"columns": {name: [row[name] for row in rows] for name in SCHEMA.names}})
        if isinstance(together, list):
            assert columns == together
        else:
            assert sorted(item["detail"] for item in columns[0]) == sorted(
                item["detail"] for item in together[0]
            )


FRACTIONS = Encoder(Schema((NumberFeature("n", "limits between integers", -1.5, 2.5, integer=False),)), 20)


@pytest.mark.parametrize(
    "found", [-2, -1, 0, 2, 3, -1.5, -1.51, 2.5, 2.51, float(10**20), 10**20, -(10**400)]
)
def test_limits_may_lie_between_integers(found: float) -> None:
    alone = outcome(FRACTIONS, {"records": [{"n": found}]})
    assert isinstance(alone, list) == (-1.5 <= found <= 2.5)
    assert isinstance(outcome(FRACTIONS, {"columns": {"n": [found]}}), list) == isinstance(alone, list)


WIDE = Schema(
    (NumberFeature("n", "beyond 2**53", 0, 2.0**60, integer=True), CategoryFeature("c", "", ("a",)))
)


@pytest.mark.parametrize("found", [2**60, 2**60 + 1, 2**53 + 1, -1, 1.5, True, 10**400])
def test_columns_of_large_integers_are_held_to_the_exact_limit(found: object) -> None:
    encoder = Encoder(WIDE, 20)
    alone = outcome(encoder, {"records": [{"n": found, "c": "a"}]})
    columns = outcome(encoder, {"columns": {"n": [found], "c": ["a"]}})
    assert isinstance(alone, list) == isinstance(columns, list) == (found in (2**60, 2**53 + 1))
    assert not isinstance(alone, list) or alone == columns


@pytest.mark.parametrize(
    "payload",
    [
        {"columns": {name: [None] * 100 for name in SCHEMA.names}},
        {"columns": {f"x{number}": [1] for number in range(10_000)}},
        {"records": [{f"x{number}": 1 for number in range(10_000)}]},
        {f"x{number}": 1 for number in range(10_000)},
    ],
    ids=["values", "columns", "fields", "members"],
)
def test_defects_beyond_those_listed_are_not_worked_out(
    payload: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    class Counted(defects.FieldError):
        def __init__(self, pointer: str, code: defects.Code, detail: str) -> None:
            super().__init__(pointer, code, detail)
            made.append(pointer)

    for module in (defects, encode):
        monkeypatch.setattr(module, "FieldError", Counted)
    with pytest.raises(ContractError, match="more than 50 values break the input contract") as caught:
        ENCODER.encode(payload)
    assert len(caught.value.errors) == MAX_ERRORS
    assert caught.value.more
    assert len(made) < 3 * MAX_ERRORS


def test_columns_that_miss_are_told_in_the_order_of_the_schema() -> None:
    """Whatever order the process hashes names in: of many defects, the same ones are listed each time."""
    found = errors({"columns": {name: [] for name in reversed(SCHEMA.names)}})
    assert [pointer for pointer, _ in found] == [f"#/columns/{name}" for name in SCHEMA.names]


@pytest.mark.parametrize("array", [np.array([]), np.array([], dtype=np.int8)])
def test_an_array_without_values_is_refused_as_an_empty_list_is(array: np.ndarray) -> None:
    encoder = Encoder(Schema((NumberFeature("a", "", 0, 1, integer=False),)), 10)
    with pytest.raises(ContractError) as caught:
        encoder.encode({"columns": {"a": array}})
    (error,) = caught.value.errors
    assert (error.pointer, error.code) == ("#/columns/a", "wrong_type")
    assert error.detail == "expected an array of at least one value, found an empty array"


def test_a_name_without_end_is_not_sent_back() -> None:
    (found,) = errors({"x" * 1_000_000: 1})
    assert len(found[0]) < 200
