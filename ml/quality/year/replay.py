"""Days of a made-up world through the monitor, as they would come: answers at once, labels later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.quality.judge import DAY, judge
from ml.quality.report import DailyReport
from ml.quality.rules import Rules
from ml.quality.sums import Counter, DaySums, LabelledSums
from ml.quality.year.world import Event, World, labels_of, rows_of, seen

FIRST: Final = dt.date(2026, 1, 1)
SEASON_DAYS: Final = 364 + 8  # before the first day, of which the sums are kept where there is a season


@dataclass(frozen=True, slots=True)
class Traffic:
    """rows: of a day. label_share: of the rows whose label comes at all.

    delay: mean days until it comes, exponentially distributed, no label on the day itself.
    """

    rows: int = 2_000
    label_share: float = 0.25
    delay: float = 10.0


@dataclass(frozen=True, slots=True)
class Day:
    """What the monitor said of day `number`, and what the labels of this day's rows would say if all came."""

    number: int
    report: DailyReport


class Replay:
    """The days of one world in order; `days` yields what the monitor says of each."""

    def __init__(
        self, world: World, seed: int, traffic: Traffic, events: tuple[Event, ...], rules: Rules
    ) -> None:
        self._world, self._seed, self._traffic = world, seed, traffic
        self._events, self._rules = events, rules
        self._answers: dict[dt.date, DaySums] = {}
        self._labels: dict[dt.date, LabelledSums] = {}
        self._coming: dict[int, list[tuple[dt.date, LabelledSums]]] = {}
        self._previous: DailyReport | None = None

    def days(self, count: int) -> Iterator[Day]:
        if any(event.kind == "season" for event in self._events):
            for number in range(-SEASON_DAYS, 0):
                self._answer(number, labels=False)
        for number in range(count):
            self._answer(number, labels=True)
            for scored, sums in self._coming.pop(number, []):
                self._labels[scored] = self._labels.get(scored, LabelledSums.empty()) + sums
            date = FIRST + number * DAY
            now = dt.datetime.combine(date + DAY, dt.time(1), dt.UTC)
            report = judge(
                "simulated",
                self._world.model,
                date,
                self._answers,
                self._labels,
                self._rules,
                now,
                self._previous,
            )
            self._previous = report
            yield Day(number, report)

    def _answer(self, number: int, labels: bool) -> None:
        """Score the rows of a day, and set the labels that will come on their way."""
        random = np.random.default_rng([self._seed, 1, number + SEASON_DAYS])
        events, traffic, world = self._events, self._traffic, self._world
        values = rows_of(random, traffic.rows, number, events)
        matrix = seen(values, number, events)
        probability = world.probability(matrix)
        predicted = probability >= world.decision
        counter = Counter(world.model.drift)
        counter.add(matrix, probability, predicted, 0)
        date = FIRST + number * DAY
        self._answers[date] = counter.sums
        if not labels:
            return
        label = labels_of(random, values, number, events)
        known = random.random(traffic.rows) < traffic.label_share
        delay = 1 + random.exponential(traffic.delay, traffic.rows).astype(int)
        for days in np.unique(delay[known]).tolist():
            mine = known & (delay == days)
            sums = LabelledSums.of(probability[mine], predicted[mine], label[mine])
            self._coming.setdefault(number + days, []).append((date, sums))
