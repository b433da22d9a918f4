"""File descriptors that run out: said, counted, and survived."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from scoring.http import descriptors
from scoring.http.descriptors import Descriptors, connections
from scoring.http.requests import State


@contextmanager
def none_left() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_each_look_without_a_descriptor_is_counted_and_some_are_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now, counted, state = 0.0, list[tuple[str, int]](), State()
    watch = Descriptors(state, lambda name, number: counted.append((name, number)), lambda: now)
    watch.look()
    assert counted == []
    with none_left():
        for _ in range(3):
            watch.look()
            now += 1.0
    state.turned_away = 5
    watch.look()
    state.turned_away = 7
    watch.look()
    watch.look()
    assert counted == [("exhausted", 1)] * 3 + [("turned_away", 5), ("turned_away", 2)]
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    now += descriptors.SAY_SECONDS
    with none_left():
        watch.look()
    assert len(caplog.records) == 3


@pytest.mark.parametrize(
    ("limit", "taken"),
    [(resource.RLIM_INFINITY, 4_096), (1_024, 960), (100, 36), (40, 16), (1_000_000, 4_096)],
)
def test_fewer_connections_are_taken_than_there_are_descriptors(
    monkeypatch: pytest.MonkeyPatch, limit: int, taken: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limit, limit))
    assert connections(4_096) == taken
