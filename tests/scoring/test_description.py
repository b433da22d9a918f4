"""Which requests are told of by events, and that no row is told of wrongly or twice."""

import json
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.model.schema import NumberFeature, Schema
from scoring.scorer import Batch
from scoring.telemetry.allowance import Allowance
from scoring.telemetry.description import Description
from scoring.telemetry.events import MAX_PROPERTY, MAX_REQUESTS, Privacy
from scoring.telemetry.moment import RequestRecord
from scoring.telemetry.tracecontext import TraceContext

EVERYTHING = Privacy(frozenset(), frozenset(), b"k")
SCHEMA = Schema((NumberFeature("number", "of the row", 0, 1e6, True),))


def requests(*rows: int) -> list[RequestRecord]:
    """One of each number of rows; the rows of all are numbered through."""
    found: list[RequestRecord] = []
    first = 0
    for number, count in enumerate(rows):
        numbers = list(range(first, first + count))
        batch = Batch(
            np.array(numbers, dtype=np.float32).reshape(count, 1),
            [value / 1e6 for value in numbers],
            [value % 2 for value in numbers],
            [0.25] * count,
            [value % 3 == 0 for value in numbers],
        )
        trace = TraceContext(f"{number + 1:032x}", "2" * 16, None, sampled=True)
        record = RequestRecord("POST", "/score", 200, time.time_ns(), 1_000, f"r{number}", trace, batch=batch)
        found.append(record)
        first += count
    return found


def told(records: list[RequestRecord], allowed: int, max_rows: int = 50) -> tuple[list[dict[str, Any]], int]:
    """The events' properties, and how many requests are in none."""
    description = Description(Allowance(allowed / 2.0, clock=lambda: 0.0), SCHEMA, EVERYTHING, max_rows)
    description.add(records[:1])
    description.add(records[1:])
    events = [part for _, found in description.events() for part in found.parts]
    assert list(description.events()) == []
    return events, description.thinned


def test_few_requests_have_an_event_each() -> None:
    events, thinned = told(requests(1, 2, 3), allowed=10)
    assert [event["request_id"] for event in events] == ["r0", "r1", "r2"]
    assert [event["rows"] for event in events] == [1, 2, 3]
    assert thinned == 0


def test_many_requests_share_events() -> None:
    events, thinned = told(requests(*[1] * 100), allowed=10)
    assert [event["rows"] for event in events] == [10] * 10
    assert thinned == 0
    assert "request_id" not in events[0]
    assert json.loads(events[1]["requests"])[0] == {"request_id": "r10", "trace_id": f"{11:032x}", "rows": 1}
    assert events[1]["positive_rows"] == 5
    assert events[1]["mean_probability"] == pytest.approx(14.5e-6, abs=1e-6)


def test_more_than_fits_is_counted() -> None:
    events, thinned = told(requests(*[1] * 1_000), allowed=4)
    assert [event["rows"] for event in events] == [50] * 4
    assert thinned == 1_000 - 4 * 50
    assert told(requests(1, 1), allowed=0) == ([], 2)


@pytest.mark.parametrize("rows", [1, 20])
def test_after_longer_values_events_fill_up_again(rows: int) -> None:
    now, width = [0.0], 40
    wide = Schema(tuple(NumberFeature(f"n{i}", "of the row", 0, 1e6, True) for i in range(width)))
    description = Description(Allowance(5, clock=lambda: now[0]), wide, EVERYTHING, 50)

    def largest(value: float) -> int:
        now[0] += 1.0
        records = requests(*[rows] * 600)
        for record in records:
            assert record.batch is not None
            record.batch.matrix = np.full((rows, width), value, dtype=np.float32)
        description.add(records)
        return max(told.requests for _, told in description.events())

    long = largest(1e6)
    assert long == 24 // rows
    assert largest(1e6) == long
    assert long <= largest(10)
    assert max(largest(10) for _ in range(5)) == 50 // rows


def test_a_large_request_now_and_then_leaves_the_others_told() -> None:
    now = [0.0]
    description = Description(Allowance(40, clock=lambda: now[0]), SCHEMA, EVERYTHING, 50)
    for _ in range(50):
        now[0] += 0.125  # five events
        description.add(requests(*[1] * 50, 60, *[1] * 49))
        list(description.events())
    assert description.thinned == 0


def test_outputs_fit_into_a_property_although_inputs_are_few() -> None:
    (event,), _ = told(requests(1_000), allowed=1, max_rows=10_000)
    assert all(len(value) <= MAX_PROPERTY for value in event.values() if isinstance(value, str))
    assert 200 < event["rows_included"] < 1_000
    assert len(json.loads(event["outputs"])["label"]) == event["rows_included"]


def test_a_request_too_large_for_an_event_has_one_of_its_own() -> None:
    events, thinned = told(requests(20, 70, 20, 20, 20), allowed=2)
    assert [(event["rows"], event["rows_included"]) for event in events] == [(20, 20), (70, 50)]
    assert thinned == 3


def test_without_rows_in_events_their_requests_are_still_told() -> None:
    events, thinned = told(requests(*[3] * 120), allowed=3, max_rows=0)
    assert [len(json.loads(event["requests"])) for event in events] == [40, 40, 40]
    assert thinned == 0


@given(
    st.lists(st.integers(1, 130), max_size=150),
    st.integers(0, 40),
    st.integers(1, 3_000),
)
def test_what_is_told_is_true(rows: list[int], allowed: int, max_rows: int) -> None:
    """Each request in at most one event, in order; its rows with its answers; and all others counted."""
    records = requests(*rows)
    events, thinned = told(records, allowed, max_rows)
    assert len(events) <= allowed
    seen: list[str] = []
    for event in events:
        assert all(len(value) <= MAX_PROPERTY for value in event.values() if isinstance(value, str))
        members = json.loads(event["requests"])
        assert len(members) <= MAX_REQUESTS
        seen += [member["request_id"] for member in members]
        mine = [record.batch for record in records if record.request_id in {m["request_id"] for m in members}]
        numbers = [int(value) for batch in mine if batch for value in batch.matrix[:, 0]]
        assert event["rows"] == len(numbers) == sum(member["rows"] for member in members)
        included = event["rows_included"]
        assert included == len(numbers) or len(members) == 1
        assert json.loads(event["inputs"])["number"] == numbers[:included]
        assert json.loads(event["outputs"])["label"] == [number % 2 for number in numbers[:included]]
        assert event["outlier_rows"] == sum(number % 3 == 0 for number in numbers)
    assert seen == [record.request_id for record in records[: len(seen)]]
    assert thinned == len(records) - len(seen)
