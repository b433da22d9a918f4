from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.scoring.goals import GOALS, Verdict, verdicts
from benchmarks.scoring.results import Pair, Results
from tests.benchmarks.samples import good, load


def by_key(results: Results) -> dict[str, Verdict]:
    return {verdict.goal.key: verdict for verdict in verdicts(results)}


def server(results: Results, key: str, best: float) -> Results:
    """The results with another best throughput of a server on one core."""
    changed = [
        replace(one, loads=[load(1, best / 2), load(32, best)]) if (one.key, one.cores) == (key, 1) else one
        for one in results.served
    ]
    return replace(results, served=changed)


def timing(results: Results, name: str, ours: list[float]) -> Results:
    """The results with other times of ours."""
    assert results.before is not None
    pair = replace(results.before.timings[name], ours=ours)
    return replace(results, before=replace(results.before, timings={**results.before.timings, name: pair}))


def rate(results: Results, connections: str, ours: float) -> Results:
    assert results.before is not None
    pair = replace(results.before.rates[connections], ours=[ours])
    return replace(results, before=replace(results.before, rates={**results.before.rates, connections: pair}))


def soak(results: Results, **more: Any) -> Results:
    assert results.soak is not None
    return replace(results, soak=replace(results.soak, **more))


def start(results: Results, **more: float) -> Results:
    return replace(results, starts=[*results.starts[:1], replace(results.starts[1], **more)])


def test_what_lies_at_a_bound_meets_it() -> None:
    assert {key: verdict.met for key, verdict in by_key(good()).items()} == {goal.key: True for goal in GOALS}


MISSES: tuple[tuple[str, Callable[[Results], Results]], ...] = (
    ("single", lambda r: replace(r, in_process=[replace(r.in_process[0], p50=50.1), r.in_process[1]])),
    ("naive", lambda r: replace(r, in_process=[r.in_process[0], replace(r.in_process[1], p50=24_999.0)])),
    *(
        (f"before-{key}", lambda r, name=name, other=other: timing(r, name, other))
        for key, name, other in (
            ("row", "1 row", [20.1, 40.2]),
            ("records", "1,000 rows, records", [11_010.0]),
            ("columns", "1,000 rows, columns", [3_510.0]),
            ("model", "model, 4,096 rows", [10_010.0]),
        )
    ),
    ("before-32", lambda r: rate(r, "32", 11_990.0)),
    ("before-4", lambda r: rate(r, "4", 1_299.0)),
    ("before-arrow", lambda r: timing(r, "5,000 rows, Arrow", [20_010.0])),
    (
        "before-memory",
        lambda r: replace(r, before=r.before and replace(r.before, resident_mb=Pair([80.0], [85.1]))),
    ),
    (
        "before-ready",
        lambda r: replace(r, before=r.before and replace(r.before, ready_s=Pair([0.4, 0.5], [0.5, 0.41]))),
    ),
    (
        "floor",
        lambda r: replace(r, floor=r.floor and replace(r.floor, constant=[10_100.0, 20_100.0, 9_000.0])),
    ),
    ("azureml", lambda r: server(r, "azureml-naive", 60.1)),
    ("servers", lambda r: server(r, "bentoml", 3_001.0)),
    (
        "telemetry",
        lambda r: replace(r, telemetry=r.telemetry and replace(r.telemetry, on=[84.0, 76.0, 95.0])),
    ),
    ("memory", lambda r: start(r, resident_mb=150.1)),
    ("ready", lambda r: start(r, ready_s=1.51)),
    ("soak-latency", lambda r: soak(r, p99_accepted=20_001.0)),
    ("soak-failures", lambda r: soak(r, failed=1)),
    ("soak-memory", lambda r: soak(r, resident_mb=[100.0] * 10 + [106.0] * 10)),
)


@pytest.mark.parametrize(("key", "change"), MISSES, ids=[key for key, _ in MISSES])
def test_what_lies_beyond_a_bound_misses_that_goal_and_no_other(
    key: str, change: Callable[[Results], Results]
) -> None:
    found = by_key(change(good()))
    assert [name for name, verdict in found.items() if verdict.met is False] == [key]
    assert found[key].word == "not met"


def test_every_goal_has_its_miss() -> None:
    assert [key for key, _ in MISSES] == [goal.key for goal in GOALS]


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    for verdict in verdicts(Results({}, quick=True)):
        assert (verdict.met, verdict.word, verdict.shown) == (None, "not measured", "-")


def test_the_best_number_of_connections_counts_and_only_one_core() -> None:
    assert by_key(good())["servers"].value == pytest.approx(2.0)
    slower = server(good(), "ours", 3_000.0)
    assert slower.server("ours", 2) is not None
    assert by_key(slower)["servers"].value == pytest.approx(1.0)


def test_what_is_measured_by_turns_is_compared_turn_by_turn() -> None:
    """All medians would give 0.75 too if the machine kept its speed; here it doubles for the second turn."""
    floor = good().floor
    assert floor is not None
    changed = replace(
        good(), floor=replace(floor, ours=[750.0, 15.0, 7_400.0], constant=[1_000.0, 20.0, 10_000.0])
    )
    assert by_key(changed)["floor"].value == pytest.approx(0.75)


def test_a_server_that_is_absent_is_not_the_best_one() -> None:
    results = good()
    gone = [
        replace(one, absent="no wheel", loads=[]) if one.key == "mlserver" else one for one in results.served
    ]
    assert by_key(replace(results, served=gone))["servers"].value == pytest.approx(3.0)


def test_verdicts_as_json_name_goal_value_and_outcome() -> None:
    single = by_key(good())["single"].to_json()
    assert (single["key"], single["value"], single["met"]) == ("single", 50.0, True)
    assert (single["goal"], single["shown"]) == ("at most 50.0 us", "50.0 us")
