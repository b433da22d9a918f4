"""The judge: takes blocks of counts, and says after each whether the new revision is worse than is borne.

Evidence is the mean of the metrics' evidence, which is a process of the same kind: that it ever reaches
1/ALPHA has probability ALPHA at most for a revision that stays within all margins. No correction for
looking often, for several metrics or for several steps is left to be made.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.production.canary.counts import Block, Counts
from ml.production.canary.evalues import Numbers, log_mean
from ml.production.canary.interval import Interval, Intervals
from ml.production.canary.metrics import ALPHA, METRICS, Name
from ml.production.canary.process import Process

SHOWN: Final = 0.95
"""What the shown intervals hold the true difference with, all the time together. They decide nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One metric. evidence: the logarithm of E. difference: of the shares, new minus running, at the cut
    where it is largest; interval: of that difference."""

    name: Name
    evidence: float
    running: float
    new: float
    cut: float
    interval: Interval

    @property
    def difference(self) -> float:
        return self.new - self.running


@dataclass(frozen=True, slots=True)
class Judgement:
    """After some blocks. running, new: how many scores of each revision were judged."""

    blocks: int
    running: int
    new: int
    evidence: float
    findings: tuple[Finding, ...]

    @property
    def breach(self) -> bool:
        return self.evidence >= math.log(1 / ALPHA)

    @property
    def worst(self) -> Finding | None:
        """The metric that says most against the new revision."""
        return max(self.findings, key=lambda finding: finding.evidence, default=None)

    def words(self) -> str:
        """One sentence for a person."""
        worst = self.worst
        if worst is None or not self.breach:
            return f"{self.new} requests judged against {self.running}: within all margins"
        where = f" at {worst.cut:g}" if worst.cut else ""
        return (
            f"{worst.name}{where}: {worst.new:.1%} against {worst.running:.1%} of the running revision, "
            f"after {self.new} requests"
        )


class Judge:
    """One release, from its first step to its last."""

    def __init__(self) -> None:
        self._processes: dict[Name, Process] = {metric.name: Process(metric) for metric in METRICS}
        self._intervals: dict[Name, Intervals] = {
            metric.name: Intervals(metric, 1 - SHOWN) for metric in METRICS
        }
        self._totals: dict[Name, list[Counts]] = {}
        self._blocks = self._running = self._new = 0
        self.breached = False
        """Whether evidence ever was enough: what comes later does not take it back."""

    def learn(self, block: Block) -> None:
        """What the running revision did before the new one got requests."""
        for name, process in self._processes.items():
            process.learn(block.running[name])
            self._intervals[name].learn(block.running[name])

    def add(self, block: Block) -> Judgement:
        """Take one more block, later than all before it."""
        for name, process in self._processes.items():
            pair = (block.running[name], block.new[name])
            process.add(*pair)
            self._intervals[name].add(*pair)
            before = self._totals.get(name)
            self._totals[name] = (
                [
                    Counts(more.requests + sum_.requests, more.over + sum_.over)
                    for more, sum_ in zip(pair, before or pair, strict=True)
                ]
                if before
                else list(pair)
            )
        running, new = block.requests()
        self._blocks, self._running, self._new = self._blocks + 1, self._running + running, self._new + new
        judgement = self.judgement()
        self.breached = self.breached or judgement.breach
        return judgement

    def judgement(self) -> Judgement:
        each: dict[Name, Numbers] = {name: process.evidence for name, process in self._processes.items()}
        together = float(log_mean(np.stack(list(each.values())), 0))
        findings = tuple(self._finding(name, float(value)) for name, value in each.items())
        return Judgement(self._blocks, self._running, self._new, together, findings)

    def _finding(self, name: Name, evidence: float) -> Finding:
        process = self._processes[name]
        running, new = (
            self._totals.get(name) or [Counts(np.zeros(()), np.zeros(len(process.metric.cuts)))] * 2
        )
        shares = [counts.over / np.maximum(counts.requests, 1) for counts in (running, new)]
        difference = shares[1] - shares[0]
        at = int(np.argmax(np.abs(difference) if process.metric.falls else difference))
        return Finding(
            name,
            evidence,
            float(shares[0][at]),
            float(shares[1][at]),
            process.metric.cuts[at],
            self._intervals[name].at(at),
        )
