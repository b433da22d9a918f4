"""Simulated releases: how often a good one goes back, and how many requests a bad one answers until it does.

Seeded. Requests arrive at random; durations are lognormal with a heavy tail, probabilities and outliers as
of the example model. Everything that differs between revisions is in `SCENARIOS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from ml.production.canary.counts import Counts
from ml.production.canary.evalues import Numbers, log_mean
from ml.production.canary.metrics import ALPHA, CUTS, METRICS, Name
from ml.production.canary.process import Process
from ml.production.canary.steps import STEPS, Step
from scoring.telemetry.classes import BOUNDS_MS

A_BLOCK: Final = 400.0  # requests of both revisions together
BEFORE: Final = 10  # blocks of the running revision alone
SAMPLES: Final = 200_000  # of which the distributions are made


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Shares, one item for each cut of the metric. outliers: of rows."""

    failures: float
    latency: Numbers
    predictions: Numbers
    outliers: float

    def shares(self) -> dict[Name, Numbers]:
        return {
            "failures": np.array([self.failures]),
            "latency": self.latency,
            "predictions": self.predictions,
            "outliers": np.array([self.outliers]),
        }


@cache
def behaviour(
    failures: float = 0.002, slower: float = 1.0, shift: float = 0.0, outliers: float = 0.01
) -> Behaviour:
    """slower: factor of every duration. shift: of every probability's logit."""
    rng = np.random.default_rng(7)
    milliseconds = 6.0 * np.exp(0.5 * rng.standard_normal(SAMPLES))
    tail = rng.random(SAMPLES) < 0.02
    milliseconds = np.where(tail, 20.0 * (1 + rng.pareto(1.3, SAMPLES)), milliseconds) * slower
    logits = np.log(1 / rng.beta(1.2, 4.0, SAMPLES) - 1) * -1 + shift
    probabilities = 1 / (1 + np.exp(-logits))
    return Behaviour(
        failures,
        np.array([(milliseconds > bound).mean() for bound in BOUNDS_MS]),
        np.array([(probabilities >= cut).mean() for cut in CUTS]),
        outliers,
    )


@dataclass(frozen=True, slots=True)
class Scenario:
    """good: whether it stays within all margins. both: what happens to both revisions in a block, by its
    number: a factor of the rate of failures and one of durations."""

    title: str
    good: bool
    new: Behaviour
    both: Callable[[int], tuple[float, float]] = lambda block: (1.0, 1.0)


def _unrest(block: int) -> tuple[float, float]:
    """Every few blocks both revisions fail and are slow, as when what they share is in trouble."""
    return (100.0, 4.0) if block % 7 in (2, 3) else (1.0, 1.0)


def scenarios() -> tuple[Scenario, ...]:
    edge = behaviour(failures=0.012, outliers=0.04)
    return (
        Scenario("the same as the running one", True, behaviour()),
        Scenario("the same, while both are in trouble at times", True, behaviour(), _unrest),
        Scenario("worse by the margins of failures and outliers", True, edge),
        Scenario("5% of requests fail", False, behaviour(failures=0.05)),
        Scenario("twice as slow", False, behaviour(slower=2.0)),
        Scenario("predictions shifted by 1 logit", False, behaviour(shift=1.0)),
        Scenario("12% of rows are outliers", False, behaviour(outliers=0.12)),
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """title: the scenario's. back: the share of releases that went back. requests: how many scores of the new
    revision were judged until then, at the 50th, 95th and 99th of a hundred; NaN where none went back."""

    title: str
    good: bool
    releases: int
    back: float
    requests: tuple[float, ...]


def simulate(scenario: Scenario, releases: int, seed: int, steps: tuple[Step, ...] = STEPS) -> Outcome:
    """Take so many releases through the steps that are judged."""
    rng = np.random.default_rng(seed)
    ordinary, troubled = behaviour(), behaviour(slower=_unrest(2)[1])
    processes: dict[Name, Process] = {metric.name: Process(metric, (releases,)) for metric in METRICS}
    for _ in range(BEFORE):
        seen = _drawn(rng, ordinary, np.full(releases, A_BLOCK), 1.0)
        for name, process in processes.items():
            process.learn(seen[name])
    judged, caught, at = np.zeros(releases), np.zeros(releases, dtype=bool), np.full(releases, np.nan)
    block = 0
    for step in [step for step in steps if step.least]:
        aim = judged.mean() + step.least
        while judged.mean() < aim and not caught.all():
            failing, slower = scenario.both(block)
            share = step.percent / 100
            pair = (troubled, troubled) if slower > 1 else (ordinary, scenario.new)
            parts = (1 - share, share)
            running, new = (
                _drawn(rng, what, np.full(releases, A_BLOCK * part), failing)
                for what, part in zip(pair, parts, strict=True)
            )
            for name, process in processes.items():
                process.add(running[name], new[name])
            judged = judged + new["failures"].requests
            together = log_mean(np.stack([process.evidence for process in processes.values()]), 0)
            fresh = (together >= np.log(1 / ALPHA)) & ~caught
            at = np.where(fresh, judged, at)
            caught |= fresh
            block += 1
    found = at[caught]
    points = np.percentile(found, (50, 95, 99)) if len(found) else np.full(3, np.nan)
    return Outcome(scenario.title, scenario.good, releases, float(caught.mean()), tuple(map(float, points)))


def _drawn(rng: np.random.Generator, what: Behaviour, mean: Numbers, failing: float) -> dict[Name, Counts]:
    requests = rng.poisson(mean).astype(np.float64)
    found: dict[Name, Counts] = {}
    for name, shares in what.shares().items():
        if name == "failures":
            shares = np.minimum(shares * failing, 1.0)
        # The shares beyond rising cuts fall; the differences are those of the classes between them.
        edges = np.concatenate([[1.0], shares, [0.0]])
        classes = rng.multinomial(requests.astype(np.int64), edges[:-1] - edges[1:])
        over = classes[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:].astype(np.float64)
        found[name] = Counts(requests, over)
    return found
