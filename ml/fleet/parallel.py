"""Many independent tasks on the cores of one machine, of which any may fail, or be killed, alone."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess

from ml.steps.cores import cores

Task = Callable[[str], object]
_task: list[Task] = []
LOOK_SECONDS = 5.0  # between two looks at whether a pool still answers
KILLED = "its process ended: killed, perhaps for want of memory"


def each(names: Sequence[str], task: Task, workers: int | None = None) -> Iterator[tuple[str, str]]:
    """Do the task for each name, in copies of this process; of each its name and how it failed, "" if not.

    A task that ends its process takes down those that run beside it, and all that wait. The first of them,
    among which it is, are done again one by one, and the others again side by side.
    """
    count = min(len(names), cores() if workers is None else workers)
    # Elsewhere a copy of a process may not go on with what its libraries have begun.
    if count < 1 or not sys.platform.startswith("linux"):
        yield from ((name, _tried(task, name)) for name in names)
        return
    taken = 2 * count + 1  # as many as a pool's processes have in work, or have been handed
    left = list(names)
    while left:
        broken: list[str] = []
        for name, failure in _pooled(left, task, count):
            if failure is None:
                broken.append(name)
            else:
                yield name, failure
        for name in broken[:taken]:
            for _, failure in _pooled([name], task, 1):
                yield name, KILLED if failure is None else failure
        left = broken[taken:]


def _pooled(names: Sequence[str], task: Task, count: int) -> Iterator[tuple[str, str | None]]:
    """As `each`; None of those whose pool broke."""
    _task.append(task)
    others = multiprocessing.active_children()
    own: list[BaseProcess] = []
    try:
        with ProcessPoolExecutor(count, multiprocessing.get_context("fork")) as pool:
            begun = [(name, _submitted(pool, _do, name)) for name in names]
            own = [child for child in multiprocessing.active_children() if child not in others]
            for name, future in begun:
                yield name, None if future is None else _ended(pool, future)
    finally:
        _task.pop()
        for child in own:  # a pool that broke may leave some, for which this process would wait at its end
            child.kill()
            child.join()


def _ended(pool: ProcessPoolExecutor, future: Future[str]) -> str | None:
    """How it failed, "" if not; None where the pool broke.

    A pool that breaks while it is still given work may leave some of it without an end (Python 3.11.7): it
    is asked whether it takes more.
    """
    while True:
        try:
            return future.result(LOOK_SECONDS)
        except BrokenProcessPool:
            return None
        except TimeoutError:
            if not future.done() and _submitted(pool, _nothing, "") is None:
                return None


def _submitted(pool: ProcessPoolExecutor, work: Callable[[str], str], name: str) -> Future[str] | None:
    """None where the pool broke while it was still given work."""
    try:
        return pool.submit(work, name)
    except BrokenProcessPool:
        return None


def _nothing(name: str) -> str:
    return name


def _do(name: str) -> str:
    return _tried(_task[-1], name)


def _tried(task: Task, name: str) -> str:
    try:
        task(name)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this member's alone, and is told
        return f"{type(error).__name__}: {error}"
    return ""
