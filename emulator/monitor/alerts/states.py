"""Alerts that were fired: new, resolved by themselves, acknowledged or closed by somebody."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.monitor.alerts.finding import Finding, length
from emulator.monitor.rules import QUERY_RULE

ALERTS: Final = "fired-alerts"  # documents, by the alert's GUID
STATES: Final = "alert-states"  # documents, by rule and combination of dimensions
KEPT: Final = timedelta(days=30)  # "Manage your alert instances": alerts are stored for 30 days
METRIC_HEALTHY: Final = 3  # evaluations in a row after which a metric alert is resolved
# log alerts: up to which frequency, and for how long the condition must not be met
LOG_HEALTHY: Final[tuple[tuple[timedelta, Callable[[timedelta], timedelta]], ...]] = (
    (timedelta(minutes=1), lambda every: timedelta(minutes=10)),
    (timedelta(minutes=15), lambda every: 3 * every),
    (timedelta(hours=11), lambda every: 2 * every),
    (timedelta.max, lambda every: every),
)
Json = dict[str, Any]
Change = Literal["Fired", "Resolved"]


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that has just changed. muted: whether nobody is told."""

    alert: Json
    change: Change
    finding: Finding
    muted: bool


class States:
    """Follows rules from evaluation to evaluation."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def follow(self, rule: Json, findings: list[Finding], at: datetime) -> list[Told]:
        """What changes by an evaluation. A combination that is not seen any more does not violate."""
        prefix = f"{fold(rule['id'])}|"
        held: dict[str, Json] = self._store.documents(STATES, prefix)
        seen = {f"{prefix}{one.key}": one for one in findings}
        told: list[Told] = []
        for key in {**seen, **held}:
            finding = seen.get(key)
            state = held.get(key, {})
            if finding is not None and finding.violates:
                told += self._violates(rule, key, state, finding, at)
            elif state:
                told += self._healthy(rule, key, state, finding, at)
        return told

    def alerts(self) -> list[Json]:
        """All that are kept, the newest first."""
        return sorted(
            self._store.documents(ALERTS).values(), key=lambda one: one["startDateTime"], reverse=True
        )

    def find(self, alert_id: str) -> Json | None:
        return self._store.document(ALERTS, alert_id)

    def change(self, alert: Json, state: str, who: str, at: datetime) -> Json:
        """New, Acknowledged or Closed, by somebody."""
        changed = {
            **alert,
            "alertState": state,
            "lastModifiedDateTime": _text(at),
            "lastModifiedUserName": who,
        }
        self._store.put_document(ALERTS, alert["id"], changed)
        return changed

    def forget(self, rule_id: str) -> None:
        """A rule that is gone: its alerts stay, and change no more."""
        for key in self._store.documents(STATES, f"{fold(rule_id)}|"):
            self._store.delete_document(STATES, key)

    def _violates(self, rule: Json, key: str, state: Json, finding: Finding, at: datetime) -> list[Told]:
        properties = rule["properties"]
        stateful = properties.get("autoMitigate") is not False
        if stateful and state.get("alert"):
            self._store.put_document(STATES, key, {**state, "healthy": 0, "since": ""})
            return []
        muted = _moment(state.get("muted", "")) > at if state.get("muted") else False
        alert = self._fire(rule, finding, at)
        mute = properties.get("muteActionsDuration")
        until = state.get("muted", "") if muted else _text(at + length(mute)) if mute else ""
        self._store.put_document(
            STATES, key, {"alert": alert["id"], "healthy": 0, "since": "", "muted": until}
        )
        return [Told(alert, "Fired", finding, muted)]

    def _healthy(
        self, rule: Json, key: str, state: Json, finding: Finding | None, at: datetime
    ) -> list[Told]:
        if rule["properties"].get("autoMitigate") is False or not state.get("alert"):
            return []
        healthy = int(state.get("healthy", 0)) + 1
        since = state.get("since") or _text(at)
        if not _long_enough(rule, healthy, at - _moment(since)):
            self._store.put_document(STATES, key, {**state, "healthy": healthy, "since": since})
            return []
        self._store.delete_document(STATES, key)
        alert = self.find(state["alert"])
        if alert is None:
            return []
        resolved = {
            **alert,
            "monitorCondition": "Resolved",
            "monitorConditionResolvedDateTime": _text(at),
            "lastModifiedDateTime": _text(at),
        }
        self._store.put_document(ALERTS, alert["id"], resolved)
        last = finding or Finding(tuple(map(tuple, alert["dimensions"])), False, None, alert["condition"], at)
        return [Told(resolved, "Resolved", last, False)]

    def _fire(self, rule: Json, finding: Finding, at: datetime) -> Json:
        properties, log = rule["properties"], fold(rule["type"]) == fold(QUERY_RULE)
        alert: Json = {
            "id": str(uuid.uuid4()),
            "rule": rule["id"],
            "name": rule["name"],
            "description": properties.get("description", ""),
            "severity": f"Sev{properties.get('severity', 3)}",
            "signalType": "Log" if log else "Metric",
            "monitorService": "Log Alerts V2" if log else "Platform",
            "targets": properties["scopes"],
            "dimensions": [list(one) for one in finding.dimensions],
            "condition": finding.condition,
            "alertState": "New",
            "monitorCondition": "Fired",
            "startDateTime": _text(at),
            "lastModifiedDateTime": _text(at),
            "lastModifiedUserName": "System",
        }
        with self._store.transaction():
            for key, old in self._store.documents(ALERTS).items():
                if _moment(old["startDateTime"]) + KEPT < at:
                    self._store.delete_document(ALERTS, key)
            self._store.put_document(ALERTS, alert["id"], alert)
        return alert


def _long_enough(rule: Json, healthy: int, passed: timedelta) -> bool:
    if fold(rule["type"]) != fold(QUERY_RULE):
        return healthy >= METRIC_HEALTHY
    every = length(rule["properties"]["evaluationFrequency"])
    needed = next(after(every) for most, after in LOG_HEALTHY if every <= most)
    return passed + every >= needed  # the first evaluation that was healthy stands for the time before it


def _text(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
