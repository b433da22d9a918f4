"""Facts as they are read from an estate: a good week, which tests change in one place."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ml.quality.report import (
    DailyReport,
    Diagnosis,
    FeatureReport,
    Freshness,
    Measured,
    Span,
    Value,
    Verdict,
)
from ml.watch.facts import (
    Alert,
    Alerts,
    Block,
    Cost,
    CostLine,
    Facts,
    Model,
    Models,
    Psi,
    Quality,
    Service,
    Took,
    Traffic,
    Training,
    Trainings,
    Windows,
)

NOW = dt.datetime(2026, 11, 30, 3, 12, tzinfo=dt.UTC)
QUARTER = dt.timedelta(minutes=15)


def ago(**span: float) -> dt.datetime:
    return NOW - dt.timedelta(**span)


def block(at: dt.datetime, requests: float = 100, failed: float = 0, outliers: float = 10) -> Block:
    return Block(at=at, requests=requests, failed=failed, away=0, rows=3 * requests, outliers=outliers)


def report(days_ago: int, verdict: Verdict = "as in training", psi: float = 0.01) -> DailyReport:
    date = ago(days=days_ago).date()
    span = Span(first=date, last=date, rows=2400)
    auc = Value(value=0.781, low=0.76, high=0.80)
    feature = {"status": "stable", "p_adjusted": 0.4, "nulls": 0, "days": 3}
    return DailyReport(
        environment="stage",
        date=date,
        model="credit-default:3",
        generated_at=ago(days=days_ago - 1),
        rows=2400,
        outliers=24,
        outlier_share_expected=0.01,
        window=span,
        features=tuple(
            FeatureReport.model_validate({**feature, "name": name, "psi": psi / (number + 1)})
            for number, name in enumerate(("limit_bal", "age", "pay_0"))
        ),
        estimated_window=span,
        estimated={"roc_auc": auc},
        reference={"roc_auc": 0.783},
        measured=Measured(
            span=span, positives=500, metrics={"roc_auc": auc}, estimated={}, ranking=None, level=None
        ),
        labelled=1200,
        freshness=Freshness(answer=ago(hours=5), label=ago(hours=30)),
        diagnosis=Diagnosis(verdict=verdict, words="Words of the day."),
    )


def alert(rule: str, fired: bool = True, hours: float = 2, severity: str = "error") -> Alert:
    return Alert(rule=rule, words=f"why {rule}", severity=severity, fired=fired, at=ago(hours=hours))


def facts(**changed: Any) -> Facts:
    quarters = [NOW - QUARTER * number for number in range(1, 4 * 24 * 6)]
    good: dict[str, Any] = {
        "environment": "stage",
        "at": NOW,
        "days": 7,
        "service": Service(ready=True, words="r-1 with credit-default:3 at https://g: ready.", release="r-1"),
        "traffic": Traffic(
            block_seconds=900,
            newest=ago(minutes=2),
            blocks=tuple(map(block, reversed(quarters))),
            took=tuple(Took(at=at, median_ms=3.0, p95_ms=7.0) for at in reversed(quarters)),
        ),
        "windows": Windows(values=(Psi(day=ago(days=1).date(), feature="age", psi=0.03),)),
        "quality": Quality(reports=(report(3), report(2), report(1))),
        "alerts": Alerts(told_by="Azure Monitor", alerts=(alert("latency", fired=False),)),
        "trainings": Trainings(
            trainings=(
                Training(
                    at=ago(days=2),
                    job="training-abc",
                    started_by="data",
                    reason="may.parquet landed",
                    data="may.parquet",
                    status="Completed",
                ),
            ),
            triggers="work",
        ),
        "models": Models(
            models=(Model(name="credit-default:3", at=ago(days=20), figures={"roc_auc": "0.783"}),)
        ),
        "cost": Cost(month=1000.0, so_far=970.0, lines=(CostLine(what="API Management", usd=700.0),)),
    }
    return Facts(**{**good, **changed})
