"""What Azure Monitor computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from emulator.arm.computed import ETAG, Facts, Table, users

INSIGHTS: Final = "Microsoft.Insights"
WORKSPACE: Final = "Microsoft.OperationalInsights/workspaces"
SCOPED: Final = f"{INSIGHTS}/privateLinkScopes/scopedResources"
COLLECTION: Final = f"{INSIGHTS}/dataCollectionEndpoints"
LEAST_DAYS: Final = 30


def _scoped(facts: Facts) -> list[Any] | None:
    """The private link scopes that a resource is in."""
    found = [{"resourceId": one["id"], "scopeId": one["id"].rsplit("/", 2)[0]} for one in facts.users(SCOPED)]
    return found or None


def _next_reset(facts: Facts) -> str:
    """When the day of a workspace's quota begins anew: at an hour of its own."""
    now = datetime.now(UTC)
    reset = now.replace(hour=int(facts.text("mark"), 16) % 24, minute=0, second=0, microsecond=0)
    return f"{reset if reset > now else reset + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


def _days(facts: Facts) -> tuple[int, int]:
    """Interactive and total retention of a table, those of its workspace where it has none."""
    own = (facts.parent.get("properties") or {}).get("retentionInDays") or LEAST_DAYS
    days = facts.properties.get("retentionInDays")
    days = own if days in (None, -1) else days
    total = facts.properties.get("totalRetentionInDays")
    return int(days), int(days if total in (None, -1) else total)


def _host(kind: str) -> str:
    return f"https://{{name}}-{{mark}}.{{location}}-1.{kind}.monitor.azure.com"


COMPUTED: Final[Table] = {
    WORKSPACE: {
        "properties.privateLinkScopedResources": _scoped,
        "properties.sku.lastSkuUpdate": "{created}",
        "properties.workspaceCapping.quotaNextResetTime": _next_reset,
    },
    f"{WORKSPACE}/tables": {
        "properties.archiveRetentionInDays": lambda facts: _days(facts)[1] - _days(facts)[0],
        "properties.retentionInDaysAsDefault": lambda facts: (
            facts.properties.get("retentionInDays") in (None, -1)
        ),
        "properties.totalRetentionInDaysAsDefault": lambda facts: (
            facts.properties.get("totalRetentionInDays") in (None, -1)
        ),
    },
    f"{INSIGHTS}/components": {"properties.privateLinkScopedResources": _scoped},
    f"{INSIGHTS}/workbooks": {
        "properties.revision": "{long}",
        "properties.timeModified": "{changed}",
        "properties.userId": "{creator}",
    },
    f"{INSIGHTS}/metricAlerts": {"properties.isMigrated": False, "properties.lastUpdatedTime": "{changed}"},
    f"{INSIGHTS}/scheduledQueryRules": {
        "etag": ETAG,
        "properties.isLegacyLogAnalyticsRule": False,
        "properties.isWorkspaceAlertsStorageConfigured": False,
    },
    COLLECTION: {
        "etag": ETAG,
        "properties.immutableId": "dce-{long}",
        "properties.configurationAccess.endpoint": _host("handler.control"),
        "properties.logsIngestion.endpoint": _host("ingest"),
        "properties.metricsIngestion.endpoint": _host("metrics.ingest"),
        "properties.privateLinkScopedResources": _scoped,
    },
    f"{INSIGHTS}/dataCollectionRules": {"etag": ETAG, "properties.immutableId": "dcr-{long}"},
    f"{INSIGHTS}/dataCollectionRuleAssociations": {"etag": ETAG},
    f"{INSIGHTS}/privateLinkScopes": {
        "properties.privateEndpointConnections": users("Microsoft.Network/privateEndpoints"),
    },
    "Microsoft.Consumption/budgets": {"properties.currentSpend": {"amount": 0, "unit": "USD"}},
}
DEFAULTS: Final[Table] = {
    f"{INSIGHTS}/actionGroups": {"properties.enabled": True},
    COLLECTION: {
        "properties.configurationAccess": {},
        "properties.logsIngestion": {},
        "properties.metricsIngestion": {},
    },
}
_MANAGED: Final = {"metadata": "only of what a service of Azure has made"}
ABSENT: Final = {
    WORKSPACE: {"features.unifiedSentinelBillingOnly": "only with Microsoft Sentinel"},
    f"{WORKSPACE}/tables": {
        "lastPlanModifiedDate": "only once the plan was changed",
        "resultStatistics": "only of the results of a search",
    },
    f"{INSIGHTS}/components": {
        "hockeyAppToken": "only of HockeyApp, which has ended",
        "laMigrationDate": "only of a component from before 2020",
    },
    f"{INSIGHTS}/scheduledQueryRules": {"createdWithApiVersion": "API versions are not told apart"},
    COLLECTION: {"failoverConfiguration": "only with a failover", **_MANAGED},
    f"{INSIGHTS}/dataCollectionRules": _MANAGED,
    f"{INSIGHTS}/dataCollectionRuleAssociations": _MANAGED,
    "Microsoft.Consumption/budgets": {"forecastSpend": "only where a notification forecasts"},
    "Microsoft.AlertsManagement/smartDetectorAlertRules": dict.fromkeys(
        (
            "detector.description",
            "detector.imagePaths",
            "detector.name",
            "detector.parameterDefinitions",
            "detector.supportedCadences",
            "detector.supportedResourceTypes",
        ),
        "only with expandDetector=true",
    ),
}
