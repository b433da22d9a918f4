"""An event from its delivery to its training: each step may be the last of a program that is killed.

The intent is written before the endpoint is called, by a write that only whoever has read the state last may
make. Whoever takes up what another left asks the endpoint for the job's name first, so a run is called once.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from ml.trigger.decide import Decision, Later, Refused, Start, called, decide, due, observed, turned_down
from ml.trigger.state import Event, Job, Limits, Run, State

TRIES: Final = 30  # of one change of the state, against others that change it at the same time


class Overtaken(Exception):
    """The state was changed by somebody else since it was read."""


class NotTaken(Exception):
    """The endpoint refuses a run, and would again. Its words are the endpoint's."""


class Contended(Exception):
    """The state was changed by others each time: deliver the event again."""


class Store(Protocol):
    """Where the state is."""

    def read(self) -> tuple[State, str]:
        """The state, and a tag of exactly this version of it ("" where there is none yet)."""
        ...

    def write(self, state: State, tag: str) -> None:
        """Write it where the version with this tag still stands. Raises Overtaken."""
        ...


class Endpoint(Protocol):
    """The published pipeline."""

    def jobs(self) -> tuple[Job, ...]: ...

    def start(self, run: Run) -> str:
        """The job's name. Raises NotTaken; any other error leaves open whether there is a job now."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


def carry(
    event: Event,
    store: Store,
    endpoint: Endpoint,
    limits: Limits,
    now: Callable[[], datetime] = _now,
) -> Decision:
    """Decide on an event and do what was decided. Raises Contended, and what the endpoint raises."""
    for _ in range(TRIES):
        state, tag = store.read()
        changed, decision = decide(state, event, limits, now())
        if _hangs_on_jobs(decision):
            seen = observed(state, endpoint.jobs(), now())
            changed, decision = decide(seen, event, limits, now())
        if isinstance(decision, Later):
            return decision
        try:
            store.write(changed, tag)
        except Overtaken:
            continue
        if isinstance(decision, Start):
            _call(decision.run, store, endpoint, now)
        return decision
    raise Contended(f"the state of the triggers was changed by others {TRIES} times")


def tick(
    store: Store, endpoint: Endpoint, limits: Limits, now: Callable[[], datetime] = _now
) -> list[tuple[Event, Decision]]:
    """Take up what was left and what waited. Raises as `carry` does."""
    state, _ = store.read()
    if not state.runs and state.waiting is None:
        return []
    if any(run.active for run in state.runs) or state.others or state.waiting:
        state = change(store, lambda found: observed(found, endpoint.jobs(), now()))
    return [(event, carry(event, store, endpoint, limits, now)) for event in due(state, limits, now())]


def change(store: Store, by: Callable[[State], State]) -> State:
    """The state after a change; nothing is written where it changes nothing. Raises Contended."""
    for _ in range(TRIES):
        state, tag = store.read()
        changed = by(state)
        if changed == state:
            return state
        try:
            store.write(changed, tag)
        except Overtaken:
            continue
        return changed
    raise Contended(f"the state of the triggers was changed by others {TRIES} times")


def _hangs_on_jobs(decision: Decision) -> bool:
    """Whether what the endpoint's jobs say may change it: a storm asks for them once."""
    return isinstance(decision, Start) or (isinstance(decision, Refused) and decision.why == "running")


def _call(run: Run, store: Store, endpoint: Endpoint, now: Callable[[], datetime]) -> None:
    try:
        job = endpoint.start(run)
    except NotTaken:
        change(store, lambda state: turned_down(state, run.event.id, now()))
        raise
    change(store, lambda state: called(state, run.event.id, job))
