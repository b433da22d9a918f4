"""The judge: what it sends back, what it lets through, what it says; its figures by a small simulation."""

import math
import tomllib
from pathlib import Path

import pytest

from ml.errors import MlopsError
from ml.production.canary.judge import Judge
from ml.production.canary.metrics import ALPHA, METRICS, Metric
from ml.production.canary.simulation import Scenario, behaviour, scenarios, simulate
from ml.production.canary.steps import STEPS, table
from ml.settings import FILE, checked, read_settings
from tests.ml.production.worlds import block, counts

BY_TITLE = {scenario.title: scenario for scenario in scenarios()}
FIRST = STEPS[0].least
RELEASES = Path(__file__).resolve().parents[3] / "demo" / "releases"


@pytest.mark.parametrize("scenario", [s for s in BY_TITLE.values() if s.good], ids=lambda s: s.title)
def test_a_good_release_goes_back_no_more_often_than_stated(scenario: Scenario) -> None:
    outcome = simulate(scenario, 60, 3)
    assert outcome.back <= ALPHA  # of 60, none


@pytest.mark.parametrize("scenario", [s for s in BY_TITLE.values() if not s.good], ids=lambda s: s.title)
def test_a_bad_release_goes_back_within_the_first_step(scenario: Scenario) -> None:
    outcome = simulate(scenario, 60, 4)
    assert outcome.back == 1.0
    assert outcome.requests[1] <= FIRST


def test_a_release_far_beyond_one_margin_is_not_hidden_by_three_good_metrics() -> None:
    bad = Scenario("half of all requests fail", False, behaviour(failures=0.5))
    outcome = simulate(bad, 40, 5)
    assert outcome.back == 1.0
    assert outcome.requests[2] < 100


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_the_metric_that_differs_is_named_with_its_figures(metric: Metric) -> None:
    judge = Judge()
    judge.learn(block(counts(1000), counts(0)))
    for _ in range(10):
        judgement = judge.add(block(counts(900), counts(100, **{metric.name: 0.4})))
    assert judgement.breach
    assert judge.breached
    worst = judgement.worst
    assert worst is not None
    assert worst.name == metric.name
    assert (judgement.running, judgement.new) == (9000, 1000)
    assert worst.difference == pytest.approx(0.39)
    assert metric.margin < worst.interval.low < 0.39 < worst.interval.high
    assert metric.name in judgement.words()
    assert "40.0% against 1.0%" in judgement.words()


def test_what_is_better_is_no_breach_and_intervals_hold_the_difference() -> None:
    judge = Judge()
    judge.learn(block(counts(1000, failures=0.3, latency=0.4, outliers=0.3), counts(0)))
    for _ in range(20):
        judgement = judge.add(
            block(
                counts(900, failures=0.3, latency=0.4, outliers=0.3), counts(100, failures=0.0, latency=0.1)
            )
        )
    assert not judge.breached
    by_name = {finding.name: finding for finding in judgement.findings}
    failures = by_name["failures"]
    assert failures.difference == pytest.approx(-0.3)
    assert failures.interval.low < -0.3 < failures.interval.high < 0
    assert "within all margins" in judgement.words()


def test_trouble_that_both_have_is_no_breach() -> None:
    judge = Judge()
    judge.learn(block(counts(1000), counts(0)))
    for number in range(20):
        share = 0.6 if number in (5, 6, 7) else 0.01
        judgement = judge.add(block(counts(900, failures=share), counts(100, failures=share)))
    assert judgement.evidence < 0


def test_without_requests_nothing_is_said() -> None:
    judge = Judge()
    assert judge.judgement().evidence == 0
    assert judge.add(block(counts(500, failures=0.5), counts(0))).evidence == 0
    assert judge.add(block(counts(0), counts(500, failures=0.5))).evidence == 0


def test_a_breach_stays_one_when_later_blocks_are_good() -> None:
    judge = Judge()
    for _ in range(5):
        judge.add(block(counts(900), counts(100, failures=0.5)))
    assert judge.breached
    for _ in range(60):
        judge.add(block(counts(900), counts(100)))
    assert judge.breached


def test_the_steps_rise_to_all_and_ask_for_more_each_time() -> None:
    percents = [step.percent for step in STEPS]
    assert percents == sorted(set(percents))
    assert percents[-1] == 100
    judged = [step.least for step in STEPS[:-1]]
    assert all(least > 0 for least in judged)
    assert STEPS[-1].least == 0  # nothing runs beside it
    assert math.isclose(ALPHA, 0.01)


def test_settings_ask_for_other_numbers_of_the_steps_that_they_name() -> None:
    tree = {**tomllib.loads(FILE.read_text("utf-8"))}
    assert table(checked(tree, FILE).production.judged_requests()) == STEPS
    tree["production"] = {**tree["production"], "judged": {"at_50_percent": 500}}
    found = table(checked(tree, FILE).production.judged_requests())
    assert [step.least for step in found] == [STEPS[0].least, 500, 0]
    assert [step.percent for step in found] == [step.percent for step in STEPS]


@pytest.mark.parametrize("judged", [{"at_10_percent": 99}, {"at_10_percent": True}, {"at_20_percent": 500}])
def test_steps_that_could_judge_nothing_are_refused_by_name(judged: dict[str, object]) -> None:
    tree = tomllib.loads(FILE.read_text("utf-8"))
    tree["production"] = {**tree["production"], "judged": judged}
    with pytest.raises(MlopsError) as refused:
        checked(tree, FILE)
    assert f"production.judged.{next(iter(judged))}" in str(refused.value.details)


@pytest.mark.parametrize("file", sorted(RELEASES.glob("*.toml")), ids=lambda file: file.stem)
def test_the_demos_shorter_steps_catch_what_its_bad_release_does(file: Path) -> None:
    """It fails at one request in twenty: callers send too many rows as often."""
    steps = table(read_settings(FILE, file).production.judged_requests())
    assert simulate(BY_TITLE["5% of requests fail"], 100, 5, steps).back >= 0.97
    assert simulate(BY_TITLE["the same as the running one"], 100, 6, steps).back <= ALPHA


def test_a_metric_whose_effects_are_within_its_margin_is_refused() -> None:
    with pytest.raises(ValueError, match="effects"):
        Metric("failures", (0.0,), 0.1, (0.05,), False, "")
    with pytest.raises(ValueError, match="rise"):
        Metric("latency", (2.0, 1.0), 0.1, (0.2,), False, "")
