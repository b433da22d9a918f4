"""Members side by side: who ends its process fails alone."""

import multiprocessing
import os
import time
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, cast

import pytest

from ml.fleet import parallel
from ml.fleet.parallel import KILLED, each


def test_a_task_that_ends_its_process_fails_alone() -> None:
    def task(name: str) -> None:
        if name == "dies":
            os._exit(1)
        if name == "fails":
            raise ValueError("so it is")

    found = dict(each(["a", "dies", "b", "fails", "c"], task, workers=2))
    assert found == {"a": "", "b": "", "c": "", "dies": KILLED, "fails": "ValueError: so it is"}


def test_what_ends_its_process_at_once_fails_alone_too() -> None:
    """The pool is broken before it has been given all names."""

    def work(name: str) -> None:
        if name == "0":
            os._exit(1)

    names = [str(number) for number in range(3000)]
    assert dict(each(names, work, workers=2)) == {name: KILLED if name == "0" else "" for name in names}


def test_work_that_a_broken_pool_never_ends_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a pool leaves it that breaks while it is given work: once in some hundred runs of the test above."""

    class Forgetful:
        def submit(self, work: Any, name: str) -> Any:
            raise BrokenProcessPool

    monkeypatch.setattr(parallel, "LOOK_SECONDS", 0.01)
    left: Any = Future()
    assert parallel._ended(cast(Any, Forgetful()), left) is None


def test_what_a_broken_pool_leaves_running_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python waits at its end for each process that it has begun, and one without work never ends."""

    class Leaving(ProcessPoolExecutor):
        def __exit__(self, *_: object) -> None:
            pass

    before = multiprocessing.active_children()
    monkeypatch.setattr(parallel, "ProcessPoolExecutor", Leaving)
    assert dict(each(["a", "b"], lambda name: None, workers=2)) == {"a": "", "b": ""}
    assert [one for one in multiprocessing.active_children() if one not in before] == []


def test_work_that_takes_long_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "LOOK_SECONDS", 0.01)
    assert dict(each(["a", "b"], lambda name: time.sleep(0.2), workers=2)) == {"a": "", "b": ""}


def test_who_had_not_begun_when_a_process_was_killed_is_trained_side_by_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pooled, workers = parallel._pooled, list[int]()

    def seen(names: Any, work: Any, count: int) -> Any:
        workers.append(count)
        return pooled(names, work, count)

    def work(name: str) -> None:
        time.sleep(0.02)
        if name in ("3", "30"):
            os._exit(1)

    monkeypatch.setattr(parallel, "_pooled", seen)
    names = [str(number) for number in range(60)]
    found = dict(each(names, work, workers=2))
    assert found == {name: KILLED if name in ("3", "30") else "" for name in names}
    assert workers.count(2) >= 2
    assert workers.count(1) <= 2 * (2 * 2 + 1)
