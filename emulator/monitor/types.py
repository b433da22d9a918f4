"""The types of observability and costs: Azure Monitor, Log Analytics, dashboards, budgets.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row
from emulator.arm.name_rules import HYPHENS, UUID

INSIGHTS: Final = "Microsoft.Insights"
WORKSPACE: Final = "Microsoft.OperationalInsights/workspaces/{workspaceName}"
NAME: Final = NameRule(
    1, 260, r"[^*#&+:<>?@%{}\\/]*[^*#&+:<>?@%{}\\/. ]", "none of * # & + : < > ? @ % { } \\ /"
)

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(WORKSPACE, "operationalinsights:Workspace",
        name=NameRule(4, 63, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])", HYPHENS)),
    Row(f"{WORKSPACE}/tables/{{tableName}}", "operationalinsights:Table"),
    Row(f"{WORKSPACE}/savedSearches/{{savedSearchId}}", "operationalinsights:SavedSearch"),
    Row(f"{INSIGHTS}/components/{{resourceName}}", "applicationinsights:Component", name=NAME),
    Row(f"{INSIGHTS}/workbooks/{{resourceName}}", "applicationinsights:Workbook", name=UUID),
    Row(f"{{resourceUri}}/providers/{INSIGHTS}/diagnosticSettings/{{name}}", "monitor:DiagnosticSetting"),
    Row(f"{INSIGHTS}/actionGroups/{{actionGroupName}}", "monitor:ActionGroup", name=NAME),
    Row(f"{INSIGHTS}/scheduledQueryRules/{{ruleName}}", "monitor:ScheduledQueryRule", name=NAME),
    Row(f"{INSIGHTS}/metricAlerts/{{ruleName}}", "monitor:MetricAlert", name=NAME),
    Row(f"{INSIGHTS}/activityLogAlerts/{{activityLogAlertName}}", "monitor:ActivityLogAlert", name=NAME),
    Row(f"{INSIGHTS}/autoscalesettings/{{autoscaleSettingName}}", "monitor:AutoscaleSetting"),
    Row(f"{INSIGHTS}/dataCollectionEndpoints/{{dataCollectionEndpointName}}",
        "monitor:DataCollectionEndpoint"),
    Row(f"{INSIGHTS}/dataCollectionRules/{{dataCollectionRuleName}}", "monitor:DataCollectionRule"),
    Row(f"{{resourceUri}}/providers/{INSIGHTS}/dataCollectionRuleAssociations/{{associationName}}",
        "monitor:DataCollectionRuleAssociation"),
    Row(f"{INSIGHTS}/privateLinkScopes/{{scopeName}}", "monitor:PrivateLinkScope"),
    Row(f"{INSIGHTS}/privateLinkScopes/{{scopeName}}/scopedResources/{{name}}",
        "monitor:PrivateLinkScopedResource"),
    Row("{scope}/providers/Microsoft.Consumption/budgets/{budgetName}", "consumption:Budget"),
    Row("Microsoft.Portal/dashboards/{dashboardName}", "portal:Dashboard"),
    Row("Microsoft.AlertsManagement/smartDetectorAlertRules/{alertRuleName}",
        "alertsmanagement:SmartDetectorAlertRule"),
)
# fmt: on
