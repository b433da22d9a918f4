"""Policies that ask how often and how much: rates, quotas, and calls at the same time."""

from __future__ import annotations

import threading
from typing import Any

from emulator.apimanagement.gateway.limits import Counters
from tests.emulator.apimanagement.world import KEY, SERVICE, World


def test_limit_concurrency(world: World) -> None:
    world.policy(backend='<limit-concurrency key="k" max-count="1"><forward-request /></limit-concurrency>')
    entered, leave = threading.Event(), threading.Event()

    def answer(got: dict[str, Any]) -> None:
        entered.set()
        leave.wait(10)

    world.echo.answer = answer
    first: list[int] = []
    thread = threading.Thread(target=lambda: first.append(world.call().status))
    thread.start()
    assert entered.wait(10)
    assert world.call().status == 429
    leave.set()
    thread.join(10)
    assert first == [200] and world.call().status == 200


def test_rate_limit_by_key(world: World) -> None:
    world.policy(
        '<rate-limit-by-key calls="2" renewal-period="60" counter-key="fixed" '
        'remaining-calls-header-name="x-left" total-calls-header-name="x-all" />'
    )
    first = world.call()
    assert (first.headers["x-left"], first.headers["x-all"]) == ("1", "2")
    assert world.call().status == 200
    response = world.call()
    status, message = world.said(response)
    wait = response.headers["retry-after"]
    assert status == 429 and 1 <= int(wait) <= 60
    assert message == f"Rate limit is exceeded. Try again in {wait} seconds."


def test_rate_limit_is_by_subscription(world: World) -> None:
    world.policy('<rate-limit calls="1" renewal-period="60" />')
    assert {world.call().status for _ in range(3)} == {200}
    key = {"displayName": "r", "scope": "/apis", "state": "active", "primaryKey": KEY}
    world.arm.ok("PUT", f"{SERVICE}/subscriptions/rated", {"properties": key})
    headers = {"ocp-apim-subscription-key": KEY}
    assert [world.call(headers=headers).status for _ in range(2)] == [200, 429]
    world.arm.ok("DELETE", f"{SERVICE}/subscriptions/rated")


def test_quota_by_key_counts_calls_and_kilobytes(world: World) -> None:
    world.policy('<quota-by-key calls="2" renewal-period="3600" counter-key="calls" />')
    assert [world.call().status for _ in range(3)] == [200, 200, 403]
    status, message = world.said(world.call())
    assert status == 403 and message.startswith("Out of call volume quota. Quota will be replenished in 0")
    world.policy('<quota-by-key bandwidth="1" renewal-period="3600" counter-key="bytes" />')
    world.echo.answer = lambda got: (200, {}, b"x" * 1100)
    assert [world.call().status for _ in range(2)] == [200, 403]


def test_counters_slide_and_periods_follow_one_another() -> None:
    now = [0.0]
    counters = Counters(lambda: now[0])
    assert [counters.rate(("k",), 2, 10).fits for _ in range(3)] == [True, True, False]
    now[0] = 10.0
    assert counters.rate(("k",), 2, 10).fits
    counters.use(("q",), 60, 1, 2.0)
    now[0] = 69.0
    assert counters.quota(("q",), 60)[0].calls == 1
    now[0] = 75.0
    used, wait = counters.quota(("q",), 60)
    assert (used.calls, wait) == (0, 55.0)  # periods begin at 10, 70, 130
