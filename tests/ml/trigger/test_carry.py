"""An event from its delivery to its training, killed and overtaken at each step."""

from contextlib import suppress

import pytest

from ml.trigger.carry import NotTaken, carry, tick
from ml.trigger.decide import Later, Refused, Start
from ml.trigger.state import Job, Limits
from tests.ml.trigger.worlds import Killed, World, event

LIMITS = Limits(debounce_minutes=10, daily=4)
STEPS = range(1, 8)


def deliver(world: World, *, name: str = "e-1", minutes: float = 0.0) -> object:
    return carry(event(name, minutes), world, world, LIMITS, world.now)


def test_an_event_starts_one_run_and_its_duplicates_none() -> None:
    world = World()
    assert isinstance(deliver(world), Start)
    assert deliver(world) == Refused(why="duplicate")
    assert world.started == ["e-1"]
    assert world.state.runs[0].called


@pytest.mark.parametrize("step", STEPS)
def test_killed_anywhere_no_run_is_lost_and_none_is_there_twice(step: int) -> None:
    world = World()

    def kill(effect: int) -> None:
        if effect == step:
            raise Killed

    world.between = kill
    with suppress(Killed):
        deliver(world)
    world.between = lambda _: None
    for _ in range(3):  # the queue delivers it again, and the timer looks after what was left
        world.later(minutes=4)
        deliver(world)
        tick(world, world, LIMITS, world.now)
    assert world.started == ["e-1"]
    assert world.state.runs[0].called


@pytest.mark.parametrize("step", STEPS)
def test_killed_with_no_further_delivery_the_timer_takes_it_up(step: int) -> None:
    world = World()

    def kill(effect: int) -> None:
        if effect == step:
            raise Killed

    world.between = kill
    with suppress(Killed):
        deliver(world)
    world.between = lambda _: None
    decided = bool(world.state.runs)
    world.later(minutes=4)
    tick(world, world, LIMITS, world.now)
    assert len(world.started) == decided


@pytest.mark.parametrize("other", ["e-1", "e-2"])
@pytest.mark.parametrize("step", STEPS)
def test_two_deliveries_at_once_start_one_run(step: int, other: str) -> None:
    """The second one happens as a whole between two effects of the first."""
    world = World()

    def meanwhile(effect: int) -> None:
        if effect == step:
            world.between = lambda _: None
            deliver(world, name=other)

    world.between = meanwhile
    deliver(world)
    assert len(world.started) == 1


def test_a_storm_of_a_thousand_events_starts_one_run_and_asks_once_for_jobs() -> None:
    world = World()
    for number in range(1000):
        world.later(milliseconds=1)
        deliver(world, name=f"e-{number}", minutes=number / 60_000)
    assert world.started == ["e-0"]
    assert world.listed == 1
    assert world.state.counts == {"debounced": 999}


def test_an_alert_that_flaps_starts_one_run() -> None:
    world = World()
    deliver(world)
    world.end()
    world.later(minutes=60)
    for number in range(50):
        world.later(minutes=1)
        carry(event(f"alert-{number}", 60 + number, "metric"), world, world, LIMITS, world.now)
    assert world.started == ["e-1", "alert-0"]
    assert world.state.counts["running"] + world.state.counts["debounced"] == 49


def test_a_run_is_called_while_none_of_the_endpoint_runs() -> None:
    world = World(made={"by-hand": Job(name="by-hand", status="Running")})
    assert deliver(world) == Refused(why="running", waits=True)
    world.end()
    world.later(minutes=5)
    ((_, decision),) = tick(world, world, LIMITS, world.now)
    assert isinstance(decision, Start)
    assert world.started == ["e-1"]


def test_what_the_endpoint_refuses_is_counted_and_not_asked_again() -> None:
    world = World(refuses="no such deployment")
    with pytest.raises(NotTaken, match="no such deployment"):
        deliver(world)
    assert world.state.counts == {"refused-by-azure": 1}
    assert deliver(world) == Refused(why="duplicate")


def test_an_answer_that_never_came_is_looked_for_before_the_endpoint_is_called_again() -> None:
    world = World()

    def lost(effect: int) -> None:
        if effect == 4:  # the job is there, and the answer was lost
            raise TimeoutError

    world.between = lost
    with pytest.raises(TimeoutError):
        deliver(world)
    world.between = lambda _: None
    assert isinstance(deliver(world), Later)
    world.later(minutes=4)
    assert deliver(world) == Refused(why="duplicate")
    assert world.started == ["e-1"]
    assert world.state.runs[0].called


def test_nothing_to_do_asks_azure_for_nothing() -> None:
    world = World()
    assert tick(world, world, LIMITS, world.now) == []
    assert (world.listed, world.effects) == (0, 0)
