"""Confidence intervals that hold at every moment: the differences that the evidence does not exclude yet."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ml.production.canary.counts import Counts
from ml.production.canary.evalues import Numbers, log_mean
from ml.production.canary.metrics import Metric
from ml.production.canary.process import Process

# Dense around 0, where decisions fall.
MARGINS: Final[Numbers] = np.sign(np.linspace(-1, 1, 25)) * np.linspace(-1, 1, 25) ** 2 * 0.9


@dataclass(frozen=True, slots=True)
class Interval:
    """Of a difference of shares, new minus running."""

    low: float
    high: float


class Intervals:
    """Of one metric, at each cut; all of them together miss a difference with probability `alpha` at most."""

    def __init__(self, metric: Metric, alpha: float) -> None:
        # Fewer guesses than for a decision: wider by little, and computed in half the time.
        self._process = Process(replace(metric, effects=metric.effects[::2]), margins=MARGINS)
        self._enough = np.log(2 * len(metric.cuts) / alpha)
        self._least = np.full(len(metric.cuts), -1.0)
        self._most = np.full(len(metric.cuts), 1.0)

    def learn(self, running: Counts) -> None:
        self._process.learn(running)

    def add(self, running: Counts, new: Counts) -> None:
        self._process.add(running, new)
        evidence = log_mean(self._process.log_e, -2)  # [directions, margins, cuts]
        excluded = np.where(evidence >= self._enough, MARGINS[:, None], -1.0).max(axis=1)
        # What was excluded once stays excluded: so the interval only shrinks.
        self._least = np.maximum(self._least, excluded[0])
        self._most = np.minimum(self._most, -excluded[1])

    def at(self, cut: int) -> Interval:
        return Interval(float(self._least[cut]), float(self._most[cut]))
