"""What action groups send: the common alert schema, to webhooks, logic apps and functions.

From "Common alert schema for Azure Monitor alerts" (read 2026-11).
"""

from __future__ import annotations

import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.http import Handler, Request
from emulator.monitor.alerts.states import Told
from emulator.places import AZURE
from emulator.refusals import Refusals

LOG: Final = logging.getLogger("emulator.monitor")
LOOPBACK: Final = ("127.0.0.1", "localhost")
AGAIN: Final = frozenset({408, 429, 503, 504})
WAITS_S: Final = (5.0, 20.0)
"""Before the second and the third try, as "Action groups: webhook" has them."""
TIMEOUT_S: Final = 10.0
# kind of receiver -> where its URL stands
CALLED: Final = {
    "webhookReceivers": "serviceUri",
    "logicAppReceivers": "callbackUrl",
    "azureFunctionReceivers": "httpTriggerUrl",
}
SILENT: Final = (
    "emailReceivers",
    "smsReceivers",
    "voiceReceivers",
    "armRoleReceivers",
    "azureAppPushReceivers",
    "itsmReceivers",
    "automationRunbookReceivers",
    "eventHubReceivers",
)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """receiver: its name. status: of the answer, 0 without one. why: what kept it from being told, ""."""

    receiver: str
    status: int
    why: str = ""


def _unsigned(audience: str) -> str:
    raise NotEmulated(f"action groups: a token for {audience}")


class Notices:
    """Tells the action groups of rules."""

    def __init__(
        self,
        store: Store,
        handler: Callable[[str], Handler | None],
        refusals: Refusals,
        waits_s: tuple[float, ...] = WAITS_S,
        token: Callable[[str], str] = _unsigned,
    ) -> None:
        """handler: of an emulated host. Nothing is sent to hosts outside: they are among the refusals.

        token: Azure Monitor's own for an audience, with which it calls secure webhooks
        """
        self._store, self._handler, self._refusals, self._waits_s = store, handler, refusals, waits_s
        self._token = token

    def tell(self, rule: Json, told: Told, at: datetime) -> list[Sent]:
        """Tell all groups of the rule; nobody while it is muted."""
        if told.muted:
            return []
        sent: list[Sent] = []
        for group_id, own in groups_of(rule):
            group = self._store.get(group_id)
            if group is None or group["properties"].get("enabled") is False:
                LOG.warning("alert %s: the action group %s is not there, or disabled", rule["name"], group_id)
                continue
            body = json.dumps(payload(rule, told, own)).encode()
            sent += [self._one(group, kind, receiver, body) for kind, receiver in _receivers(group)]
        for one in sent:
            LOG.info(
                "alert %s %s: %s got %s %s", rule["name"], told.change, one.receiver, one.status, one.why
            )
        return sent

    def _one(self, group: Json, kind: str, receiver: Json, body: bytes) -> Sent:
        name = f"{group['name']}/{receiver.get('name', '')}"
        why = ""
        if kind in SILENT:
            why = f"action groups: {kind} (of {group['name']}) tell nobody here"
        elif receiver.get("useCommonAlertSchema") is not True:
            why = f"action groups: {kind} of {group['name']} without useCommonAlertSchema"
        if why:
            self._refusals.call(f"alert to {name}", why)
            return Sent(name, 0, why)
        signed = str(receiver.get("identifierUri") or "") if receiver.get("useAadAuth") else ""
        return self._call(name, str(receiver.get(CALLED[kind], "")), body, signed)

    def _call(self, name: str, url: str, body: bytes, audience: str = "") -> Sent:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        handler = self._handler(host)
        if parts.scheme not in ("http", "https") or (handler is None and host not in LOOPBACK):
            self._refusals.host(host)
            return Sent(name, 0, f"{host} is outside, and nothing is sent there")
        status = 0
        headers = {"content-type": "application/json; charset=utf-8"}
        if audience:
            headers["authorization"] = f"Bearer {self._token(audience)}"
        for wait in (*self._waits_s, None):
            status = _post(url, body, headers) if handler is None else _hand(handler, url, body, headers)
            if status and status not in AGAIN:
                return Sent(name, status)
            if wait is not None:
                time.sleep(wait)
        return Sent(name, status, "it did not answer" if not status else "")


