"""One writer at a time."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import pytest

from ml.errors import MlopsError
from ml.lake.lease import held


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    said: list[str] = []
    first_in, first_out, order = Event(), Event(), list[str]()

    def first() -> None:
        with held(str(tmp_path), None, 0):
            first_in.set()
            first_out.wait()
            order.append("first")

    thread = Thread(target=first)
    thread.start()
    first_in.wait()

    def say(words: str) -> None:
        said.append(words)
        first_out.set()

    with held(str(tmp_path), None, 60, say, look_s=0.01):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert len(said) == 1 and "another run writes to" in said[0]


def test_who_does_not_wait_is_refused_and_what_ended_badly_is_free(tmp_path: Path) -> None:
    with (
        held(str(tmp_path), None, 0),
        pytest.raises(MlopsError, match="has not ended in 0 s"),
        held(str(tmp_path), None, 0),
    ):
        pytest.fail("two at once")
    with pytest.raises(KeyError), held(str(tmp_path), None, 0):
        raise KeyError
    with held(str(tmp_path), None, 0):
        pass
