"""The facts as rows and sentences: what the page and the terminal show alike."""

from __future__ import annotations

import datetime as dt
from typing import Final

from ml.quality.report import DailyReport
from ml.watch.answers import Said, ago
from ml.watch.facts import Alerts, Cost, Facts, Models, Quality, Traffic, Trainings
from ml.watch.pictures import roc_auc
from ml.watch.traffic import since

SAID: Final[dict[Said, str]] = {"yes": "YES", "no": "NO", "look": "LOOK", "unknown": "UNKNOWN"}
TITLES: Final = {
    "service": "Service",
    "traffic": "Traffic",
    "windows": "Drift by the service's windows",
    "quality": "Quality",
    "alerts": "Alerts",
    "trainings": "What started which training",
    "models": "Models",
    "cost": "Cost so far",
}
SPANS: Final = {"last hour": dt.timedelta(hours=1), "last day": dt.timedelta(days=1)}
ALERTS: Final = ("rule", "now", "since", "severity", "what it says")
TRAFFIC: Final = ("", "requests", "failed", "turned away", "rows", "outliers")
TRAININGS: Final = ("started", "by", "reason", "training", "became")
MODELS: Final = ("model", "registered", "by", "reason", "figures")
FEATURES: Final = ("feature", "status", "days", "PSI", "nulls")


def when(at: dt.datetime | None) -> str:
    return "-" if at is None else f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M}"


def alerts(found: Alerts) -> list[list[str]]:
    return [
        [
            one.rule,
            ("acknowledged" if one.acknowledged else "fires") if one.fired else "well",
            when(one.at),
            one.severity,
            one.words,
        ]
        for one in found.alerts
    ]


def traffic(facts: Facts, found: Traffic) -> list[list[str]]:
    spans = {**SPANS, f"{facts.days} days": dt.timedelta(days=facts.days)}
    rows: list[list[str]] = []
    for title, span in spans.items():
        sums = since(found.blocks, facts.at - span)
        share = f" ({sums.outliers / sums.rows:.1%})" if sums.rows else ""
        counts = (sums.requests, sums.failed, sums.away, sums.rows)
        rows.append([title, *(f"{each:,.0f}" for each in counts), f"{sums.outliers:,.0f}{share}"])
    return rows


def trainings(found: Trainings) -> list[list[str]]:
    return [
        [
            when(one.at),
            one.started_by,
            one.reason,
            one.job or "-",
            f"{one.status}: {one.became}" if one.became else one.status,
        ]
        for one in found.trainings
    ]


def models(found: Models) -> list[list[str]]:
    return [
        [
            one.name,
            when(one.at),
            one.started_by or "-",
            one.reason or "-",
            ", ".join(f"{name} {value}" for name, value in one.figures.items()) or "-",
        ]
        for one in found.models
    ]


def features(found: Quality) -> list[list[str]]:
    """Of the newest report, those that moved most first."""
    if not found.reports:
        return []
    return [
        [one.name, one.status, str(one.days), f"{one.psi:.3f}", f"{one.nulls:,}"]
        for one in sorted(found.reports[-1].features, key=lambda each: -each.psi)
    ]


def quality(facts: Facts, found: Quality) -> dict[str, str]:
    """The newest report in words; that there is none, too."""
    if not found.reports:
        return {
            "reports": f"none of the last {facts.days} days: `mlops quality --env {facts.environment}`"
            " writes yesterday's"
        }
    last = found.reports[-1]
    return {
        "report of": f"{last.date}, {last.model}, {last.rows:,} answers",
        "verdict": f"{last.diagnosis.verdict}. {last.diagnosis.words}",
        "ROC AUC estimated": _interval(last, "estimated"),
        "ROC AUC measured": _interval(last, "measured"),
        "ROC AUC of test rows": f"{last.reference['roc_auc']:.3f}" if "roc_auc" in last.reference else "-",
        "a training helps": "yes" if last.diagnosis.retrain else "not by these figures",
    }


def _interval(report: DailyReport, kind: str) -> str:
    value = roc_auc(report, kind)
    if value is None:
        return "-" if kind == "estimated" else f"not yet: {report.labelled:,} labels"
    return f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f})"


def freshness(facts: Facts) -> dict[str, str]:
    """The newest of each kind of data, and how old it is."""

    def told(at: dt.datetime | None) -> str:
        return "none" if at is None else f"{when(at)}, {ago(at, facts.at)} ago"

    found: dict[str, str] = {}
    if isinstance(facts.traffic, Traffic):
        found["telemetry"] = told(facts.traffic.newest)
    if isinstance(facts.quality, Quality):
        reports = facts.quality.reports
        found["daily report"] = str(reports[-1].date) if reports else "none"
        if reports:
            found["kept answer"] = told(reports[-1].freshness.answer)
            found["label"] = told(reports[-1].freshness.label)
    if isinstance(facts.models, Models):
        found["model"] = told(max((one.at for one in facts.models.models if one.at), default=None))
    if isinstance(facts.trainings, Trainings):
        began = [one.at for one in facts.trainings.trainings if one.job]
        found["training"] = told(max(began, default=None))
    return found


def cost(found: Cost) -> dict[str, str]:
    rows = {
        "this month so far": f"{found.so_far:,.2f} USD",
        "a whole month": f"{found.month:,.2f} USD",
        "most of it": ", ".join(f"{line.what} {line.usd:,.0f}" for line in found.lines[:4]) or "-",
        "what this is": "an estimate by the stack file of what costs by standing there; not the bill, and "
        "without training nodes, traffic, operations, kept data and scoring containers",
    }
    return {**rows, "without a price": ", ".join(found.unknown)} if found.unknown else rows
