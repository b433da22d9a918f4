"""How much a new revision gets, for how long, and what must have been judged before it gets more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Step:
    """percent: of all requests. least: how many scores of the new revision are judged in this step.
    seconds: the longest time for that. short: what happens when they did not come by then: `back` undoes
    the release, `on` goes on. why: of the row."""

    percent: int
    least: int
    seconds: float
    short: Literal["back", "on"]
    why: str


STEPS: Final[tuple[Step, ...]] = (
    Step(
        10,
        750,
        3600.0,
        "back",
        "within so many requests the bad releases of docs/canary.md are caught; one that nobody asks "
        "cannot be judged, and what was not judged goes no further",
    ),
    Step(50, 1000, 3600.0, "back", "what shows under load only, and effects half as large"),
    Step(
        100,
        0,
        60.0,
        "on",
        "nothing answers beside it that it could be compared with: readiness and the circuit breaker are "
        "watched",
    ),
)


def table(judged: Mapping[int, int]) -> tuple[Step, ...]:
    """STEPS with other numbers of judged requests. judged: by the percent of a step; those not named stay.

    That a good revision seldom goes back holds whatever the numbers are. How surely a bad one is caught
    depends on them: `python -m ml.production.canary` measures it for the numbers of the settings.
    """
    return tuple(replace(step, least=judged.get(step.percent, step.least)) for step in STEPS)
