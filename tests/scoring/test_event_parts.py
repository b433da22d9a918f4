"""Any model's events are whole JSON, however wide it is, and their parts add up to what happened."""

import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.monitor.parts import joined
from scoring.logs import some
from scoring.model.drift import DriftReport, DriftRules, FeatureDrift, WindowCounts
from scoring.model.schema import CategoryFeature, Feature, Matrix, NumberFeature, Schema
from scoring.model.sketch import DriftReference
from scoring.scorer import Batch
from scoring.telemetry.allowance import Allowance
from scoring.telemetry.description import Description
from scoring.telemetry.events import Privacy, batch_event, drift_event
from scoring.telemetry.moment import RequestRecord
from scoring.telemetry.parts import MAX_PROPERTY
from scoring.telemetry.queue import DriftRecord
from scoring.telemetry.tracecontext import TraceContext
from scoring.window import RollingWindow

EVERYTHING = Privacy(frozenset(), frozenset(), b"k")
CUT_AT = 8_192  # UTF-16 units: where Application Insights cuts a property

WORDS = st.sampled_from(["a", "long word ", "ü", "\U0001f40d", 'quoted "', "\\"])
NAMES = st.tuples(WORDS, st.integers(1, 60)).map(lambda drawn: drawn[0] * drawn[1])


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    """From one short name to hundreds of long ones, with up to 255 categories."""
    base, width = draw(NAMES), draw(st.integers(1, 300))
    categories = draw(st.sampled_from([0, 2, 60, 255]))
    word = draw(NAMES)
    features: list[Feature] = []
    for number in range(width):
        name = f"{base}{number}"
        if categories and number % 20 == 0:
            features.append(CategoryFeature(name, "", tuple(f"{word}{i}" for i in range(categories))))
        else:
            features.append(NumberFeature(name, "", -1e6, 1e6, integer=number % 2 == 0))
    return Schema(tuple(features))


WIDE = Schema(
    tuple(NumberFeature(f"a feature with a long name {i}", "", -1e6, 1e6, False) for i in range(250))
)


def rows(schema: Schema, count: int) -> Matrix:
    random = np.random.default_rng(count)
    columns = [
        random.integers(0, len(feature.categories), count)
        if isinstance(feature, CategoryFeature)
        else np.round(random.normal(0, 1e5, count), 0 if feature.integer else 3)
        for feature in schema.features
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def record(matrix: Matrix, number: int) -> RequestRecord:
    count = len(matrix)
    batch = Batch(matrix, [0.1234567] * count, [1] * count, [0.7654321] * count, [True] * count)
    trace = TraceContext(f"{number:032x}", f"{number:016x}", None, sampled=True)
    return RequestRecord("POST", "/score", 200, time.time_ns(), 1, "x" * 64, trace, batch=batch)


def arrived(parts: Sequence[dict[str, Any]]) -> dict[str, str]:
    """What a reader makes of the parts, which are texts and stay as they were sent."""
    for part in parts:
        for name, value in part.items():
            assert len(str(value).encode("utf-16-le")) // 2 <= MAX_PROPERTY < CUT_AT
            if name in ("inputs", "outputs", "requests", "counts", "psi_and_p"):
                json.loads(value)
        assert part["parts"] == len(parts)
        assert ("rows" in part or "window_rows" in part) == (part["part"] == 1)  # else sums would be wrong
        assert part["event_id"] == parts[0]["event_id"]
    return joined([{name: str(value) for name, value in part.items()} for part in reversed(parts)])


@example(WIDE, [1, 2], 50)
@given(schemas(), st.lists(st.integers(1, 60), min_size=1, max_size=50), st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_events_of_requests_are_whole(schema: Schema, sizes: list[int], max_rows: int) -> None:
    records = [record(rows(schema, size), number) for number, size in enumerate(sizes, 1)]
    told = batch_event(records, schema, EVERYTHING, max_rows)
    found = arrived(told.parts)
    mine = np.concatenate([one.batch.matrix for one in records[: told.requests] if one.batch is not None])
    included = int(found["rows_included"])
    assert included >= min(max_rows, 1)
    assert "left_out" not in found
    assert json.loads(found["inputs"]) == json.loads(json.dumps(schema.columns(mine[:included])))
    assert len(json.loads(found["outputs"])["label"]) == included
    assert [one["rows"] for one in json.loads(found["requests"])] == sizes[: told.requests]


@example(WIDE, 300)
@given(schemas(), st.integers(1, 400))
@settings(max_examples=12, deadline=None)
def test_events_of_drift_are_whole(schema: Schema, count: int) -> None:
    reference = DriftReference.learn(rows(schema, 50), schema)
    window = RollingWindow(reference, 1_000)
    window.add(rows(schema, count))
    counts = window.snapshot()
    every = tuple(FeatureDrift(name, 0.123456, 1e-9, 1e-9, drifted=True) for name in schema.names)
    report = DriftReport(DriftRules(), counts.rows, "2026-01-01T00:00:00Z", every)
    found = arrived(drift_event(DriftRecord(report, counts), reference, EVERYTHING))
    assert found["drifted"] == ",".join(schema.names)
    assert json.loads(found["psi_and_p"]).keys() == set(schema.names)
    again = WindowCounts.from_json(json.loads(found["counts"]), reference)
    assert (again.counts == counts.counts).all()


def test_a_wide_model_has_events_in_parts() -> None:
    assert len(batch_event([record(rows(WIDE, 1), 1)], WIDE, EVERYTHING, 50).parts) == 2


def test_an_entry_that_no_property_holds_is_left_out_and_counted() -> None:
    word = "w" * 10_000
    schema = Schema((NumberFeature("n", "", 0, 1, True), CategoryFeature("c", "", (word, "b"))))
    told = batch_event([record(np.zeros((2, 2), dtype=np.float32), 1)], schema, EVERYTHING, 50)
    found = arrived(told.parts)
    assert json.loads(found["inputs"]) == {"n": [0]}
    assert found["left_out"] == "1"


def test_each_part_is_an_event_that_is_allowed() -> None:
    now = [0.0]
    schema = Schema(tuple(NumberFeature(f"{'n' * 500}{i}", "", -1e6, 1e6, True) for i in range(30)))
    description = Description(Allowance(10, clock=lambda: now[0]), schema, EVERYTHING, 50)
    sent = 0
    for _ in range(50):
        now[0] += 1.0
        description.add([record(rows(schema, 1), number) for number in range(1, 21)])
        sent += sum(len(told.parts) for _, told in description.events())
    assert 50 * 10 <= sent <= 52 * 10 + 3


def test_a_log_record_names_some_of_many_features() -> None:
    assert some(("a", "b")) == ["a", "b"]
    assert some([str(number) for number in range(300)])[19:] == ["19", "and 280 more"]
