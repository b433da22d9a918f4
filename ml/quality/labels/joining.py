"""Labels meet answers. Each label of a file has exactly one outcome, and each outcome is counted.

| outcome | rule |
|---|---|
| taken | the first label of an answer: recorded |
| corrected | another label than the known one, observed later: recorded, and counts from now on |
| repeated | the label that is known: nothing to record |
| contradicting | another label, not observed later; or two labels of one moment in a file: not recorded |
| early | observed before any answer that it could be about: not recorded |
| unknown | no answer has that request and row, or that key: not recorded; giving the file again tries again |

A label is about the latest answer that was scored when the label was observed: of its request and row, or of
its key. Late, beside the outcome: taken or corrected for an answer so old that no window will look at it.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from ml.quality.labels.file import Given

Outcome = Literal["taken", "corrected", "repeated", "contradicting", "early", "unknown"]
OUTCOMES: Final[tuple[Outcome, ...]] = (
    "taken",
    "corrected",
    "repeated",
    "contradicting",
    "early",
    "unknown",
)


class Answer(NamedTuple):
    """A kept answer, as far as labels need it. predicted: the label that was answered."""

    request_id: str
    row: int
    key: str | None
    scored_at: dt.datetime
    probability: float
    predicted: int
    model: str


class Known(NamedTuple):
    """What the table says of an answer: its latest label."""

    label: int
    observed_at: dt.datetime


Place = tuple[str, int, dt.datetime]  # request, row, scored at: one answer


def place(answer: Answer) -> Place:
    return answer.request_id, answer.row, answer.scored_at


@dataclass(frozen=True, slots=True)
class Joined:
    """new: what is to be recorded, in the order of observation. counts: by outcome. late: of the new."""

    new: tuple[tuple[Answer, Given], ...]
    counts: dict[Outcome, int]
    late: int

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Of the answers that got a label."""
        return tuple(sorted({answer.scored_at.date() for answer, _ in self.new}))


@dataclass
class _Index:
    """Answers by request and row, and by key, each in the order of time."""

    by_request: dict[tuple[str, int], list[Answer]] = field(default_factory=lambda: defaultdict(list))
    by_key: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))

    @staticmethod
    def of(answers: Iterable[Answer]) -> _Index:
        made = _Index()
        for answer in sorted(answers, key=lambda each: (each.scored_at, each.request_id, each.row)):
            made.by_request[answer.request_id, answer.row].append(answer)
            if answer.key is not None:
                made.by_key[answer.key].append(answer)
        return made

    def candidates(self, given: Given) -> list[Answer]:
        if given.request_id is not None:
            return self.by_request.get((given.request_id, given.row), [])
        return self.by_key.get(given.key or "", [])


def join(
    given: Sequence[Given],
    answers: Iterable[Answer],
    known: dict[Place, Known],
    received_at: dt.datetime,
    counts_for: dt.timedelta,
) -> Joined:
    """known: the recorded labels. counts_for: how old an answer's label still matters."""
    index = _Index.of(answers)
    counts: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)
    about: dict[Place, list[tuple[Answer, Given]]] = defaultdict(list)
    for label in given:
        candidates = index.candidates(label)
        if not candidates:
            counts["unknown"] += 1
            continue
        scored = bisect_right([each.scored_at for each in candidates], label.observed_at)
        if not scored:
            counts["early"] += 1
            continue
        answer = candidates[scored - 1]
        about[place(answer)].append((answer, label))
    new: list[tuple[Answer, Given]] = []
    for where, labels in about.items():
        new += _settled(labels, known.get(where), counts)
    late = sum(1 for answer, _ in new if received_at - answer.scored_at > counts_for)
    return Joined(tuple(sorted(new, key=lambda each: each[1].observed_at)), counts, late)


def _settled(
    labels: list[tuple[Answer, Given]], known: Known | None, counts: dict[Outcome, int]
) -> list[tuple[Answer, Given]]:
    """The labels of one answer, moment by moment: those to be recorded."""
    moments: dict[dt.datetime, list[tuple[Answer, Given]]] = defaultdict(list)
    for each in labels:
        moments[each[1].observed_at].append(each)
    new: list[tuple[Answer, Given]] = []
    for moment in sorted(moments):
        same = moments[moment]
        label = same[0][1].label
        if any(each.label != label for _, each in same):
            counts["contradicting"] += len(same)
            continue
        if known is None or (known.label != label and moment > known.observed_at):
            counts["taken" if known is None else "corrected"] += 1
            counts["repeated"] += len(same) - 1
            known = Known(label, moment)
            new.append(same[0])
        else:
            counts["repeated" if known.label == label else "contradicting"] += len(same)
    return new
