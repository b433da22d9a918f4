"""Whether an event starts a training: pure, from what is remembered and the limits."""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from ml.trigger.state import Event, Job, Limits, Part, Run, State, Why

DAY: Final = timedelta(hours=24)
CLAIM: Final = timedelta(minutes=3)
"""How long whoever claimed a run may take to call the endpoint; the call itself has a shorter time limit."""
ATTEMPTS: Final = 5
"""Claims of one run before it is given up. Azure gives a message of a queue up after as many deliveries."""
NOT_TAKEN: Final = "refused"
"""How a run ends that the endpoint did not take. It counts for no limit."""
GONE: Final = "gone"
"""How a run ends whose job the endpoint no longer has."""
FIT: Final = re.compile(r"(?!(?:.*/)?\.\.?(?:/|$))[A-Za-z0-9._=/@:-]+", re.ASCII)
"""Addresses of data that may be trained on. Who lands a file chooses its name, which becomes a word of the
steps' commands, and a shell reads these: so letters, digits and . _ - = @ : / alone, and no way upwards."""
WAITS: Final = frozenset[Why]({"running", "paused", "daily-limit"})
"""Why new data is kept for later: it is trained on when that has passed, the newest alone."""
WORDS: Final[dict[Why, str]] = {
    "duplicate": "this event was answered before",
    "paused": "all triggers are paused",
    "running": "a training is under way",
    "debounced": "it came too soon after the start of the last training",
    "daily-limit": "as many trainings were started in 24 hours as may be",
    "no-data": "nothing has landed that could be trained on",
    "unfit-name": "its name may have A-Z, a-z, 0-9 and . _ - = @ : / alone, and no part may be . or ..",
    "refused-by-azure": "the endpoint did not take the run",
}


class Start(Part):
    """Call the endpoint for this run, after the state with it is written."""

    run: Run


class Refused(Part):
    """why: what stood in the way. waits: whether the event is kept for later."""

    why: Why
    waits: bool = False

    @property
    def words(self) -> str:
        return WORDS[self.why] + ("; it is taken up later" if self.waits else "")


class Later(Part):
    """Somebody else is calling the endpoint for this very event: deliver it again after `until`."""

    until: datetime


Decision = Start | Refused | Later


def job_name(event_id: str) -> str:
    """The name of the job that an event starts: the same for each delivery of it."""
    return f"retrain-{hashlib.sha256(event_id.encode()).hexdigest()[:24]}"


def decide(state: State, event: Event, limits: Limits, now: datetime) -> tuple[State, Decision]:
    """What to do about an event, and what is remembered then."""
    state = state.changed(limits=limits)
    if run := state.run_of(event.id):
        return _again(state, run, now)
    if event.data and not FIT.fullmatch(event.data):
        known = any(one.event.id == event.id for one in state.refused)
        unfit: Why = "duplicate" if known else "unfit-name"
        return state.refusing(event, unfit, now), Refused(why=unfit)
    if event.started_by == "data" and (state.newest_at is None or event.at >= state.newest_at):
        state = state.changed(newest=event.data, newest_at=event.at)
    waited = state.waiting is not None and state.waiting.id == event.id
    if not waited and any(one.event.id == event.id for one in state.refused):
        return state.refusing(event, "duplicate", now), Refused(why="duplicate")
    if why := obstacle(state, event, limits, now):
        waits = why in WAITS and event.started_by == "data"
        if waits and (state.waiting is None or event.at >= state.waiting.at):
            state = state.changed(waiting=event)
        elif waited and not waits:
            state = state.changed(waiting=None)
        kept = state.waiting is not None and state.waiting.id == event.id
        return state.refusing(event, why, now), Refused(why=why, waits=kept)
    run = Run(
        event=event,
        job=job_name(event.id),
        data=_data(state, event, limits),
        decided=now,
        claimed_until=now + CLAIM,
    )
    if waited or (state.waiting is not None and state.waiting.data == run.data):
        state = state.changed(waiting=None)
    return state.with_run(run), Start(run=run)


def obstacle(state: State, event: Event, limits: Limits, now: datetime) -> Why | None:
    """What stands in the way of starting now; None where nothing does."""
    if not _data(state, event, limits):
        return "no-data"
    if state.paused:
        return "paused"
    taken = [run for run in state.runs if run.ended != NOT_TAKEN]
    last = max((run.decided for run in taken), default=None)
    if last is not None and min(event.at, now) < last + limits.debounce:
        return "debounced"
    if state.others or any(run.active for run in state.runs):
        return "running"
    if sum(run.decided > now - DAY for run in taken) >= limits.daily:
        return "daily-limit"
    return None


def due(state: State, limits: Limits, now: datetime) -> tuple[Event, ...]:
    """What is to be decided on without a new delivery: runs that were left uncalled, data that waited."""
    if state.paused:
        return ()
    left = tuple(
        run.event for run in state.runs if not run.called and run.active and run.claimed_until <= now
    )
    if left or state.waiting is None:
        return left
    return () if obstacle(state, state.waiting, limits, now) in WAITS else (state.waiting,)


def observed(state: State, jobs: Iterable[Job], now: datetime) -> State:
    """What is remembered, once the endpoint has told its jobs.

    A run that was claimed and whose job is there was called, whoever was killed since; one that ended, or
    that somebody deleted, is no longer in the way.
    """
    found = {job.name: job for job in jobs}
    runs: list[Run] = []
    for run in state.runs:
        job = found.get(run.job) or next((one for one in found.values() if one.event == run.event.id), None)
        if job is None:
            gone = run.called and run.active and run.claimed_until <= now  # a list may lag behind a call
            runs.append(run.model_copy(update={"ended": GONE}) if gone else run)
            continue
        ended = run.ended or (job.status if job.ended else "")
        runs.append(run.model_copy(update={"job": job.name, "called": True, "ended": ended}))
    own = {run.job for run in runs}
    others = tuple(sorted(job.name for job in found.values() if not job.ended and job.name not in own))
    return state.changed(runs=tuple(runs), others=others)


def called(state: State, event_id: str, job: str) -> State:
    """The endpoint has taken the run of an event."""
    run = state.run_of(event_id)
    return state.with_run(run.model_copy(update={"called": True, "job": job})) if run else state


def turned_down(state: State, event_id: str, now: datetime) -> State:
    """The endpoint has not taken the run of an event, and would not if asked again."""
    run = state.run_of(event_id)
    if run is None or run.called:
        return state
    return state.with_run(run.model_copy(update={"ended": NOT_TAKEN})).refusing(
        run.event, "refused-by-azure", now
    )


def paused(state: State, why: str, by: str) -> State:
    return state.changed(paused=why, paused_by=by)


def resumed(state: State) -> State:
    return state.changed(paused="", paused_by="")


def _again(state: State, run: Run, now: datetime) -> tuple[State, Decision]:
    """A further delivery of an event that a run was decided on for."""
    if run.called or not run.active:
        return state.refusing(run.event, "duplicate", now), Refused(why="duplicate")
    if now < run.claimed_until or state.paused:
        return state, Later(until=max(run.claimed_until, now + CLAIM) if state.paused else run.claimed_until)
    if run.attempts >= ATTEMPTS:
        return turned_down(state, run.event.id, now), Refused(why="refused-by-azure")
    claimed = run.model_copy(update={"claimed_until": now + CLAIM, "attempts": run.attempts + 1})
    return state.with_run(claimed), Start(run=claimed)


def _data(state: State, event: Event, limits: Limits) -> str:
    return event.data or state.newest or limits.data
