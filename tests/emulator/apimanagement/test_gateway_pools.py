"""Pools by weights and priorities, circuits that open and close, and what Azure refuses of backends."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apimanagement.gateway.breaker import Breaker, Chooser, Member, Rule
from emulator.apimanagement.gateway.durations import seconds
from tests.emulator.apimanagement.world import SERVICE, World
from tests.emulator.core.test_apimanagement import why

REQUESTS = 10_000
POOL = f"{SERVICE}/backends/pool"
RULE = Rule("r", 3, 60.0, ((500, 599), (429, 429)), frozenset({"timeout"}), 30.0, True)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def never(backend: str) -> bool:
    return False


@pytest.mark.parametrize("weights", [(100,), (90, 10), (50, 50), (1, 99), (0, 100), (30, 30, 40)])
def test_a_pool_splits_by_its_weights_within_binomial_error(weights: tuple[int, ...]) -> None:
    members = [Member(str(index), weight) for index, weight in enumerate(weights)]
    chooser = Chooser(seed=7)
    counts = Counter(chooser.choose(members, never) for _ in range(REQUESTS))
    for index, weight in enumerate(weights):
        share = weight / sum(weights)
        error = 4 * math.sqrt(REQUESTS * share * (1 - share))  # a right one is out of it once in 16,000
        assert abs(counts[str(index)] - REQUESTS * share) <= error


def test_members_without_weights_take_turns() -> None:
    members = [Member("a"), Member("b"), Member("c")]
    chooser = Chooser()
    assert Counter(chooser.choose(members, never) for _ in range(30)) == {"a": 10, "b": 10, "c": 10}


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.none() | st.integers(0, 100), st.integers(0, 3), st.booleans()), min_size=1, max_size=6
    )
)
def test_only_the_best_priority_with_a_closed_circuit_is_asked(given_: list[tuple[Any, int, bool]]) -> None:
    members = [Member(str(index), weight, priority) for index, (weight, priority, _) in enumerate(given_)]
    is_open = [one for *_, one in given_]
    found = Chooser(seed=1).choose(members, lambda backend: is_open[int(backend)])
    left = [one for one in members if not is_open[int(one.backend)]]
    if not left:
        assert found is None
        return
    best = min(one.priority for one in left)
    assert found in [one.backend for one in left if one.priority == best]


def test_a_circuit_opens_at_the_count_within_the_interval_and_closes_after_the_trip() -> None:
    clock = Clock()
    breaker = Breaker(RULE, clock)
    for _ in range(2):
        breaker.note(500)
    clock.now += 61  # both are too old by then
    breaker.note(500)
    breaker.note(200)
    breaker.note(404)
    breaker.note(504, "Timeout")
    assert breaker.open_for() == 0
    breaker.note(429)
    assert breaker.open_for() == 30
    clock.now += 29
    assert breaker.open_for() == 1
    clock.now += 1
    assert breaker.open_for() == 0
    breaker.note(500)  # and counts from nothing again
    assert breaker.open_for() == 0 and breaker.trips == 1


def test_the_backend_may_say_for_how_long() -> None:
    clock = Clock()
    breaker = Breaker(RULE, clock)
    for _ in range(3):
        breaker.note(429, retry_after="7")
    assert breaker.open_for() == 7
    other = Breaker(Rule("r", 1, 60.0, ((500, 500),), frozenset(), 30.0), clock)
    other.note(500, retry_after="7")
    assert other.open_for() == 30


@pytest.mark.parametrize(
    ("text", "wanted"), [("PT1M", 60), ("PT1M30S", 90), ("P1DT2H", 93_600), ("PT0.5S", 0.5), ("pt1h", 3600)]
)
def test_durations(text: str, wanted: float) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "P", "PT", "1M", "PT1X", "PT0S", "P1M"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        seconds(text)


def pool(*members: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"type": "Pool", "pool": {"services": list(members)}}}


@pytest.fixture
def pooled(world: World) -> World:
    """Backends a and b, and an API that goes to a pool of them."""
    world.arm.ok("DELETE", POOL)
    for name in ("a", "b"):
        world.backend(name)
    world.arm.ok("PUT", POOL, pool({"id": f"{SERVICE}/backends/a", "weight": 100}))
    world.policy('<set-backend-service backend-id="pool" />')
    return world


def asked(world: World, count: int = 40) -> Counter[str]:
    """How many of so many calls went to each backend."""
    world.echo.got.clear()
    for _ in range(count):
        world.call()
    return Counter(got["path"].split("/")[1] for got in world.echo.got)


def test_weights_hold_at_once_after_their_put(pooled: World) -> None:
    assert asked(pooled) == {"a": 40}
    a, b = (f"{SERVICE}/backends/{name}" for name in "ab")
    pooled.arm.ok("PUT", POOL, pool({"id": a, "weight": 0}, {"id": b, "weight": 100}))
    assert asked(pooled) == {"b": 40}
    pooled.arm.ok("PUT", POOL, pool({"id": a, "weight": 50}, {"id": b, "weight": 50}))
    assert set(asked(pooled)) == {"a", "b"}
    pooled.arm.ok("PUT", POOL, pool({"id": a, "priority": 2}, {"id": b, "priority": 1}))
    assert asked(pooled) == {"b": 40}


BREAKER = {
    "rules": [
        {
            "name": "errors",
            "failureCondition": {
                "count": 3,
                "interval": "PT1M",
                "statusCodeRanges": [{"min": 500, "max": 599}],
            },
            "tripDuration": "PT1M",
        }
    ]
}


def test_a_tripped_member_is_left_out_and_with_all_tripped_503_is_the_answer(pooled: World) -> None:
    for name in ("c", "d"):
        pooled.backend(name, circuitBreaker=BREAKER)
    c, d = ({"id": f"{SERVICE}/backends/{name}", "weight": 50} for name in "cd")
    pooled.arm.ok("PUT", POOL, pool(c, d))
    pooled.echo.answer = lambda got: (500, {}, b"no") if "/c/" in got["path"] else None
    counts = asked(pooled, 60)
    assert counts["c"] == 3 and counts["d"] == 57
    pooled.echo.answer = lambda got: (503, {}, b"no")
    counts = asked(pooled, 10)
    assert counts == {"d": 3}
    response = pooled.call()
    assert pooled.said(response) == (503, "Service Unavailable")
    assert 1 <= int(response.headers["retry-after"]) <= 60


def test_a_single_backend_trips_too_and_a_new_rule_begins_anew(pooled: World) -> None:
    pooled.backend("e", circuitBreaker=BREAKER)
    pooled.policy('<set-backend-service backend-id="e" />')
    pooled.echo.answer = lambda got: (500, {}, b"no")
    assert [pooled.call().status for _ in range(4)] == [500, 500, 500, 503]
    pooled.backend("e")
    assert pooled.call().status == 500


def test_credentials_of_a_backend_go_with_the_request(pooled: World) -> None:
    credentials = {
        "header": {"x-code": ["one", "two"]},
        "query": {"code": ["three"]},
        "authorization": {"scheme": "Bearer", "parameter": "{{token}}"},
    }
    value = {"properties": {"displayName": "token", "value": "s3", "secret": True}}
    pooled.arm.ok("PUT", f"{SERVICE}/namedValues/token", value)
    pooled.backend("f", credentials=credentials)
    pooled.policy('<set-backend-service backend-id="f" />')
    got = json.loads(pooled.call("/echo/x?a=b").body)
    assert got["path"] == "/f/x?a=b&code=three"
    assert (got["headers"]["x-code"], got["headers"]["authorization"]) == ("one,two", "Bearer s3")


ONE = {"name": "r", "failureCondition": {"count": 1, "interval": "PT1M"}, "tripDuration": "PT1M"}
RANGE = [{"min": 500, "max": 599}]


def rules(*given: dict[str, Any]) -> dict[str, Any]:
    return {
        "properties": {"url": "http://10.0.4.9", "protocol": "http", "circuitBreaker": {"rules": [*given]}}
    }


def one(**condition: Any) -> dict[str, Any]:
    return {**ONE, "failureCondition": {**ONE["failureCondition"], "statusCodeRanges": RANGE, **condition}}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (pool(), "1 to 30 members"),
        (pool({"id": f"{SERVICE}/backends/absent"}), "Backend Entity 'absent' not found."),
        (pool({"id": POOL}), "is this pool itself"),
        (pool({"id": f"{SERVICE}/backends/pool2"}), "is a pool"),
        (pool({"id": f"{SERVICE}/backends/a"}, {"id": f"{SERVICE}/backends/A"}), "is there twice"),
        (pool({"id": f"{SERVICE}/backends/a", "weight": 101}), "must be between 0 and 100"),
        (pool({"id": f"{SERVICE}/backends/a", "priority": -1}), "must be between 0 and 100"),
        (
            {
                "properties": {
                    **pool({"id": f"{SERVICE}/backends/a"})["properties"],
                    "url": "http://x.example",
                }
            },
            "Url is not supported for backend pool.",
        ),
        (
            {"properties": {**pool({"id": f"{SERVICE}/backends/a"})["properties"], "protocol": "http"}},
            "Protocol is not supported for backend pool.",
        ),
        ({"properties": {"url": "10.0.4.9", "protocol": "http"}}, "Url is invalid"),
        ({"properties": {"protocol": "http"}}, "Url is required"),
        (rules(one(), one()), "Only one rule is supported"),
        (rules(one(count=0)), "Count must be 1 or more"),
        (rules(one(interval="1 minute")), "no duration"),
        (rules(one(statusCodeRanges=[])), "StatusCodeRanges or ErrorReasons is required"),
        (rules(one(statusCodeRanges=[{"min": 599, "max": 500}])), "none of status codes"),
        (rules({**one(), "tripDuration": ""}), "no duration"),
    ],
)
def test_what_azure_refuses_of_backends(pooled: World, body: dict[str, Any], reason: str) -> None:
    second = f"{SERVICE}/backends/pool2"
    if reason == "is a pool":
        pooled.arm.ok("PUT", second, pool({"id": f"{SERVICE}/backends/a"}))
    assert reason in why(pooled.arm, POOL, body)
    pooled.arm.ok("DELETE", second)


def test_a_member_becomes_no_pool(pooled: World) -> None:
    body = pool({"id": f"{SERVICE}/backends/b"})
    assert "is a member of the pool 'pool'" in why(pooled.arm, f"{SERVICE}/backends/a", body)
    assert pooled.arm.refused("DELETE", f"{SERVICE}/backends/a")[1] == "ValidationError"
