"""What was answered, as Arrow: read by another library, with the values of the answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.lake import answers
from scoring.kept import part
from scoring.kept.part import Answered
from scoring.model.artifact import Artifact
from scoring.model.schema import CategoryFeature, NumberFeature, Schema
from scoring.scorer import Batch
from tests.scoring.kept.kept import layout, read

SCHEMA = Schema(
    (
        NumberFeature("age", "", 18, 120, True),
        NumberFeature("share", "", 0, 1, False),
        CategoryFeature("sex", "", ("female", "männlich")),
        CategoryFeature("grade", "", (7, 3)),
    )
)
VALUES = st.tuples(st.integers(18, 120), st.floats(0, 1, width=32), st.integers(0, 1), st.integers(0, 1))
KEYS = st.one_of(st.none(), st.text("abc.-9", min_size=1, max_size=5))
REQUEST = st.lists(st.tuples(VALUES, KEYS), min_size=1, max_size=4)


def answered(number: int, rows: list[tuple[tuple[float, ...], str | None]]) -> Answered:
    """One moment of one request."""
    count = len(rows)
    batch = Batch(
        np.array([values for values, _ in rows], dtype=np.float32),
        [0.1 * row for row in range(count)],
        [row % 2 for row in range(count)],
        [0.25] * count,
        [row % 2 == 0 for row in range(count)],
    )
    keys = [key for _, key in rows]
    return Answered(1_000_000 + number, [f"r{number}"], [count], batch, keys if any(keys) else None)


@settings(deadline=None, max_examples=60)
@given(requests=st.lists(REQUEST, min_size=1, max_size=9), cut=st.integers(0, 9), hide=st.booleans())
def test_rows_are_read_as_they_were_answered(
    requests: list[list[tuple[tuple[float, ...], str | None]]], cut: int, hide: bool
) -> None:
    hidden = frozenset(SCHEMA.names) if hide else frozenset[str]()
    moments = [answered(number, rows) for number, rows in enumerate(requests)]
    blocks = [part.block(some) for some in (moments[:cut], moments[cut:]) if some]
    stream = part.Layout(SCHEMA, hidden, "m:1", None, "a").stream(blocks)
    found = read(stream)
    expected = []
    for number, rows in enumerate(requests):
        for row, ((age, share, sex, grade), key) in enumerate(rows):
            features = {"age": age, "share": share, "sex": ("female", "männlich")[int(sex)]}
            features |= {"grade": (7, 3)[int(grade)]}
            values = dict.fromkeys(features) if hide else features
            expected.append(
                {"request_id": f"r{number}", "row": row, "key": key, **values}
                | {"probability": 0.1 * row, "label": row % 2, "outlier_score": 0.25, "outlier": row % 2 == 0}
            )
    times = [at.value // 1_000 for at in found["scored_at"].to_pandas()]
    assert times == [1_000_000 + number for number, rows in enumerate(requests) for _ in rows]
    assert found.drop_columns(["scored_at"]).to_pylist() == expected
    kinds = {field.name: field.type for field in answers.schema(SCHEMA)}
    assert all(kinds[field.name] == field.type for field in found.schema)


def test_what_is_the_same_for_all_rows_is_told_once(artifact: Artifact) -> None:
    row = np.zeros((1, artifact.schema.width), dtype=np.float32)
    moment = Answered(0, ["r"], [1], Batch(row, [0.5], [1], [0.1], [False]), None)
    told = read(layout(artifact).stream([part.block([moment])])).schema.metadata
    assert told[b"model"] == b"credit:3"
    assert told[b"release"] == b"r-0123456789abcdef"
    assert told[b"replica"] == b"pod-a"
    assert b'"limit_bal"' in told[b"contract"]


@pytest.mark.parametrize("name", part.OWN)
def test_no_feature_may_have_the_name_of_a_column(name: str) -> None:
    schema = Schema((NumberFeature(name, "", 0, 1, False),))
    assert part.Layout(schema, frozenset(), "m:1", None, "a").taken() == [name]
