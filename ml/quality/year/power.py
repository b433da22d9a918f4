"""What the alarms catch, after how many rows, how often in vain: over seeds, each a world of its own."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from ml.quality.judge import DAY, judge
from ml.quality.metrics import ranking
from ml.quality.report import RETRAIN, DailyReport, Verdict
from ml.quality.rules import Rules
from ml.quality.sums import Counter, DaySums, LabelledSums
from ml.quality.year.replay import FIRST, Replay, Traffic
from ml.quality.year.world import NUMBERS, Event, World, labels_of, made, rows_of, seen

MANY: Final = 400_000  # rows on which the loss by a concept drift is set
NOW: Final = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
CONCEPT: Final[tuple[Verdict, ...]] = ("concept drift", "covariate shift and concept drift")
MONTHS: Final = 12


def sums_of(
    world: World, random: np.random.Generator, rows: int, events: tuple[Event, ...]
) -> tuple[DaySums, LabelledSums]:
    """Rows of one day, all with their labels."""
    values = rows_of(random, rows, 0.0, events)
    matrix = seen(values, 0, events)
    probability = world.probability(matrix)
    predicted = probability >= world.decision
    counter = Counter(world.model.drift)
    counter.add(matrix, probability, predicted, 0)
    return counter.sums, LabelledSums.of(probability, predicted, labels_of(random, values, 0, events))


@cache
def fade_for(loss: float) -> float:
    """The `size` of a concept drift by which the ROC AUC of a model falls by `loss`."""
    auc, low, high = _auc_by_size(made(0)), 0.0, 1.0
    whole = auc(0.0)
    while high - low > 1e-3:
        middle = (low + high) / 2
        if whole - auc(middle) < loss:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _auc_by_size(world: World) -> Callable[[float], float]:
    """The ROC AUC by the `size` of a concept drift, always on the same rows: it changes only their labels."""
    drawn = np.random.default_rng(0)
    values = rows_of(drawn, MANY, 0.0, ())
    probability = world.probability(seen(values, 0, ()))
    predicted = probability >= world.decision

    def auc(size: float) -> float:
        labels = labels_of(copy.deepcopy(drawn), values, 0, (Event("concept", size=size),))
        measured = ranking(LabelledSums.of(probability, predicted, labels).measured())
        if measured is None:
            raise ValueError("a world without both labels")
        return measured.value

    return auc


def one_day(seed: int, rows: int, events: tuple[Event, ...], rules: Rules, labels: bool) -> DailyReport:
    """The report of one day of `rows` rows, all with labels or none, in the world of that seed."""
    world = made(seed)
    answers, labelled = sums_of(world, np.random.default_rng([seed, 2]), rows, events)
    known = {FIRST: labelled} if labels else {}
    return judge("simulated", world.model, FIRST, {FIRST: answers}, known, rules, NOW)


def covariate_seen(seed: int, rows: int, size: float, rules: Rules) -> bool:
    """Whether a shift of one feature by `size` standard deviations is told in one window of rows."""
    feature = seed % NUMBERS
    report = one_day(seed, rows, (Event("covariate", feature=feature, size=size),), rules, labels=False)
    return f"x{feature}" in report.drifted


def concept_seen(seed: int, rows: int, loss: float, rules: Rules) -> bool:
    """Whether a loss of ROC AUC by concept drift is told as such within that many labelled rows."""
    event = Event("concept", size=fade_for(loss))
    return one_day(seed, rows, (event,), rules, labels=True).diagnosis.verdict in CONCEPT


@dataclass(frozen=True, slots=True)
class Clean:
    """A year in which nothing happens.

    alarms: days with a drifted or broken feature. retrainings: how often a verdict that calls for one began.
    """

    alarms: int
    retrainings: int


def clean_year(seed: int, traffic: Traffic, rules: Rules, days: int = 365) -> Clean:
    alarms, retrainings, before = 0, 0, False
    for day in Replay(made(seed), seed, traffic, (), rules).days(days):
        alarms += bool(day.report.drifted or day.report.with_status("broken"))
        retrainings += day.report.diagnosis.retrain and not before
        before = day.report.diagnosis.retrain
    return Clean(alarms, retrainings)


@dataclass(frozen=True, slots=True)
class Story:
    """What happens, from when on, and the verdicts that would be right then."""

    name: str
    events: tuple[Event, ...]
    right: tuple[Verdict, ...]
    start: int


def stories(start: int = 30) -> tuple[Story, ...]:
    """Each beginning on day `start`. The weak feature has nothing to do with the label, x0 has most."""
    weak, strong, spoiled = 7, 0, 2
    concept = Event("concept", start, size=fade_for(0.05))
    shift = Event("covariate", start, feature=weak, size=0.5)
    season = Event("season", feature=6, size=0.4)
    return (
        Story("nothing", (), ("as in training",), start),
        Story("shift of a feature without weight", (shift,), ("covariate shift",), start),
        Story(
            "shift of the strongest feature",
            (Event("covariate", start, feature=strong, size=0.5),),
            ("covariate shift",),
            start,
        ),
        Story(
            "the strongest feature tells less",
            (Event("narrow", start, feature=strong, size=0.4),),
            ("covariate shift with loss",),
            start,
        ),
        Story("concept drift", (concept,), ("concept drift",), start),
        Story("shift and concept drift", (shift, concept), ("covariate shift and concept drift",), start),
        Story("column constant", (Event("constant", start, feature=spoiled),), ("broken column",), start),
        Story(
            "column in another unit",
            (Event("unit", start, feature=spoiled, size=100.0),),
            ("broken column",),
            start,
        ),
        Story(
            "column constant for ten days",
            (Event("constant", start, start + 10, feature=strong),),
            ("broken column",),
            start,
        ),
        Story("season as every year", (season,), ("as in training", "season"), start),
        Story("season and concept drift", (season, concept), ("concept drift",), start),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """Of one story and seed. first_right: days from its start to the first right verdict; None: never.

    rows, labelled: of the changed traffic, until then. wrong: by verdict, the days with one that was neither
    right nor a step on the way to it.
    """

    story: str
    seed: int
    first_right: int | None
    rows: int
    labelled: int
    wrong: dict[str, int]


QUIET: Final = frozenset({"as in training", "season", "too few rows"})


def told(story: Story, seed: int, traffic: Traffic, rules: Rules, days: int) -> Told:
    """Replay a story. Quiet days on the way are late, not wrong; so is a part of two things that happen."""
    on_the_way = QUIET | ({"covariate shift", "loss"} if RETRAIN & set(story.right) else set())
    first: int | None = None
    rows = labelled = 0
    wrong: dict[str, int] = {}
    for day in Replay(made(seed, story.events), seed, traffic, story.events, rules).days(days):
        verdict = day.report.diagnosis.verdict
        if day.number < story.start:
            if verdict not in QUIET:
                wrong[verdict] = wrong.get(verdict, 0) + 1
            continue
        if first is None:
            rows += day.report.rows
            labelled = changed_labels(day.report, story.start)
            if verdict in story.right:
                first = day.number - story.start
        if verdict not in story.right and verdict not in on_the_way:
            wrong[verdict] = wrong.get(verdict, 0) + 1
    return Told(story.name, seed, first, rows, labelled, wrong)


def changed_labels(report: DailyReport, start: int) -> int:
    """Labelled rows of the window that were scored after the start, at most: the window's days are whole."""
    if report.measured is None:
        return 0
    span = report.measured.span
    days = (span.last - span.first) // DAY + 1
    changed = min(days, (span.last - (FIRST + start * DAY)) // DAY + 1)
    return round(span.rows * max(0, changed) / days)


def share(found: Iterable[bool]) -> float:
    each = list(found)
    return sum(each) / len(each)
