"""Promotion: the way through, the way back, and both after a kill at every single effect."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from ml.errors import MlopsError
from ml.gateway.pool import UNRELEASED
from ml.production.canary.steps import STEPS, Step, table
from ml.production.errors import Overtaken, WentBack
from ml.production.judging import Look
from ml.production.promote import promote
from ml.production.rollback import ROLLED_BACK, rollback
from ml.production.state import State
from tests.ml.production.fakes import Fake, Killed, revision_of

FIRST, SECOND, THIRD = (f"r-{'0' * 15}{digit}" for digit in "123")


def run(fake: Fake, release: str, show: Callable[[Look], None] = lambda look: None) -> State:
    return promote(fake.world(), release, "somebody", show, lambda line: None)


def released(*releases: str) -> Fake:
    """A world in which these releases were taken over, one after another."""
    fake = Fake()
    for release in releases:
        run(fake, release)
    fake.effects.clear()
    return fake


def serves(fake: Fake, release: str, previous: str | None) -> None:
    state = fake.state
    assert state.promotion is None
    assert state.serving is not None
    assert state.serving.release == release
    assert fake.weights == {revision_of(release): 100}
    assert (state.previous.release if state.previous else None) == previous
    there = {revision_of(one) for one in (release, previous) if one}
    assert set(fake.pods) == fake.backends == there


def test_the_first_release_gets_all_requests_and_the_second_one_step_by_step() -> None:
    fake = released(FIRST)
    serves(fake, FIRST, None)
    assert [weights for _, weights in fake.weighed] == [{revision_of(FIRST): 100}]
    fake.weighed.clear()
    looks: list[Look] = []
    run(fake, SECOND, looks.append)
    serves(fake, SECOND, FIRST)
    shares = [weights[revision_of(SECOND)] for _, weights in fake.weighed]
    assert shares == [10, 50, 100]
    assert all(look.judgement.new == 0 for look in looks[:3])  # nothing is old enough to be judged
    assert {look.step.percent: look.enough for look in looks} == {10: True, 50: True, 100: False}
    assert [entry.what for entry in fake.state.history] == ["promotion begun", "has all requests"] * 2


def test_steps_that_ask_for_fewer_requests_are_over_earlier() -> None:
    def judged(steps: tuple[Step, ...]) -> dict[int, int]:
        fake, looks = released(FIRST), list[Look]()
        fake.requests = 40.0
        promote(replace(fake.world(), steps=steps), SECOND, "somebody", looks.append, lambda line: None)
        return {look.step.percent: look.judged for look in looks if look.enough}

    usual, fewer = judged(STEPS), judged(table({10: 200, 50: 300}))
    assert all(fewer[percent] < usual[percent] for percent in (10, 50))
    assert fewer[10] >= 200 and fewer[50] >= 300


def test_only_the_one_before_is_kept() -> None:
    fake = released(FIRST, SECOND, THIRD)
    serves(fake, THIRD, SECOND)


def test_without_approval_nothing_is_changed() -> None:
    fake = released(FIRST)
    fake.approved = False
    with pytest.raises(MlopsError, match="Nobody approved"):
        run(fake, SECOND)
    assert fake.effects == []


def test_a_release_that_has_all_requests_is_left_as_it_is() -> None:
    fake = released(FIRST)
    run(fake, FIRST)
    assert fake.effects == ["lease"]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"failures": 0.2}, "failures: 20.0%"),
        ({"latency": 0.7}, "latency at 1: 70.0%"),
        ({"outliers": 0.5}, "outliers"),
    ],
)
def test_a_worse_release_goes_back_by_itself(bad: dict[str, float], words: str) -> None:
    fake = released(FIRST)
    fake.bad = bad
    fake.weighed.clear()
    with pytest.raises(WentBack, match=words):
        run(fake, SECOND)
    serves(fake, FIRST, None)
    assert [weights.get(revision_of(SECOND), 0) for _, weights in fake.weighed] == [10, 0]
    assert fake.state.history[-1].what == "went back"


def test_a_tripped_breaker_is_a_breach() -> None:
    fake = released(FIRST)
    fake.breaker = 50
    with pytest.raises(WentBack, match="circuit breaker tripped: 50"):
        run(fake, SECOND)
    serves(fake, FIRST, None)


def test_a_revision_whose_pods_end_goes_back() -> None:
    fake = released(FIRST)

    def fall() -> None:
        if revision_of(SECOND) in fake.weights:
            fake.breaker = -1  # it may have requests and no pod: that is what the promoter finds
            fake.pods[revision_of(SECOND)].ready = 0

    fake.sleeping = fall
    with pytest.raises(WentBack, match="no pod of rev-"):
        run(fake, SECOND)
    fake.breaker = 0
    serves(fake, FIRST, None)


def test_too_little_traffic_goes_back_and_says_so() -> None:
    fake = released(FIRST)
    fake.requests = 0.1
    with pytest.raises(WentBack, match=r"too little traffic: \d+ of 750"):
        run(fake, SECOND)
    serves(fake, FIRST, None)


def test_a_first_release_that_fails_leaves_the_gateway_as_it_was() -> None:
    fake = Fake(breaker=50)
    with pytest.raises(WentBack):
        run(fake, FIRST)
    assert fake.state.serving is None
    assert fake.pods == {}


def test_another_release_waits_for_the_one_under_way() -> None:
    fake = released(FIRST)
    fake.kill_at = 9
    with pytest.raises(Killed):
        run(fake, SECOND)
    fake.revive()
    before = list(fake.effects)
    with pytest.raises(MlopsError, match=f"{SECOND} is being promoted"):
        run(fake, THIRD)
    assert fake.effects == [*before, "lease"]


def test_a_second_promoter_is_told_who_is_first() -> None:
    fake = released(FIRST)
    second: list[MlopsError] = []

    def other() -> None:
        with pytest.raises(MlopsError, match="somebody promotes already") as raised:
            run(fake, SECOND)
        second.append(raised.value)

    fake.sleeping = other
    run(fake, SECOND)
    assert second
    serves(fake, SECOND, FIRST)


def effects_of(bad: dict[str, float]) -> int:
    fake = released(FIRST)
    fake.bad = bad
    with suppress(WentBack):
        run(fake, SECOND)
    return len(fake.effects)


GOOD: dict[str, float] = {}
BAD = {"failures": 0.2}


@pytest.mark.parametrize(
    ("bad", "number"), [(bad, n + 1) for bad in (GOOD, BAD) for n in range(effects_of(bad))]
)
def test_a_kill_after_every_effect_is_taken_up(bad: dict[str, float], number: int) -> None:
    """After one is before the next: between them nothing is changed."""
    fake = released(FIRST)
    fake.bad, fake.kill_at, fake.after = bad, number, True
    with pytest.raises(Killed):
        run(fake, SECOND)
    fake.revive()
    began = fake.state.promotion is not None or not bad
    if bad and (began or fake.state.history[-1].what != "went back"):
        with pytest.raises(WentBack):
            run(fake, SECOND)
    elif not bad:
        run(fake, SECOND)
    if bad:
        serves(fake, FIRST, None)
    else:
        serves(fake, SECOND, FIRST)


@pytest.mark.parametrize("number", range(1, effects_of(GOOD) + 1))
def test_a_rollback_after_a_kill_at_every_effect(number: int) -> None:
    fake = released(FIRST)
    fake.kill_at, fake.after = number, True
    with pytest.raises(Killed):
        run(fake, SECOND)
    fake.kill_at = 0
    if fake.state.promotion is None and fake.state.previous is None:
        with pytest.raises(MlopsError, match="no revision to go back to"):
            rollback(fake.world(), "on call", "looks odd", None, lambda line: None)
        return
    rollback(fake.world(), "on call", "looks odd", None, lambda line: None)
    assert fake.weights == {revision_of(FIRST): 100}
    assert fake.state.promotion is None
    assert fake.state.serving
    assert fake.state.serving.release == FIRST
    assert fake.state.history[-1].reason == "looks odd"
    run(fake, SECOND)
    serves(fake, SECOND, FIRST)


def rolled_back(kill_at: int, canary: bool) -> Fake:
    """Two releases, a third as canary where asked for, and a rollback that is killed after its nth effect."""
    fake = released(FIRST, SECOND)
    if canary:
        fake.kill_at, fake.after = effects_of(GOOD) - 4, True
        with pytest.raises(Killed):
            run(fake, THIRD)
        fake.revive()
        assert fake.state.promotion is not None
    fake.effects.clear()
    fake.kill_at, fake.after = kill_at, True
    if kill_at:
        with pytest.raises(Killed):
            rollback(fake.world(), "on call", "looks odd", None, lambda line: None)
        fake.revive()
    rollback(fake.world(), "on call", "looks odd", None, lambda line: None)
    return fake


@pytest.mark.parametrize("canary", [False, True])
@pytest.mark.parametrize("killed", [0, 1, 2, 3])
def test_a_rollback_that_runs_again_goes_no_further_back(killed: int, canary: bool) -> None:
    fake = rolled_back(killed, canary)
    told: list[str] = []
    rollback(fake.world(), "somebody else", "typed again", None, told.append)
    wanted = SECOND if canary else FIRST
    assert fake.weights == {revision_of(wanted): 100}
    assert fake.state.serving and fake.state.serving.release == wanted
    assert [entry.what for entry in fake.state.history].count(ROLLED_BACK) == 1
    assert any("had gone back already" in line for line in told)
    if canary:  # further back, by name
        rollback(fake.world(), "on call", "that too", revision_of(FIRST), told.append)
        assert fake.weights == {revision_of(FIRST): 100}


def test_a_rollback_in_the_middle_ends_the_promoter() -> None:
    fake = released(FIRST)

    def on_call() -> None:
        if fake.weights.get(revision_of(SECOND)) == 50:
            fake.sleeping = lambda: None
            rollback(fake.world(), "on call", "callers complain", None, lambda line: None)

    fake.sleeping = on_call
    with pytest.raises(Overtaken):
        run(fake, SECOND)
    assert fake.weights == {revision_of(FIRST): 100}
    assert fake.state.promotion is None


def test_a_rollback_puts_the_weights_before_anything_else() -> None:
    fake = released(FIRST, SECOND)
    rollback(fake.world(), "on call", "wrong", None, lambda line: None)
    assert fake.effects[0] == f"weights [('{revision_of(FIRST)}', 100)]"
    assert fake.state.serving
    assert fake.state.serving.release == FIRST
    assert fake.state.previous is None


@pytest.mark.parametrize(
    ("to", "words"), [("rev-none", "is not in the cluster"), (revision_of(FIRST), "No pod")]
)
def test_what_cannot_answer_is_not_gone_back_to(to: str, words: str) -> None:
    fake = released(FIRST, SECOND)
    fake.pods[revision_of(FIRST)].ready = 0
    with pytest.raises(MlopsError, match=words):
        rollback(fake.world(), "on call", "wrong", to, lambda line: None)
    with pytest.raises(MlopsError, match="reason is blank"):
        rollback(fake.world(), "on call", " ", None, lambda line: None)
    assert fake.effects == []
    assert UNRELEASED not in fake.weights
