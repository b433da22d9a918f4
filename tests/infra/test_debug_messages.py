"""What Pulumi's runtime says for `--debug` reaches the engine whole, in its order, and in few messages."""

import asyncio

import pytest

from infra import debug_messages
from infra.debug_messages import Together


class Said(list[tuple[object, ...]]):
    def debug(self, *given: object, **named: object) -> None:
        self.append((*given, *named.items()))


def test_what_is_said_in_a_turn_goes_as_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debug_messages, "KEPT_S", 0.0)
    said = Said()
    debug = Together(said.debug)

    async def speaks_twice() -> None:
        debug("first")
        debug("second")
        assert said == []
        await asyncio.sleep(0.001)
        assert said == [("first\nsecond",)]
        debug("third")
        await asyncio.sleep(0.001)

    asyncio.run(speaks_twice())
    assert said == [("first\nsecond",), ("third",)]


def test_what_is_of_a_stream_goes_at_once_and_after_what_was_kept() -> None:
    said = Said()
    debug = Together(said.debug)

    async def speaks() -> None:
        debug("kept")
        debug("of a stream", None, 7)
        debug("for a moment", ephemeral=True)

    asyncio.run(speaks())
    assert said == [("kept",), ("of a stream", None, 7), ("for a moment", ("ephemeral", True))]


def test_what_is_said_outside_the_loop_goes_at_once_and_after_what_the_loop_left() -> None:
    said = Said()
    debug = Together(said.debug)

    async def ends_at_once() -> None:
        debug("left")

    asyncio.run(ends_at_once())
    debug("after it")
    assert said == [("left",), ("after it",)]


def test_at_the_end_of_the_process_what_is_kept_goes() -> None:
    said = Said()
    debug = Together(said.debug)

    async def ends_at_once() -> None:
        debug("left")

    asyncio.run(ends_at_once())
    debug.hand_over()
    debug.hand_over()
    assert said == [("left",)]
