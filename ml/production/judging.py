"""Looks at a canary: what both revisions told, how the judge finds it, whether the new one still stands."""

import math
from dataclasses import dataclass
from typing import Any

from ml.production.canary.counts import Block
from ml.production.canary.judge import Judge, Judgement
from ml.production.canary.steps import Step
from ml.production.state import State
from ml.production.world import Plan, World

BEFORE_SECONDS = 1800.0  # of the running revision alone, from which the judge guesses what it will do


@dataclass(frozen=True, slots=True)
class Look:
    """One look. judged: requests of the new revision in this step; seconds: of this step; breach: why to go
    back, "" if there is no reason; enough: whether the next step may begin."""

    step: Step
    weights: dict[str, int]
    judgement: Judgement
    judged: int
    seconds: float
    lag: float
    breach: str

    @property
    def enough(self) -> bool:
        return not self.breach and self.step.least > 0 and self.judged >= self.step.least


class Watch:
    """One run of a canary. A run that takes it up judges the same blocks again, from the first on."""

    def __init__(self, world: World, plan: Plan, state: State) -> None:
        self._world, self._plan = world, plan
        self._serving = state.serving
        self._judge: Judge | None = None
        self._next = 0.0
        self._judged: dict[int, int] = {}

    def look(self, step: Step, began: float, first: float) -> Look:
        """began: when the pool had the step's weights. first: what began earlier is not judged."""
        world, now = self._world, self._world.clock.now()
        lag = world.telemetry.lag()
        # Counts leave a revision at the end of its interval: until then they are on no way at all.
        until = now - lag - self._plan.metric_seconds
        judge = self._judge or self._begun(first, until)
        for block in self._blocks(until):
            judge.add(block)
            if block.start >= began:
                self._judged[step.percent] = self._judged.get(step.percent, 0) + block.requests()[1]
        judgement, judged = judge.judgement(), self._judged.get(step.percent, 0)
        breach = self._breach(judge, judgement, began)
        return Look(step, world.pool.members(), judgement, judged, now - began, lag, breach)

    def _begun(self, first: float, until: float) -> Judge:
        judge, world = Judge(), self._world
        self._judge, self._next = judge, first
        if self._serving:
            earlier = world.telemetry.blocks(
                self._serving.release, self._plan.release, first - BEFORE_SECONDS, min(first, until)
            )
            for block in earlier:
                judge.learn(block)
        return judge

    def _blocks(self, until: float) -> list[Block]:
        if not self._serving or until <= self._next:
            return []
        found = self._world.telemetry.blocks(self._serving.release, self._plan.release, self._next, until)
        if found:
            self._next = math.nextafter(found[-1].start, math.inf)
        return found

    def _breach(self, judge: Judge, judgement: Judgement, began: float) -> str:
        if judge.breached:
            return judgement.words()
        world, revision = self._world, self._plan.revision
        there = next((one for one in world.cluster.revisions() if one.name == revision), None)
        if there is None or there.ready == 0:
            return f"no pod of {revision} is ready"
        failures = world.telemetry.failures(world.cluster.address(revision), began)
        if failures >= self._plan.failures:
            return f"its circuit breaker tripped: {failures} failures, {self._plan.failures} are too many"
        return ""


def judged(look: Look) -> dict[str, Any]:
    """A look as it is written down."""
    judgement = look.judgement
    return {
        "percent": look.step.percent,
        "running": judgement.running,
        "new": judgement.new,
        "judged": look.judged,
        "evidence": judgement.evidence,
        "words": look.breach or judgement.words(),
        "metrics": {
            finding.name: {
                "running": finding.running,
                "new": finding.new,
                "cut": finding.cut,
                "low": finding.interval.low,
                "high": finding.interval.high,
                "evidence": finding.evidence,
            }
            for finding in judgement.findings
        },
    }
