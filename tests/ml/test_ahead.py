"""What is begun before its turn: it runs beside, once, and fails where it is asked for."""

from threading import Event

import pytest

from ml.terminal.ahead import ahead


def test_a_call_is_begun_at_once_and_made_once() -> None:
    began, may_end = Event(), Event()
    calls: list[int] = []

    def call() -> int:
        calls.append(1)
        began.set()
        assert may_end.wait(20)
        return 7

    answer = ahead(call)
    assert began.wait(20)
    may_end.set()
    assert (answer(), answer(), calls) == (7, 7, [1])


def test_what_it_raises_is_raised_where_its_answer_is_asked_for() -> None:
    def call() -> int:
        raise ValueError("why")

    answer = ahead(call)
    with pytest.raises(ValueError, match="why"):
        answer()
