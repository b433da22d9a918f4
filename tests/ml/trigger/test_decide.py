"""Whether an event starts a training."""

import posixpath
import shlex
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.trigger.decide import (
    DAY,
    Later,
    Refused,
    Start,
    called,
    decide,
    due,
    job_name,
    observed,
    paused,
    resumed,
)
from ml.trigger.state import Event, Job, Limits, Starter, State
from tests.ml.trigger.worlds import START, event

LIMITS = Limits(debounce_minutes=10, daily=3)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def begun(state: State, one: Event) -> State:
    """The state once the run of an event is called."""
    state, decision = decide(state, one, LIMITS, one.at)
    assert isinstance(decision, Start)
    return called(state, one.id, decision.run.job)


def ended(state: State) -> State:
    jobs = [Job(name=run.job, status="Completed", event=run.event.id) for run in state.runs]
    return observed(state, jobs, START + DAY)


def why(state: State, one: Event) -> str:
    decision = decide(state, one, LIMITS, one.at)[1]
    assert isinstance(decision, Refused), decision
    return decision.why


def test_new_data_starts_a_run_on_it() -> None:
    one = event()
    state, decision = decide(State(), one, LIMITS, one.at)
    assert isinstance(decision, Start)
    assert decision.run.data == one.data == state.newest
    assert decision.run.job == job_name(one.id) == state.runs[0].job


def test_a_run_under_way_refuses_and_the_newest_data_waits() -> None:
    state = begun(State(), event("e-1"))
    for name, at in (("e-2", 20), ("e-3", 30)):
        state, decision = decide(state, event(name, at), LIMITS, START + minutes(at))
        assert decision == Refused(why="running", waits=True)
    assert due(state, LIMITS, START + minutes(40)) == ()
    (one,) = due(ended(state), LIMITS, START + minutes(40))
    assert one.id == "e-3"
    state, decision = decide(ended(state), one, LIMITS, START + minutes(40))
    assert isinstance(decision, Start)
    assert state.waiting is None


LANDED = "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/lake_landing/paths/"
UNFIT = (
    "a b.csv",
    "a$(x).csv",
    "a;b.csv",
    "a%20b.csv",
    "../a.csv",
    "a/../b.csv",
    "a/./b.csv",
    "ä.csv",
    "a\nb.csv",
)


@pytest.mark.parametrize("name", UNFIT)
def test_a_file_whose_name_a_shell_might_read_is_refused_and_counted(name: str) -> None:
    one = event("e-1", data=f"{LANDED}{name}")
    state, decision = decide(State(), one, LIMITS, one.at)
    assert decision == Refused(why="unfit-name")
    assert (state.counts, state.newest, state.waiting) == ({"unfit-name": 1}, "", None)
    assert state.refused[0].event == one
    assert why(state, one) == "duplicate"
    assert why(State(), event("alert", 1, "metric")) == "no-data", "no alert trains on it either"


@given(st.text(min_size=1, max_size=40) | st.from_regex(r"[\w=./@:-]{1,40}", fullmatch=True))
def test_what_is_trained_on_is_one_word_of_a_shell_and_below_where_data_lands(name: str) -> None:
    one = event("e-1", data=f"{LANDED}{name}")
    _, decision = decide(State(), one, LIMITS, one.at)
    if isinstance(decision, Start):
        assert shlex.split(f"--data {decision.run.data}") == ["--data", decision.run.data]
        assert shlex.quote(decision.run.data) == decision.run.data
        assert posixpath.normpath(f"/{name}").lstrip("/") == "/".join(filter(None, name.split("/")))
    else:
        assert decision == Refused(why="unfit-name")


def test_the_names_of_partitions_are_trained_on() -> None:
    one = event("e-1", data=f"{LANDED}country=de/date=2026-11-30/part-0_1.snappy.parquet")
    assert isinstance(decide(State(), one, LIMITS, one.at)[1], Start)


def test_an_alert_does_not_wait() -> None:
    state = begun(State(), event("e-1"))
    state, decision = decide(state, event("alert", 20, "metric"), LIMITS, START + minutes(20))
    assert decision == Refused(why="running")
    assert due(ended(state), LIMITS, START + minutes(40)) == ()


@pytest.mark.parametrize(("at", "said"), [(9.9, "debounced"), (10.1, None)])
def test_the_time_of_the_event_counts_and_not_that_of_its_delivery(at: float, said: str | None) -> None:
    state = ended(begun(State(), event("e-1")))
    decision = decide(state, event("e-2", at), LIMITS, START + minutes(60))[1]
    assert (decision.why if isinstance(decision, Refused) else None) == said


def test_what_came_before_is_a_duplicate_whatever_became_of_it() -> None:
    state = begun(State(), event("e-1"))
    state, _ = decide(state, event("e-2", 1), LIMITS, START + minutes(1))
    state = ended(state)
    assert why(state, event("e-1", 30)) == "duplicate"
    assert why(state, event("e-2", 30)) == "duplicate"


