"""Logs and metrics: senders sign in, nothing is lost, everything is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.graph.model import Resource
from policies.model import Row, Rule, at_least, equals, given, secure

LOGS: Final = "operationalinsights:Workspace"
INSIGHTS: Final = "applicationinsights:Component"
SETTING: Final = "monitor:DiagnosticSetting"


def _everything(resource: Resource) -> Iterator[str]:
    logs = resource.inputs.get("logs") or []
    if not any(log.get("enabled") is True and log.get("categoryGroup") == "allLogs" for log in logs):
        audit = [log for log in logs if log.get("enabled") is True and log.get("category")]
        if not audit:
            yield "sends no logs: neither the group allLogs nor a category of its own"
    for log in logs:
        if log.get("enabled") is not True:
            yield f"{log.get('categoryGroup') or log.get('category')} is switched off"
    for metric in resource.inputs.get("metrics") or []:
        if metric.get("enabled") is not True:
            yield f"metric {metric.get('category')} is switched off"


def _told(resource: Resource) -> Iterator[str]:
    notifications = resource.inputs.get("notifications") or {}
    if not notifications:
        yield "tells nobody: notifications is empty"
    for name, notification in sorted(notifications.items()):
        if notification.get("enabled") is not True:
            yield f"notification {name} is switched off"


RULES: Final = (
    Rule("budget-tells", ("consumption:Budget",), "a budget that nobody hears of bounds nothing", (), _told),
    *secure(
        "monitor:ScheduledQueryRule",
        Row(
            "alert-query-checked",
            "skipQueryValidation",
            equals(False),
            (),
            "Azure says at once what is wrong with a query",
        ),
    ),
    *secure(
        LOGS,
        Row(
            "logs-by-identity",
            "features.disableLocalAuth",
            equals(True),
            (),
            "whoever has a key can write what was never logged",
        ),
        Row(
            "logs-ingestion-private",
            "publicNetworkAccessForIngestion",
            equals("Disabled"),
            (),
            "logs come in from inside only",
        ),
        Row(
            "logs-query-private",
            "publicNetworkAccessForQuery",
            equals("Disabled"),
            (),
            "logs are read from inside only",
        ),
        Row(
            "logs-kept",
            "retentionInDays",
            at_least(30),
            (),
            "a month is what it takes to look back at an incident",
        ),
        Row(
            "logs-not-purged",
            "features.immediatePurgeDataOn30Days",
            equals(False),
            (),
            "logs are kept as long as was asked",
        ),
        Row(
            "logs-not-exported",
            "features.enableDataExport",
            equals(False),
            (),
            "logs do not leave by a second way",
        ),
        Row(
            "logs-by-resource-rights",
            "features.enableLogAccessUsingOnlyResourcePermissions",
            equals(True),
            (),
            "who may read a resource's logs follows its roles",
        ),
    ),
    *secure(
        INSIGHTS,
        Row(
            "insights-by-identity",
            "disableLocalAuth",
            equals(True),
            (),
            "the instrumentation key alone lets nobody write",
        ),
        Row(
            "insights-in-logs",
            "ingestionMode",
            equals("LogAnalytics"),
            (),
            "one place, one retention, one set of rights",
        ),
        Row(
            "insights-workspace",
            "workspaceResourceId",
            given(),
            (),
            "Azure would make a workspace with its defaults",
        ),
        Row(
            "insights-masks-addresses",
            "disableIpMasking",
            equals(False),
            (),
            "callers' addresses are personal data",
        ),
        Row(
            "insights-ingestion-private",
            "publicNetworkAccessForIngestion",
            equals("Disabled"),
            (),
            "telemetry comes in from inside only",
        ),
        Row(
            "insights-query-private",
            "publicNetworkAccessForQuery",
            equals("Disabled"),
            (),
            "telemetry is read from inside only",
        ),
    ),
    *secure(
        SETTING,
        Row("diagnostics-go-to-logs", "workspaceId", given(), (), "a setting without a place keeps nothing"),
    ),
    Rule(
        "diagnostics-everything",
        (SETTING,),
        "what is not logged cannot be looked up",
        ("CKV_AZURE_33", "CKV_AZURE_4"),
        _everything,
    ),
    *secure(
        ("monitor:MetricAlert", "monitor:ScheduledQueryRule", "monitor:ActionGroup"),
        Row("alert-on", "enabled", equals(True), (), "an alert that is off tells nobody"),
    ),
)
