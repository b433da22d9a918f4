"""Limits of requests that are being answered: how many there may be, and how long each may take."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, TypeVar

from scoring.http.problems import Problem, too_many

Answer = TypeVar("Answer")


class InFlight:
    """One for each kind of work. Only the event loop's thread uses it.

    One timer looks after all requests: a timer for each would cost as much as reading its body.
    """

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit, self._seconds = limit, seconds
        self._deadlines: dict[asyncio.Task[Any], float] = {}
        self._expired: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._deadlines)

    async def run(self, work: Coroutine[Any, Any, Answer], overdue: Callable[[], Problem]) -> Answer:
        """The result of `work`, in the caller's own task.

        Raises Problem: TOO_MANY_REQUESTS before the work begins, that of `overdue` when it takes too long.
        """
        if len(self._deadlines) >= self._limit:
            work.close()
            raise too_many(len(self._deadlines))
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None  # noqa: S101 - a coroutine that runs has one
        self._deadlines[task] = loop.time() + self._seconds
        try:
            return await work
        except asyncio.CancelledError:
            if task not in self._expired:
                raise
            self._expired.discard(task)
            task.uncancel()
            raise overdue() from None
        finally:
            del self._deadlines[task]

    async def watch(self) -> None:
        """Cancel overdue requests, again and again, until this is cancelled itself."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(0.25, self._seconds / 4))
            now = loop.time()
            for task in [task for task, deadline in self._deadlines.items() if deadline <= now]:
                if task not in self._expired:
                    self._expired.add(task)
                    task.cancel()


@contextlib.asynccontextmanager
async def running(*coroutines: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run coroutines beside the block; they are cancelled at its end."""
    tasks = [asyncio.create_task(item) for item in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