def test_the_daily_limit_is_of_any_24_hours() -> None:
    state = State()
    for number in range(LIMITS.daily):
        state = ended(begun(state, event(f"e-{number}", 60 * number)))
    assert why(state, event("late", 60 * 23)) == "daily-limit"
    assert isinstance(decide(state, event("next", 60 * 24.1), LIMITS, START + minutes(60 * 24.1))[1], Start)


def test_a_pause_refuses_all_and_data_is_taken_up_after_it() -> None:
    state = paused(State(), "a new data source", "somebody")
    state, decision = decide(state, event("e-1"), LIMITS, START)
    assert decision == Refused(why="paused", waits=True)
    assert due(state, LIMITS, START) == ()
    state, decision = decide(state, event("alert", 1, "metric"), LIMITS, START + minutes(1))
    assert decision == Refused(why="paused")
    assert [one.id for one in due(resumed(state), LIMITS, START + minutes(60))] == ["e-1"]


def test_an_alert_before_any_data_starts_nothing_unless_a_data_set_is_named() -> None:
    alert = event("alert", by="metric")
    assert why(State(), alert) == "no-data"
    named = LIMITS.model_copy(update={"data": "azureml:credit-default@latest"})
    decision = decide(State(), alert, named, START)[1]
    assert isinstance(decision, Start)
    assert decision.run.data == named.data


def test_an_alert_trains_on_the_newest_data() -> None:
    state = ended(begun(State(), event("e-1")))
    state, decision = decide(state, event("alert", 30, "metric"), LIMITS, START + minutes(30))
    assert isinstance(decision, Start)
    assert decision.run.data == event("e-1").data


def test_a_job_that_a_person_started_is_in_the_way_until_it_ends() -> None:
    running = observed(State(), [Job(name="by-hand", status="Running")], START)
    assert why(running, event()) == "running"
    over = observed(running, [Job(name="by-hand", status="Failed")], START)
    assert isinstance(decide(over, event(), LIMITS, START)[1], Start)


def test_a_job_that_somebody_deleted_is_not_in_the_way_for_ever() -> None:
    state = begun(State(), event("e-1"))
    assert observed(state, [], START + minutes(1)).runs[0].active  # the list may be behind
    assert observed(state, [], START + minutes(10)).runs[0].ended == "gone"


def test_whoever_has_claimed_a_run_is_left_alone_until_the_claim_ends() -> None:
    state, _ = decide(State(), event(), LIMITS, START)
    assert isinstance(decide(state, event(), LIMITS, START + minutes(1))[1], Later)
    state, decision = decide(state, event(), LIMITS, START + minutes(4))
    assert isinstance(decision, Start)
    assert decision.run.attempts == 2


def test_a_run_that_cannot_be_called_is_given_up_and_counts_for_no_limit() -> None:
    state, at = State(), START
    for _ in range(5):
        state, decision = decide(state, event(), LIMITS, at)
        assert isinstance(decision, Start)
        at += minutes(4)
    state, decision = decide(state, event(), LIMITS, at)
    assert decision == Refused(why="refused-by-azure")
    assert state.counts["refused-by-azure"] == 1
    assert isinstance(decide(state, event("e-2", 21), LIMITS, at)[1], Start)


BY: tuple[Starter, ...] = ("data", "metric", "schedule")
DELIVERIES = st.lists(
    st.tuples(
        st.integers(0, 12),  # which event
        st.sampled_from(BY),
        st.floats(0, 240),  # minutes since the delivery before
        st.floats(0, 30),  # minutes from the event to its delivery
        st.booleans(),  # whether what runs ends first
        st.sampled_from(["", "", "", "pause", "resume"]),
    ),
    max_size=40,
)


@settings(max_examples=120, deadline=None)
@given(DELIVERIES)
def test_whatever_is_delivered_no_limit_is_passed_and_nothing_is_uncounted(
    deliveries: list[tuple[int, Starter, float, float, bool, str]],
) -> None:
    state, now = State(), START
    starts, refusals, later = [], 0, 0
    for number, by, wait, delay, over, switch in deliveries:
        now += minutes(wait)
        state = ended(state) if over else state
        state = {"pause": paused(state, "p", "me"), "resume": resumed(state)}.get(switch, state)
        active = any(run.active for run in state.runs)
        own = "d" if by == "data" else ""
        at = now - minutes(delay)
        one = Event(id=f"e-{number}", started_by=by, words="w", data=own, at=at)
        state, decision = decide(state, one, LIMITS, now)
        if isinstance(decision, Start):
            assert not active
            assert not state.paused
            assert decision.run.data
            state = called(state, one.id, decision.run.job)
            starts.append((now, one.id))
        elif isinstance(decision, Refused):
            refusals += 1
        else:
            later += 1
        assert State.model_validate_json(state.model_dump_json()) == state
    assert later == 0
    assert sum(state.counts.values()) == refusals
    assert len({one for _, one in starts}) == len(starts)
    for at, _ in starts:
        assert sum(at - DAY < other <= at for other, _ in starts) <= LIMITS.daily
    for (one, _), (other, _) in pairwise(starts):
        assert other - one >= LIMITS.debounce