def groups_of(rule: Json) -> Iterator[tuple[str, Json]]:
    """The action groups of a rule of either kind, with the rule's own properties for them."""
    actions = rule["properties"].get("actions")
    if isinstance(actions, dict):
        for group in actions.get("actionGroups") or []:
            yield str(group), actions.get("customProperties") or {}
    for action in actions if isinstance(actions, list) else []:
        yield str(action.get("actionGroupId", "")), action.get("webHookProperties") or {}


def _receivers(group: Json) -> Iterator[tuple[str, Json]]:
    for kind in (*CALLED, *SILENT):
        for receiver in group["properties"].get(kind) or []:
            yield kind, receiver


def _hand(handler: Handler, url: str, body: bytes, headers: dict[str, str]) -> int:
    parts = urlsplit(url)
    path = parts.path or "/"
    query = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
    asked = Request(
        "POST", (parts.hostname or "").lower(), unquote(path), path, query, headers, body, place=AZURE
    )
    try:
        return handler(asked).status
    except AzureError as error:
        return error.status


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """To a port on this machine."""
    asked = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310  its host is this machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=TIMEOUT_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def payload(rule: Json, told: Told, own: Json) -> Json:
    """The body that a receiver gets."""
    alert, finding, log = told.alert, told.finding, told.alert["signalType"] == "Log"
    subscription = rule["id"].split("/")[2]
    essentials: Json = {
        "alertId": f"/subscriptions/{subscription}/providers/Microsoft.AlertsManagement/alerts/{alert['id']}",
        "alertRule": rule["name"],
        "alertRuleID": rule["id"],
        "severity": alert["severity"],
        "signalType": alert["signalType"],
        "monitorCondition": told.change,
        "monitoringService": alert["monitorService"],
        "alertTargetIDs": [str(one).lower() for one in alert["targets"]],
        "configurationItems": [str(one).rsplit("/", 1)[-1] for one in alert["targets"]],
        "originAlertId": alert["id"],
        "firedDateTime": alert["startDateTime"],
        "description": alert["description"],
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }
    if told.change == "Resolved":
        essentials["resolvedDateTime"] = alert["monitorConditionResolvedDateTime"]
    criteria: Json = rule["properties"]["criteria"]
    kind = "LogQueryCriteria" if log else str(criteria.get("odata.type", "")).rsplit(".", 1)[-1]
    condition: Json = {
        "windowSize": rule["properties"]["windowSize"],
        "allOf": [_condition(finding.condition, told, log)],
        "windowStartTime": finding.low.isoformat().replace("+00:00", "Z"),
        "windowEndTime": alert["lastModifiedDateTime"],
    }
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": essentials,
            "alertContext": {"properties": own, "conditionType": kind, "condition": condition},
            "customProperties": own,
        },
    }


def _condition(condition: Json, told: Told, log: bool) -> Json:
    common: Json = {
        "operator": condition.get("operator"),
        "threshold": str(condition.get("threshold")),
        "timeAggregation": condition.get("timeAggregation", "Count" if log else "Average"),
        "dimensions": [{"name": name, "value": value} for name, value in told.finding.dimensions],
        "metricValue": told.finding.value,
    }
    if not log:
        named = {"metricName": condition["metricName"], "metricNamespace": condition.get("metricNamespace")}
        return {**named, **common, "webTestName": None}
    periods = {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}
    return {
        "searchQuery": condition["query"],
        "metricMeasureColumn": condition.get("metricMeasureColumn"),
        **common,
        "failingPeriods": {**periods, **(condition.get("failingPeriods") or {})},
    }
