"""Decides which trials are ended early because others are better.

A trial's interval is how often it has logged the primary metric; what it is worth at an interval is the best
of what it had logged by then.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Series = Mapping[str, Sequence[float]]  # trial -> the values of its primary metric, in their order
BANDIT, MEDIAN, TRUNCATION = "bandit", "medianstopping", "truncationselection"


@dataclass(frozen=True, slots=True)
class Policy:
    """``slack_factor`` or ``slack_amount`` are a bandit's, ``percentage`` a truncation's."""

    kind: str
    interval: int = 1
    delay: int = 0
    slack_factor: float = 0.0
    slack_amount: float = 0.0
    percentage: int = 0

    def due(self, interval: int) -> bool:
        """Whether trials are compared at an interval."""
        return interval > 0 and interval >= self.delay and interval % self.interval == 0

    def ends(self, trial: str, interval: int, series: Series, *, maximize: bool) -> bool:
        """Whether the trial is to end at the interval, which it has reached."""
        signed = {
            name: [value if maximize else -value for value in values] for name, values in series.items()
        }
        reached = {name: values[:interval] for name, values in signed.items() if len(values) >= interval}
        own = max(reached[trial])
        if len(reached) < 2:
            return False
        if self.kind == BANDIT:
            return own < self._bar(max(max(values) for values in reached.values()))
        if self.kind == MEDIAN:
            return own < statistics.median(statistics.fmean(values) for values in reached.values())
        ranking = sorted(reached, key=lambda name: max(reached[name]))
        return trial in ranking[: len(ranking) * self.percentage // 100]

    def _bar(self, best: float) -> float:
        """What a trial must have, never more than the best; ``best`` is negated where less is better.

        Azure states the factor for a positive metric to maximise: a trial worth y is ended when
        y + y * factor is less than the best. The other three cases are the same ratio, away from the best.
        """
        if self.slack_amount:
            return best - self.slack_amount
        return best / (1 + self.slack_factor) if best > 0 else best * (1 + self.slack_factor)
