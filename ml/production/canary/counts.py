"""What was counted of the two revisions in the same minutes."""

from dataclasses import dataclass, field

import numpy as np

from ml.production.canary.evalues import Numbers
from ml.production.canary.metrics import METRICS, Name


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one revision in one block. over: of how many of `requests` it holds, at each cut of the metric.

    Both may have leading axes of the same shape, for many releases at once.
    """

    requests: Numbers
    over: Numbers


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of time, by metric. start: seconds since 1970."""

    start: float
    running: dict[Name, Counts] = field(default_factory=dict[Name, Counts])
    new: dict[Name, Counts] = field(default_factory=dict[Name, Counts])

    def requests(self) -> tuple[int, int]:
        """How many scores the running and the new revision answered."""
        return (int(self.running["failures"].requests), int(self.new["failures"].requests))


def nothing() -> dict[Name, Counts]:
    """What a revision that was asked nothing has."""
    return {metric.name: Counts(np.zeros(()), np.zeros(len(metric.cuts))) for metric in METRICS}
