"""Alerts that Azure Monitor has fired, or, where it cannot be asked, the rules' own queries as of now."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from infra import alerts as table
from ml.watch.facts import Alert, Alerts

API: Final = "2019-05-05-preview"  # of Microsoft.AlertsManagement/alerts
SEVERITIES: Final = ("critical", "error", "warning", "informational", "verbose")
Question = Literal["up", "right", "other"]
# Which question a rule speaks to.
ABOUT: Final[Mapping[str, Question]] = {
    "availability": "up",
    "failures": "up",
    "latency": "up",
    "no-telemetry": "up",
    "gateway-failures": "up",
    "gateway-latency": "up",
    "function-failures": "up",
    "nodes-busy": "up",
    "nodes-full": "up",
    "storage-availability": "up",
    "vault-availability": "up",
    "predictions-away": "up",
    "predictions-full": "up",
    "predictions-refused": "up",
    "drift": "right",
    "outliers": "right",
    "quality": "right",
    "drift-days": "right",
    "broken-column": "right",
    "no-quality": "right",
    "predictions-stale": "right",
    "answers-lost": "other",
    "telemetry-lost": "other",
    "daily-cap": "other",
    "job-failures": "other",
    "runners-gone": "other",
}
Ask = Callable[[str, dt.datetime, dt.datetime], list[Mapping[str, Any]]]


def about(alert: Alert) -> Question:
    return ABOUT.get(alert.rule, "other")


def ranges(days: int) -> str:
    """The shortest of Azure's time ranges that has so many days."""
    return "1d" if days <= 1 else "7d" if days <= 7 else "30d"


def key_of(rule: str) -> str:
    """The key of infra/alerts.py in the name or id of a rule: the longest that is there, else the name."""
    name = rule.rsplit("/", 1)[-1]
    found = [key for key in ABOUT if f"-{key}-" in f"-{name}-"]
    return max(found, key=len, default=name)


def told(items: Iterable[Mapping[str, Any]]) -> tuple[Alert, ...]:
    """Alerts as Azure lists them: those that fire first, then the newest first."""
    made: list[Alert] = []
    for item in items:
        has: Mapping[str, Any] = item["properties"]["essentials"]
        key = key_of(str(has.get("alertRule") or item.get("name") or ""))
        resolved = has.get("monitorConditionResolvedDateTime")
        made.append(
            Alert(
                rule=key,
                words=str(has.get("description") or WHY.get(key, "")),
                severity=severity(str(has.get("severity") or "")),
                fired=has.get("monitorCondition") == "Fired" and has.get("alertState") != "Closed",
                at=_time(str(has["startDateTime"])),
                resolved=_time(str(resolved)) if resolved else None,
                acknowledged=has.get("alertState") == "Acknowledged",
            )
        )
    return ordered(made)


def ordered(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    return tuple(sorted(alerts, key=lambda one: (not one.fired, -one.at.timestamp())))


def severity(of_azure: str) -> str:
    """`Sev1` in words; one that is not known counts as critical."""
    number = of_azure.removeprefix("Sev")
    return SEVERITIES[int(number) if number.isdigit() and int(number) < len(SEVERITIES) else 0]


WHY: Final = {each.key: each.why for each in (*table.QUERIES, *table.METRICS)}


def asked(ask: Ask, at: dt.datetime, why: str) -> Alerts:
    """The rules' own queries over their windows that end now. why: Azure Monitor could not be asked.

    Rules over metrics of Azure, and those about Log Analytics itself, are not asked: the estate's own rows do
    not have what they look at.
    """
    found = [
        Alert(rule=rule.key, words=rule.why, severity=SEVERITIES[rule.severity], fired=True, at=at)
        for rule in table.QUERIES
        if rule.estates and ask(rule.query, at - span(rule.window), at)
    ]
    others = (rule.key for rule in table.QUERIES if not rule.estates)
    return Alerts(
        told_by=f"the rules' queries, now, since Azure Monitor's alerts cannot be read: {why}",
        alerts=ordered(found),
        not_asked=(*others, *(rule.key for rule in table.METRICS)),
    )


def span(duration: str) -> dt.timedelta:
    """A duration as the rules have it (ISO 8601): P1D, PT1H, PT15M. Raises ValueError for another form."""
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", duration)
    if found is None or not any(found.groups()):
        raise ValueError(f"{duration!r} is no duration such as P1D or PT15M")
    days, hours, minutes = (int(each or 0) for each in found.groups())
    return dt.timedelta(days=days, hours=hours, minutes=minutes)


def _time(text: str) -> dt.datetime:
    # Azure writes seven digits of a second's fraction, of which Python 3.11 reads six.
    found = dt.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
