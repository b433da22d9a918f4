import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scoring.breakdown import Marks, with_serving
from benchmarks.scoring.in_process import Budget, times_us
from benchmarks.scoring.statistics import by_turns, middle_by, quantile, telemetry_cost
from tests.benchmarks.samples import good, load

NUMBERS = st.lists(st.floats(0, 1e9), min_size=1)


@given(NUMBERS, st.floats(0, 1))
def test_a_quantile_is_one_of_the_values_and_grows_with_its_share(values: list[float], share: float) -> None:
    found = quantile(values, share)
    assert found in values
    assert min(values) == quantile(values, 0.0) <= found <= quantile(values, 1.0) == max(values)


@given(NUMBERS)
def test_half_of_the_values_lie_on_each_side_of_the_middle_one(values: list[float]) -> None:
    middle = values[middle_by(values)]
    assert 2 * sum(value < middle for value in values) <= len(values)
    assert 2 * sum(value > middle for value in values) <= len(values)


def test_of_two_middle_rounds_the_slower_one_counts() -> None:
    assert middle_by([4.0, 1.0, 3.0, 2.0]) == 3


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_between_0_and_1(share: float) -> None:
    with pytest.raises(ValueError, match="expected 0 to 1"):
        quantile([1.0], share)


def test_nothing_has_no_statistics() -> None:
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)
    with pytest.raises(ValueError, match="no values"):
        middle_by([])


def test_the_cost_of_telemetry_is_the_median_share_of_the_turns() -> None:
    telemetry = good().telemetry
    assert telemetry is not None
    assert telemetry_cost(telemetry) == pytest.approx(1 - 95 / 110)
    assert telemetry_cost(replace(telemetry, on=telemetry.off)) == 0.0


def test_the_parts_add_up_to_what_a_request_costs() -> None:
    results = good()
    served = [
        replace(one, loads=[load(32, 1.0, server_user=20.0, server_system=15.0)])
        if one.key == "constant"
        else one
        for one in results.served
    ]
    parts = {part.name: part.us for part in with_serving(results.parts, replace(results, served=served))}
    assert parts.pop("telemetry, when on") == 10.0
    assert parts == {
        "kernel: sockets": 15.0,
        "JSON of the request": 1.5,
        "the rest": 40.0,
        "kernel: threads, memory": 25.0,
        "event loop, left over": 18.5,
    }


def test_timing_ends_with_its_budget_but_not_before_three_runs() -> None:
    calls: list[int] = []
    assert len(times_us(calls.append, Budget(seconds=60.0, runs=7, warm=2))) == 7
    assert calls == [0, 1, *range(7)]
    assert len(times_us(calls.append, Budget(seconds=0.0, runs=1_000, warm=0))) == 3


def test_turns_that_are_not_pairs_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="no turns"):
        by_turns([], [])
    with pytest.raises(ValueError, match="shorter"):
        by_turns([1.0, 2.0], [1.0])


def test_marks_time_what_is_called_while_they_are_set() -> None:
    def pause(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    holder = SimpleNamespace(pause=pause, other=len)
    marks = Marks({"a pause": (holder, "pause"), "another": (holder, "other")})
    holder.pause(0.001)
    with marks.set():
        assert holder.pause(0.002) == 0.002
        with pytest.raises(ValueError, match="non-negative"):
            holder.pause(-1.0)
        taken = marks.take()
        assert taken["a pause"] >= 2_000_000
        assert taken["another"] == 0
        assert marks.take() == {"a pause": 0, "another": 0}
    assert (holder.pause, holder.other) == (pause, len)
