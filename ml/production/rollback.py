"""`mlops rollback`: all requests to the revision that had them before, at once; everything else afterwards.

It waits for nobody: a promotion under way is ended, whoever runs it. The weights are put twice, because a
promoter may have begun a change between its last look and ours: what it read is outdated after the second
one.

Run again, it goes no further back: whoever saw no answer, or was cut off, types it twice.
"""

from collections.abc import Callable
from typing import Final

from ml.errors import MlopsError
from ml.production.state import Entry, Serving, State
from ml.production.world import World

ROLLED_BACK: Final = "rolled back to"


def rollback(world: World, by: str, reason: str, to: str | None, tell: Callable[[str], None]) -> State:
    """to: a revision that is still in the cluster; None: what served before. Raises MlopsError before
    anything is changed when there is nothing to go back to."""
    if not reason.strip():
        raise MlopsError("--reason is blank.", "Say in a few words why production goes back.")
    state = world.store.read()
    target = _target(state, to)
    _check_ready(world, target)
    wanted = {target: 100}
    world.pool.force(wanted)
    tell(f"all requests go to {target}")
    if ended := world.lease.end():
        tell(f"the promotion that {ended} ran has ended")
    if _is_repeated(state, to):
        tell("production had gone back already: `--to` names a revision to go back to from here")
    after = state if _is_repeated(state, to) else _after(world, state, target, by, reason)
    world.store.force(after)
    world.pool.force(wanted)
    return after


def _is_repeated(state: State, to: str | None) -> bool:
    """Whether the last that happened was a rollback, and no revision is named to go on to."""
    if to is not None or state.promotion is not None or state.serving is None or not state.history:
        return False
    last = state.history[-1]
    return last.what == ROLLED_BACK and last.release == state.serving.release


def _target(state: State, to: str | None) -> str:
    serving, previous = state.serving, state.previous
    if to is not None:
        return to
    if serving is not None and (state.promotion is not None or _is_repeated(state, to)):
        return serving.revision
    if state.promotion is None and previous is not None:
        return previous.revision
    raise MlopsError(
        "There is no revision to go back to: none had the requests before this one.",
        "`mlops status` shows what is there; `mlops promote RELEASE` takes another release over.",
    )


def _check_ready(world: World, target: str) -> None:
    there = {one.name: one.ready for one in world.cluster.revisions()}
    if target not in there:
        raise MlopsError(
            f"The revision {target} is not in the cluster, which has {', '.join(sorted(there)) or 'none'}.",
            "Give --to one of those, or promote its release again.",
        )
    if not there[target]:
        raise MlopsError(
            f"No pod of the revision {target} is ready: requests that go there would fail.",
            "Give --to a revision with ready pods, or promote its release again; `mlops status` shows both.",
        )


def _after(world: World, state: State, target: str, by: str, reason: str) -> State:
    now = world.clock.now()
    known = {part.revision: part for part in (state.serving, state.previous) if part is not None}
    release = f"r-{target.removeprefix('rev-')}"
    if state.serving is not None and target == state.serving.revision:
        serving = state.serving  # it had them all the time
    elif target in known:
        serving = known[target].model_copy(update={"since": now, "by": by})
    else:
        serving = Serving(revision=target, release=release, since=now, by=by)
    # What served before this one was good once; what is left is not what one goes back to.
    previous = state.previous if state.previous and state.previous.revision != target else None
    entry = Entry(at=now, what=ROLLED_BACK, release=release, by=by, reason=reason)
    return state.changed(serving=serving, previous=previous, promotion=None).told(entry)
