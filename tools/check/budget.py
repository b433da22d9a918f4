"""A pytest plugin: tests that would begin after the time is up are skipped, and the summary says how many.

CHECK_SECONDS is how long a run may begin tests, counted from when they are collected: on a busy machine that
alone takes long, and the nearest test is to run all the same.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

LEFT_OUT = "files were left out"  # of the line that says so
now = time.monotonic
collected: float | None = None
left: list[str] = []


def pytest_collection_finish() -> None:
    global collected
    collected = now()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if collected is not None and now() - collected > float(os.environ["CHECK_SECONDS"]):
        left.append(item.nodeid)
        pytest.skip("the time of this check is up")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the order in which the files were given, which pytest keeps only within one folder."""
    order = {path: place for place, path in enumerate(config.args)}
    items.sort(key=lambda item: order.get(item.nodeid.split("::")[0], len(order)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if left:
        files = len({node.split("::")[0] for node in left})
        terminalreporter.write_line(f"{len(left)} tests of {files} {LEFT_OUT}: `make test` runs them")
