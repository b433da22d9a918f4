"""The first three questions of whoever is on call: is it up, is it right, what changed.

What could not be read never makes an answer better: without it the answer is `unknown` at best, and says so.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Final, Literal

from ml.quality.report import RETRAIN, DailyReport
from ml.watch.alerts import SEVERITIES, Question, about
from ml.watch.facts import Alert, Alerts, Change, Facts, Models, Quality, Service, Traffic, Trainings, Unread
from ml.watch.traffic import since

Said = Literal["yes", "no", "look", "unknown"]
QUIET: Final = dt.timedelta(minutes=15)
"""Without a word for longer, nobody may be there: the service tells in every minute, and Log Analytics shows
it some minutes later. As the rule no-telemetry."""
HOUR: Final = dt.timedelta(hours=1)
DAY: Final = dt.timedelta(days=1)
FEW: Final = 20  # requests in an hour, as in the rules: a share of fewer says nothing
FAILED: Final = 0.02  # of an hour's requests, as the rule failures
AWAY: Final = 0.01  # as the rule availability
OLD_REPORT: Final = 2  # days: yesterday's report may not be written yet
OUTLIERS: Final = 0.1  # of a day's rows, as the rule outliers
FEW_ROWS: Final = 200
SHOWN: Final = 12  # changes
GRAVE: Final = SEVERITIES[:2]  # a rule of such a severity says no by itself; others say where to look
SILENCE: Final = "no-telemetry"


@dataclass(frozen=True, slots=True)
class Answer:
    """question: as it is asked. said: in one word. words: why, the worst first, whole sentences."""

    question: str
    said: Said
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """What happened, the newest first, and what may have happened besides: parts that could not be read."""

    changes: tuple[Change, ...]
    unknown: tuple[str, ...]


def is_up(facts: Facts) -> Answer:
    firing = _fired(facts, "up")
    lesser = [one for one in firing if one.severity not in GRAVE or _over(one, facts)]
    wrong = [*_service(facts.service), *(_alert(one, facts) for one in firing if one not in lesser)]
    look = [_alert(one, facts) for one in lesser]
    unknown = _unread(facts, "service", "traffic", "alerts")
    good: list[str] = []
    ready = facts.service.ready if isinstance(facts.service, Service) else None
    if isinstance(facts.traffic, Traffic):
        wrong += _failing(facts.traffic, facts.at)
        silent = _silence(facts.traffic, facts.at)
        # It tells by itself, so silence is a failure where something is deployed.
        (wrong if ready is not None else unknown).extend(silent)
        if not silent:
            good.append(_told(facts.traffic, facts.at))
    if ready:
        good.insert(0, _words(facts.service))
    if wrong:
        return Answer("Is it up?", "no", (*wrong, *look, *unknown, *good))
    # Whoever answers is known by its own answer, or by requests that it answered just now.
    if unknown or not good:
        return Answer("Is it up?", "unknown", (*unknown, *look, *good) or ("Nothing tells.",))
    return Answer("Is it up?", "look" if look else "yes", (*look, *good))


def _service(service: Service | Unread) -> list[str]:
    if isinstance(service, Unread):
        return []
    stands = [] if service.ready else [_words(service)]
    return [*stands, *service.wrong]


def _words(service: Service | Unread) -> str:
    return service.words if isinstance(service, Service) else service.why


def _failing(traffic: Traffic, at: dt.datetime) -> list[str]:
    hour = since(traffic.blocks, at - HOUR)
    if hour.requests < FEW:
        return []
    found: list[str] = []
    if hour.failed > FAILED * hour.requests:
        found.append(f"{hour.failed:,.0f} of {hour.requests:,.0f} requests failed in the last hour.")
    if hour.away > AWAY * hour.requests:
        found.append(f"{hour.away:,.0f} of {hour.requests:,.0f} requests were turned away in the last hour.")
    return found


def _silence(traffic: Traffic, at: dt.datetime) -> list[str]:
    if traffic.newest is None:
        return ["The scoring service has told nothing in all these days."]
    if at - traffic.newest <= QUIET:
        return []
    return [f"The scoring service has told nothing for {ago(traffic.newest, at)}."]


def _told(traffic: Traffic, at: dt.datetime) -> str:
    hour = since(traffic.blocks, at - HOUR)
    if not hour.requests:
        return "Nobody has asked in the last hour."
    lost = hour.failed + hour.away
    return f"{hour.requests:,.0f} requests in the last hour, {lost:,.0f} without a score{_slow(traffic, at)}."


def _slow(traffic: Traffic, at: dt.datetime) -> str:
    last = [one for one in traffic.took if one.at >= at - HOUR]
    if not last:
        return ""
    p95 = last[-1].p95_ms
    return "; 95 of 100 take more than a second" if p95 is None else f"; 95 of 100 within {p95:g} ms"


def is_right(facts: Facts) -> Answer:
    firing = _fired(facts, "right")
    wrong = [_alert(one, facts) for one in firing if one.severity in GRAVE]
    look = [_alert(one, facts) for one in firing if one.severity not in GRAVE]
    unknown, good = _unread(facts, "quality", "alerts"), list[str]()
    if isinstance(facts.quality, Quality):
        _judge(facts, facts.quality.reports, wrong, look, unknown, good)
    if isinstance(facts.traffic, Traffic):
        day = since(facts.traffic.blocks, facts.at - DAY)
        if day.rows >= FEW_ROWS and day.outliers > OUTLIERS * day.rows:
            look.append(f"{day.outliers / day.rows:.1%} of the last day's rows are unlike the training rows.")
    said: Said = "no" if wrong else "look" if look else "unknown" if unknown else "yes"
    return Answer("Is it right?", said, (*wrong, *look, *unknown, *good))


def _judge(
    facts: Facts,
    reports: tuple[DailyReport, ...],
    wrong: list[str],
    look: list[str],
    unknown: list[str],
    good: list[str],
) -> None:
    """Sort what the newest report says under one of the four."""
    if not reports:
        unknown.append(
            f"No daily report of these days: `mlops quality --env {facts.environment}` writes yesterday's."
        )
        return
    last = reports[-1]
    verdict = last.diagnosis.verdict
    words = f"{last.date}: {verdict}. {last.diagnosis.words}"
    if (facts.at.date() - last.date).days > OLD_REPORT:
        unknown.append(f"The newest daily report is of {last.date}: nothing is known of the days since.")
    if verdict in RETRAIN or verdict == "broken column":
        wrong.append(words)
    elif verdict == "covariate shift":
        look.append(words)
    elif verdict == "too few rows":
        unknown.append(words)
    else:
        good.append(words)


def what_changed(facts: Facts) -> Changed:
    found: list[Change] = []
    if isinstance(facts.service, Service):
        found += facts.service.changes
    if isinstance(facts.models, Models):
        found += [
            Change(at=one.at, kind="model", words=f"{one.name} was registered{_because(one.reason)}")
            for one in facts.models.models
            if one.at is not None
        ]
    if isinstance(facts.trainings, Trainings):
        found += [
            Change(
                at=one.at,
                kind="training",
                words=f"{one.job} ({one.status}), by {one.started_by}: {one.reason}",
            )
            for one in facts.trainings.trainings
            if one.job is not None
        ]
    if isinstance(facts.alerts, Alerts):
        found += [
            Change(
                at=one.at, kind="alert", words=f"{one.rule}: {one.words}{'' if one.fired else '; well again'}"
            )
            for one in facts.alerts.alerts
        ]
    if isinstance(facts.quality, Quality):
        found += verdicts(facts.quality.reports)
    began = facts.at - dt.timedelta(days=facts.days)
    chosen = sorted((one for one in found if one.at >= began), key=lambda one: one.at, reverse=True)
    unread = _unread(facts, "service", "models", "trainings", "alerts", "quality")
    return Changed(tuple(chosen), tuple(unread))


def verdicts(reports: tuple[DailyReport, ...]) -> list[Change]:
    """Days whose verdict, or whose model, is another one than that of the report before."""
    found: list[Change] = []
    for before, after in itertools.pairwise(reports):
        at = dt.datetime.combine(after.date, dt.time(), dt.UTC)
        if before.diagnosis.verdict != after.diagnosis.verdict:
            words = f"from {before.diagnosis.verdict} to {after.diagnosis.verdict}"
            found.append(Change(at=at, kind="quality", words=words))
        if before.model != after.model:
            words = f"{after.model} answers in place of {before.model}"
            found.append(Change(at=at, kind="quality", words=words))
    return found


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _fired(facts: Facts, question: Question) -> list[Alert]:
    if isinstance(facts.alerts, Unread):
        return []
    return [one for one in facts.alerts.alerts if one.fired and about(one) == question]


def _alert(alert: Alert, facts: Facts) -> str:
    heard = "; it is heard again, and Azure resolves the alert some time later" if _over(alert, facts) else ""
    return f"Alert {alert.rule} for {ago(alert.at, facts.at)}: {alert.words}{heard}."


def _over(alert: Alert, facts: Facts) -> bool:
    """Whether what it is about is over by what was read: Azure resolves it only after several evaluations."""
    return (
        alert.rule == SILENCE and isinstance(facts.traffic, Traffic) and not _silence(facts.traffic, facts.at)
    )


def _unread(facts: Facts, *names: str) -> list[str]:
    unread = facts.unread()
    return [f"Not read, {name}: {unread[name].why}" for name in names if name in unread]


def ago(at: dt.datetime, now: dt.datetime) -> str:
    """How long ago, in the largest unit that it has two of: 95 minutes, 3 days."""
    seconds = max(0.0, (now - at).total_seconds())
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
