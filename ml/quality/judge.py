"""Sums of days -> the report of one day. Pure: the same sums give the same report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Final, Protocol, Self, TypeVar

from ml.quality.diagnosis import diagnose
from ml.quality.drift import FeatureState, features
from ml.quality.faults import is_broken
from ml.quality.metrics import Estimate, Outcomes, all_of, label_noise, ranking
from ml.quality.reference import Model, level_noise
from ml.quality.report import (
    DailyReport,
    FeatureReport,
    Freshness,
    Measured,
    Span,
    Test,
    Value,
)
from ml.quality.rules import Rules
from ml.quality.sums import DaySums, LabelledSums

DAY: Final = dt.timedelta(days=1)
NORMAL: Final = NormalDist()


class _Sums(Protocol):
    def __add__(self, other: Self, /) -> Self: ...


S = TypeVar("S", bound=_Sums)


def latest(
    sums: Mapping[dt.date, S], last: dt.date, days: int, enough: int, rows: Callable[[S], int]
) -> tuple[Span, S] | None:
    """The latest days up to `last`, as few as have `enough` rows together, `days` at most. None: no rows."""
    found: S | None = None
    day = last
    for day in (last - number * DAY for number in range(days)):
        if day in sums:
            found = sums[day] if found is None else found + sums[day]
        if found is not None and rows(found) >= enough:
            break
    return None if found is None else (Span(first=day, last=last, rows=rows(found)), found)


def season_of(sums: Mapping[dt.date, DaySums], last: dt.date, rules: Rules) -> DaySums | None:
    """The days around one year before, together. None while they have fewer rows than a window."""
    middle = last - rules.season_days * DAY
    half = rules.season_width // 2
    found: DaySums | None = None
    for number in range(-half, rules.season_width - half):
        each = sums.get(middle + number * DAY)
        if each is not None:
            found = each if found is None else found + each
    return found if found is not None and found.rows >= rules.window_rows else None


def judge(
    environment: str,
    model: Model,
    date: dt.date,
    answers: Mapping[dt.date, DaySums],
    labels: Mapping[dt.date, LabelledSums],
    rules: Rules,
    generated_at: dt.datetime,
    previous: DailyReport | None = None,
    other_models: Mapping[str, int] | None = None,
    freshness: Freshness | None = None,
) -> DailyReport:
    """The report of a day.

    answers, labels: sums of this model by the day on which rows were scored; those of a year before serve as
    its season. previous: the report of the day before, from which days in a row are counted.
    """
    today = answers.get(date)
    window = latest(answers, date, rules.window_days, rules.window_rows, lambda each: each.rows)
    states: tuple[FeatureState, ...] = ()
    span: Span | None = None
    estimated: dict[str, Estimate] = {}
    if window is not None and window[0].rows >= rules.least_rows:
        span, sums = window
        states = features(model.drift, sums, season_of(answers, date, rules), rules)
    expected = latest(answers, date, rules.window_days, rules.estimated_rows, lambda each: each.rows)
    expected_span: Span | None = None
    outcomes: Outcomes | None = None
    if expected is not None and expected[0].rows >= rules.least_rows:
        expected_span, outcomes = expected[0], expected[1].scores.estimated()
        estimated = all_of(outcomes, model.costs)
    reported = tuple(_feature(state, date, previous) for state in states)
    broken = _broken_days(model, date, answers, rules, previous)
    fit = {day: each for day, each in labels.items() if day not in broken}
    measured = _measured(model, date, fit, rules)
    told = {name: Value.of(each) for name, each in estimated.items()}
    return DailyReport(
        environment=environment,
        date=date,
        model=model.name,
        generated_at=generated_at,
        rows=0 if today is None else today.rows,
        other_models=dict(other_models or {}),
        outliers=0 if today is None else today.outliers,
        outlier_share_expected=model.outlier_share,
        window=span,
        features=reported,
        estimated_window=expected_span,
        estimated=told,
        reference=_reference(model),
        measured=measured,
        labelled=sum(
            each.total for day, each in labels.items() if date - rules.labelled_days * DAY < day <= date
        ),
        broken_days=tuple(sorted(broken)),
        freshness=freshness or Freshness(),
        diagnosis=diagnose(
            reported,
            told.get("roc_auc"),
            _loss_expected(model, outcomes, rules),
            _loss(model, measured, rules),
            measured,
        ),
    )


def _feature(state: FeatureState, date: dt.date, previous: DailyReport | None) -> FeatureReport:
    days = 1
    if previous is not None and previous.date == date - DAY:
        before = next((each for each in previous.features if each.name == state.name), None)
        if before is not None and before.status == state.status:
            days += before.days
    return FeatureReport(
        name=state.name,
        status=state.status,
        psi=state.psi,
        p_adjusted=state.p_adjusted,
        nulls=state.nulls,
        days=days,
        fault=None if state.fault is None else state.fault.words,
    )


def _broken_days(
    model: Model,
    date: dt.date,
    answers: Mapping[dt.date, DaySums],
    rules: Rules,
    previous: DailyReport | None,
) -> set[dt.date]:
    """Days with a broken column, among those whose labels count; what the last report knew is not redone."""
    first = date - (rules.labelled_days - 1) * DAY
    known = previous if previous is not None and previous.model == model.name else None
    found = {day for day in (known.broken_days if known else ()) if first <= day}
    since = max(first, known.date + DAY) if known else first
    new = {day for day in answers if since <= day <= date and is_broken(model.drift, answers[day], rules)}
    return found | new


def _reference(model: Model) -> dict[str, float]:
    if model.baseline is None:
        return {}
    return {"roc_auc": model.baseline.roc_auc, **model.baseline.metrics()}


def _loss_expected(model: Model, outcomes: Outcomes | None, rules: Rules) -> bool:
    """Whether the estimated ROC AUC lies below that of the test rows by more than chance.

    Both come from probabilities alone, so the part of their intervals that labels make is taken off.
    """
    found = None if outcomes is None else ranking(outcomes)
    base = model.baseline
    if base is None or found is None or outcomes is None:
        return False
    loss = base.estimated_roc_auc - found.value
    of_rows = found.deviation**2 - label_noise(outcomes) ** 2
    of_test_rows = base.roc_auc_deviation**2 - base.label_noise**2
    deviation = (max(of_rows, 0.0) + max(of_test_rows, 0.0)) ** 0.5
    return loss >= rules.least_loss and _tail(loss, deviation) <= rules.concept_level


def _loss(model: Model, measured: Measured | None, rules: Rules) -> bool:
    """Whether the measured ROC AUC lies below that of the test rows by more than chance."""
    if model.baseline is None or measured is None or "roc_auc" not in measured.metrics:
        return False
    found = measured.metrics["roc_auc"]
    loss = model.baseline.roc_auc - found.value
    width = (found.high - found.value) / NORMAL.inv_cdf(0.975)
    deviation = (width**2 + model.baseline.roc_auc_deviation**2) ** 0.5
    return loss >= rules.least_loss and _tail(loss, deviation) <= rules.concept_level


def _tail(value: float, deviation: float) -> float:
    return 1.0 - NORMAL.cdf(value / deviation) if deviation > 0 else 1.0


def _measured(
    model: Model, date: dt.date, labels: Mapping[dt.date, LabelledSums], rules: Rules
) -> Measured | None:
    """Quality over the latest labelled rows. None while they are too few, or of one label nearly all."""
    window = latest(labels, date, rules.labelled_days, rules.labelled_rows, lambda each: each.total)
    if window is None:
        return None
    span, sums = window
    positives = int(sums.positives.sum())
    if span.rows < rules.least_labelled or min(positives, span.rows - positives) < rules.least_class:
        return None
    metrics = all_of(sums.measured(), model.costs)
    expected = all_of(sums.scores.estimated(), model.costs)
    return Measured(
        span=span,
        positives=positives,
        metrics={name: Value.of(each) for name, each in metrics.items()},
        estimated={name: Value.of(each) for name, each in expected.items()},
        ranking=_ranking_test(model, sums, metrics, expected, rules),
        level=_level_test(model, sums, rules),
    )


def _ranking_test(
    model: Model,
    sums: LabelledSums,
    metrics: Mapping[str, Estimate],
    expected: Mapping[str, Estimate],
    rules: Rules,
) -> Test | None:
    """Is the measured ROC AUC lower than the probabilities of the very same rows expected it to be?

    Rows that are harder lower both alike, so covariate shift takes no part. What the difference was on the
    test rows (probabilities that are not perfectly calibrated) is taken off. One-sided.
    """
    base = model.baseline
    if base is None or "roc_auc" not in metrics or "roc_auc" not in expected:
        return None
    value = expected["roc_auc"].value - metrics["roc_auc"].value - (base.estimated_roc_auc - base.roc_auc)
    deviation = (label_noise(sums.scores.estimated()) ** 2 + base.label_noise**2) ** 0.5
    p_value = _tail(value, deviation)
    alarm = value >= rules.least_loss and p_value <= rules.concept_level
    return Test(value=value, deviation=deviation, p_value=p_value, alarm=alarm)


def _level_test(model: Model, sums: LabelledSums, rules: Rules) -> Test | None:
    """Has another share of the rows label 1 than their probabilities say? Two-sided."""
    base = model.baseline
    if base is None:
        return None
    expected = sums.scores.estimated().positives / sums.total
    value = expected - float(sums.positives.sum()) / sums.total - (base.expected_share - base.label_share)
    deviation = (level_noise(sums) ** 2 + base.level_noise**2) ** 0.5
    p_value = min(1.0, 2.0 * _tail(abs(value), deviation))
    alarm = abs(value) >= rules.least_level and p_value <= rules.concept_level
    return Test(value=value, deviation=deviation, p_value=p_value, alarm=alarm)
