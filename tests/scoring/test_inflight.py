"""Limits of what is under way, and of how often something is done."""

import asyncio

import pytest

from scoring.http import problems
from scoring.http.inflight import InFlight, running
from scoring.http.problems import Problem
from scoring.http.requests import State
from scoring.telemetry.allowance import RESERVE, Allowance


def overdue() -> Problem:
    return Problem(problems.OVERLOADED, "too long")


def test_what_is_beyond_the_limit_is_refused_before_it_begins() -> None:
    async def scenario() -> None:
        flight, release = InFlight(1, 5.0), asyncio.Event()

        async def work() -> int:
            await release.wait()
            return 1

        first = asyncio.create_task(flight.run(work(), overdue))
        await asyncio.sleep(0)
        with pytest.raises(Problem) as refused:
            await flight.run(work(), overdue)
        assert refused.value.kind is problems.TOO_MANY_REQUESTS
        assert "retry-after" in refused.value.headers
        release.set()
        assert await first == 1
        assert len(flight) == 0
        assert await flight.run(work(), overdue) == 1

    asyncio.run(scenario())


def test_what_is_overdue_is_given_up_and_its_task_goes_on() -> None:
    async def scenario() -> None:
        flight = InFlight(8, 0.1)

        async def request() -> str:
            try:
                await flight.run(asyncio.sleep(30), overdue)
            except Problem as problem:
                await asyncio.sleep(0.01)  # answers: the task is not cancelled any more
                return problem.kind.name
            return "finished"

        async with running(flight.watch()):
            assert await asyncio.gather(request(), request()) == ["overloaded", "overloaded"]
        assert len(flight) == 0

    asyncio.run(scenario())


def test_a_task_that_others_cancel_stays_cancelled() -> None:
    async def scenario() -> None:
        flight = InFlight(8, 30.0)
        task = asyncio.create_task(flight.run(asyncio.sleep(30), overdue))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(flight) == 0

    asyncio.run(scenario())


def test_allowance_is_a_rate_with_a_burst() -> None:
    now = 100.0
    allowance = Allowance(10, clock=lambda: now)
    assert sum(allowance.take() for _ in range(200)) == 10 * RESERVE
    now += 0.55
    assert sum(allowance.take() for _ in range(20)) == 5
    now += 3_600
    assert sum(allowance.take() for _ in range(200)) == 10 * RESERVE
    assert not Allowance(0).take()


def test_requests_that_wait_are_pending_until_they_are_answered() -> None:
    async def scenario() -> None:
        state = State()
        assert state.pending() == 0
        tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(5)]
        for task in tasks:
            state.tasks.add(task)
        assert state.pending() == 5
        state.answered += 2  # their tasks leave the set a moment later
        assert state.pending() == 3
        await asyncio.gather(*tasks)
        state.tasks.clear()
        assert state.pending() == 0  # one that was never answered is not counted for ever

    asyncio.run(scenario())
