"""The short form of the year: each story is told rightly, power is there, clean traffic stays quiet."""

import pytest

from ml.quality.rules import Rules
from ml.quality.year.__main__ import POWER, RETRAININGS, measure
from ml.quality.year.power import (
    changed_labels,
    clean_year,
    concept_seen,
    covariate_seen,
    one_day,
    stories,
    told,
)
from ml.quality.year.replay import Replay, Traffic
from ml.quality.year.world import Event, made

RULES = Rules()
QUICK = Traffic(rows=2_000, label_share=0.5, delay=4.0)
START = 12
# By name: the stories themselves are drawn from 400,000 rows, which collecting the tests has no need of.
NAMES = (
    "nothing",
    "shift of a feature without weight",
    "shift of the strongest feature",
    "the strongest feature tells less",
    "concept drift",
    "shift and concept drift",
    "column constant",
    "column in another unit",
    "column constant for ten days",
    "season as every year",
    "season and concept drift",
)


def test_a_shift_of_half_a_standard_deviation_is_seen_in_one_window():
    assert all(covariate_seen(seed, 2_000, 0.5, RULES) for seed in range(9))


def test_a_loss_by_concept_drift_is_seen_within_5000_labelled_rows():
    """Measured over 100 seeds it is 0.95; so five of eight have a probability of 0.9999."""
    assert sum(concept_seen(seed, 5_000, 0.05, RULES) for seed in range(8)) >= 5


def test_without_labels_concept_drift_is_not_seen():
    """What CBPE cannot see, by its premise: the docs say so."""
    event = Event("concept", size=0.3)
    clean = one_day(3, 20_000, (), RULES, labels=False)
    drifted = one_day(3, 20_000, (event,), RULES, labels=False)
    assert drifted.diagnosis.verdict == "as in training"
    assert drifted.estimated["roc_auc"].value == pytest.approx(clean.estimated["roc_auc"].value, abs=0.01)


def test_estimated_quality_follows_rows_that_are_harder_to_tell_apart():
    event = Event("narrow", feature=0, size=0.4)
    report = one_day(3, 20_000, (event,), RULES, labels=True)
    assert report.measured is not None
    estimated, measured = report.estimated["roc_auc"], report.measured.metrics["roc_auc"]
    assert report.reference["roc_auc"] - measured.value > 0.03
    assert estimated.value == pytest.approx(measured.value, abs=0.02)
    assert report.diagnosis.verdict == "covariate shift with loss"
    assert report.diagnosis.retrain


def test_each_story_is_asked_for():
    assert tuple(story.name for story in stories(START)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_story_is_told_rightly(name: str):
    (story,) = (each for each in stories(START) if each.name == name)
    found = told(story, 2_001, QUICK, RULES, START + 24)
    assert found.first_right is not None
    assert found.wrong == {}


def test_clean_traffic_starts_no_training():
    found = clean_year(1_000, Traffic(rows=1_000, label_share=0.5), RULES, days=60)
    assert (found.alarms, found.retrainings) == (0, 0)


def test_days_in_a_row_are_counted_and_begin_anew():
    event = Event("covariate", 3, 5, feature=4, size=0.8)
    days = [day.report for day in Replay(made(5), 5, QUICK, (event,), RULES).days(7)]
    counted = [next(each for each in day.features if each.name == "x4") for day in days]
    assert [each.status for each in counted] == ["stable"] * 3 + ["drifted"] * 2 + ["stable"] * 2
    assert [each.days for each in counted] == [1, 2, 3, 1, 2, 1, 2]


def test_labels_of_days_with_a_broken_column_do_not_count():
    event = Event("constant", 2, 5, feature=0)
    *_, last = Replay(made(5), 5, QUICK, (event,), RULES).days(14)
    assert len(last.report.broken_days) == 3
    assert last.report.measured is not None
    assert last.report.diagnosis.verdict == "as in training"
    assert changed_labels(last.report, 5) > 0


def test_a_report_is_read_as_it_was_written():
    report = one_day(7, 3_000, (), RULES, labels=True)
    assert type(report).model_validate_json(report.model_dump_json()) == report


@pytest.mark.slow
def test_the_long_form_keeps_the_targets_of_the_docs():
    found = measure(seeds=100, years=2, retold=1, days=90, workers=2)
    assert found["power"]["covariate_shift"] >= POWER
    assert found["power"]["concept_drift"] >= POWER
    assert found["clean"]["false_retrainings_a_year"] <= RETRAININGS
    assert found["met"]
