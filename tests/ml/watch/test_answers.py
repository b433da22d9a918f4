"""The three answers: what makes them better or worse, and that what is not known never makes them better."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import alerts as rules
from ml.watch import alerts
from ml.watch.answers import ago, is_right, is_up, what_changed
from ml.watch.facts import PARTS, Alerts, Quality, Service, Traffic, Unread
from tests.ml.watch import recorded
from tests.ml.watch.recorded import NOW, alert, block, facts, report

UNREAD = Unread(why="a firewall.", remedy="go inside")


def traffic(newest: dt.datetime | None = NOW, **of: float) -> Traffic:
    return Traffic(block_seconds=900, newest=newest, blocks=(block(recorded.ago(minutes=30), **of),), took=())


def firing(*names: str, severity: str = "error") -> Alerts:
    found = tuple(alert(name, severity=severity) for name in names)
    return Alerts(told_by="Azure Monitor", alerts=found)


def test_a_good_week() -> None:
    assert is_up(facts()).said == is_right(facts()).said == "yes"
    assert is_up(facts()).words == (
        "r-1 with credit-default:3 at https://g: ready.",
        "400 requests in the last hour, 0 without a score; 95 of 100 within 7 ms.",
    )


@pytest.mark.parametrize(
    ("changed", "said", "words"),
    [
        ({"service": Service(ready=None, words="Nothing is deployed.")}, "no", "Nothing is deployed"),
        ({"service": Service(ready=False, words="r-1: not ready.")}, "no", "not ready"),
        ({"service": Service(ready=True, words="ready.", wrong=("rev-1 has no pod",))}, "no", "no pod"),
        ({"alerts": firing("failures")}, "no", "Alert failures for 2 hours: why failures."),
        ({"alerts": firing("latency", severity="warning")}, "look", "Alert latency for 2 hours"),
        ({"alerts": firing("latency", severity="warning"), "traffic": UNREAD}, "unknown", "Alert latency"),
        ({"alerts": firing("no-telemetry")}, "look", "it is heard again"),
        ({"alerts": firing("no-telemetry"), "traffic": UNREAD}, "no", "Alert no-telemetry"),
        ({"alerts": firing("drift")}, "yes", "ready"),
        ({"traffic": traffic(requests=100, failed=3)}, "no", "3 of 100 requests failed"),
        ({"traffic": traffic(requests=100, failed=2)}, "yes", "2 without a score"),
        ({"traffic": traffic(requests=10, failed=9)}, "yes", "9 without a score"),  # too few, as for the rule
        ({"traffic": traffic(requests=0)}, "yes", "Nobody has asked"),
        ({"traffic": traffic(newest=recorded.ago(minutes=16))}, "no", "nothing for 16 minutes"),
        ({"traffic": traffic(newest=None)}, "no", "nothing in all these days"),
        ({"traffic": traffic(newest=None), "service": UNREAD}, "unknown", "nothing in all these days"),
        ({"service": UNREAD}, "unknown", "Not read, service: a firewall."),
        ({"traffic": UNREAD}, "unknown", "Not read, traffic"),
        ({"alerts": UNREAD}, "unknown", "Not read, alerts"),
        ({"alerts": UNREAD, "traffic": traffic(requests=100, failed=3)}, "no", "failed"),
    ],
)
def test_is_it_up(changed: dict[str, Any], said: str, words: str) -> None:
    answer = is_up(facts(**changed))
    assert answer.said == said
    assert words in " ".join(answer.words)


@pytest.mark.parametrize(
    ("changed", "said", "words"),
    [
        ({"quality": Quality(reports=(report(1, "concept drift"),))}, "no", "concept drift. Words of the"),
        ({"quality": Quality(reports=(report(1, "broken column"),))}, "no", "broken column"),
        ({"quality": Quality(reports=(report(1, "covariate shift"),))}, "look", "covariate shift"),
        ({"quality": Quality(reports=(report(1, "season"),))}, "yes", "season"),
        ({"quality": Quality(reports=(report(1, "too few rows"),))}, "unknown", "too few"),
        ({"quality": Quality(reports=(report(3),))}, "unknown", "nothing is known of the days since"),
        ({"quality": Quality(reports=())}, "unknown", "mlops quality --env stage"),
        ({"quality": UNREAD}, "unknown", "a firewall"),
        ({"alerts": firing("quality", "latency")}, "no", "Alert quality"),
        ({"alerts": firing("outliers", severity="warning")}, "look", "Alert outliers"),
        ({"traffic": traffic(requests=100, outliers=31)}, "look", "10.3% of the last day's rows"),
        ({"traffic": UNREAD}, "yes", "as in training"),
    ],
)
def test_is_it_right(changed: dict[str, Any], said: str, words: str) -> None:
    answer = is_right(facts(**changed))
    assert answer.said == said
    assert words in " ".join(answer.words)


@given(st.sets(st.sampled_from(PARTS)))
def test_what_is_not_read_makes_no_answer_better(names: set[str]) -> None:
    order = ["yes", "look", "unknown", "no"]
    good, less = facts(), facts(**dict.fromkeys(names, UNREAD))
    for answer in (is_up, is_right):
        assert order.index(answer(less).said) >= order.index(answer(good).said)
    assert set(less.unread()) == names


def test_what_changed_is_told_the_newest_first_and_within_the_days() -> None:
    reports = (report(3), report(2, "covariate shift"), report(1, "covariate shift"))
    found = what_changed(facts(quality=Quality(reports=reports)))
    assert [(one.kind, one.words) for one in found.changes] == [
        ("alert", "latency: why latency; well again"),
        ("training", "training-abc (Completed), by data: may.parquet landed"),
        ("quality", "from as in training to covariate shift"),
    ]  # the model is 20 days old
    assert what_changed(facts(models=UNREAD)).unknown == ("Not read, models: a firewall.",)


def test_each_rule_speaks_to_a_question() -> None:
    keys, about = {each.key for each in (*rules.QUERIES, *rules.METRICS)}, set(alerts.ABOUT)
    assert not keys - about, f"ABOUT of ml/watch/alerts.py has no row for {', '.join(sorted(keys - about))}"
    assert not about - keys, (
        f"infra/alerts.py has no rule {', '.join(sorted(about - keys))}, which ABOUT names"
    )


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 seconds"), (119, "119 seconds"), (7199, "120 minutes"), (172800, "2 days")]
)
def test_how_long_ago(seconds: float, words: str) -> None:
    assert ago(NOW - dt.timedelta(seconds=seconds), NOW) == words
