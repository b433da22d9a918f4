"""Which phase begins when, and what a failure keeps from beginning."""

from pathlib import Path
from threading import Barrier

import pytest

from demo.phases import Phase
from demo.runner import Outcome
from demo.schedule import carry_out


def phase(key: str, *after: str) -> Phase:
    return Phase(key, key, ("true",), key=key, after=after)


def ended(of: Phase, code: int = 0) -> Outcome:
    return Outcome(of, code, 0.0, "", Path("log"))


def test_a_phase_begins_after_those_it_waits_for_and_beside_those_it_does_not() -> None:
    begun: list[str] = []
    both = Barrier(2)

    def run(of: Phase) -> Outcome:
        begun.append(of.key)
        if of.key in ("left", "right"):
            both.wait(20)  # neither ends before the other has begun
        return ended(of)

    phases = [phase("last", "left", "right"), phase("left", "first"), phase("right", "first"), phase("first")]
    outcomes = carry_out(phases, run)
    assert begun[0] == "first" and begun[-1] == "last" and len(begun) == 4
    assert [one.phase.key for one in outcomes][-1] == "last"


def test_after_a_failure_none_begins_and_those_that_run_are_waited_for() -> None:
    both = Barrier(2)

    def run(of: Phase) -> Outcome:
        both.wait(20)
        return ended(of, int(of.key == "broken"))

    phases = [phase("broken"), phase("beside"), phase("other", "broken"), phase("last", "broken", "beside")]
    assert {one.phase.key for one in carry_out(phases, run)} == {"broken", "beside"}


def test_phases_that_could_never_begin_are_refused_before_any_begins() -> None:
    with pytest.raises(ValueError, match="'b' after c, 'c' after b"):
        carry_out([phase("a"), phase("b", "c"), phase("c", "b")], lambda of: pytest.fail("begun"))
