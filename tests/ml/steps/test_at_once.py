"""Tasks in copies of the process: their results, their failures, and that they do run at once."""

import os
import sys
from functools import partial
from multiprocessing import get_context

import pytest

from ml.steps.at_once import at_once
from ml.steps.errors import StepError


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_are_named_and_in_order_however_many_work(workers: int) -> None:
    tasks = {name: partial(str.upper, name) for name in ("first", "second", "third")}
    assert list(at_once(tasks, workers).items()) == [
        ("first", "FIRST"),
        ("second", "SECOND"),
        ("third", "THIRD"),
    ]
    assert at_once({}, workers) == {}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_that_fails_fails_all_in_its_own_words(workers: int) -> None:
    def fail() -> None:
        raise StepError("the input is not there")

    with pytest.raises(StepError, match="the input is not there"):
        at_once({"good": int, "bad": fail}, workers)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are copied on Linux alone")
def test_two_run_at_the_same_time_and_not_in_this_process() -> None:
    both = get_context("fork").Barrier(2)

    def meet() -> int:
        both.wait(30)
        return os.getpid()

    found = at_once({"left": meet, "right": meet}, 2)
    assert len({*found.values(), os.getpid()}) == 3
