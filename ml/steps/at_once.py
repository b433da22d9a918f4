"""Does several things at once, each in a process of its own, where a machine has the cores for it."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from ml.steps.cores import cores

_tasks: Mapping[str, Callable[[], Any]] = {}


def at_once(tasks: Mapping[str, Callable[[], Any]], workers: int | None = None) -> dict[str, Any]:
    """What each of the tasks returns, in their order. Raises what the first of them raises that fails.

    tasks: what they return, they are asked for in copies of this process: what they change, only they see.
    workers: processes, by default as many as there are cores; with one, all is done in this process.
    """
    global _tasks
    count = min(len(tasks), cores() if workers is None else workers)
    # Elsewhere a copy of a process may not go on with what its libraries have begun.
    if count < 2 or not sys.platform.startswith("linux"):
        return {name: task() for name, task in tasks.items()}
    _tasks = tasks
    try:
        with ProcessPoolExecutor(count, multiprocessing.get_context("fork")) as pool:
            begun = {name: pool.submit(_do, name) for name in tasks}
            return {name: each.result() for name, each in begun.items()}
    finally:
        _tasks = {}


def _do(name: str) -> Any:
    return _tasks[name]()
