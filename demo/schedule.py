"""Phases in the order that they ask for, several at once where nothing says otherwise."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from demo.phases import Phase
from demo.runner import Outcome

Run = Callable[[Phase], Outcome]


def carry_out(phases: Sequence[Phase], run: Run) -> list[Outcome]:
    """Begin each phase when all that it is `after` have ended well; how they ended, in that order.

    After a failure none is begun, and those that run are waited for. Raises ValueError when a phase waits for
    one that there is not, or for itself.
    """
    _check(phases)
    done: set[str] = set()
    outcomes: list[Outcome] = []
    left = list(phases)
    with ThreadPoolExecutor(max(1, len(phases))) as pool:
        running: dict[Future[Outcome], Phase] = {}
        while True:
            failed = any(outcome.exit_code for outcome in outcomes)
            ready = [] if failed else [one for one in left if done.issuperset(one.after)]
            left = [one for one in left if one not in ready]
            running |= {pool.submit(run, phase): phase for phase in ready}
            if not running:
                return outcomes
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                phase = running.pop(future)
                outcomes.append(future.result())
                done.add(phase.key)


def _check(phases: Sequence[Phase]) -> None:
    known: set[str] = set()
    left = list(phases)
    while left:
        ready = [phase for phase in left if known.issuperset(phase.after)]
        if not ready:
            words = ", ".join(f"{phase.key!r} after {', '.join(phase.after)}" for phase in left)
            raise ValueError(f"these phases could never begin: {words}")
        known |= {phase.key for phase in ready}
        left = [phase for phase in left if phase not in ready]
