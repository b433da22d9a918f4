"""Where logs, metrics, events and traces go: Log Analytics, and Application Insights on top of it."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import applicationinsights, operationalinsights

from infra.components.access import Access
from infra.components.site import Site, child_of

NO_CAP: Final = -1  # Azure's way of saying so


@dataclass(frozen=True, slots=True)
class TelemetryArgs:
    site: Site
    access: Access


class Telemetry(pulumi.ComponentResource):
    """log_analytics_id, application_insights_id, connection_string."""

    def __init__(self, name: str, args: TelemetryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:observability:Telemetry", name, None, opts)
        site, public = args.site, args.access.public
        logs = operationalinsights.Workspace(
            f"{name}-logs",
            resource_group_name=site.group,
            workspace_name=site.names.of("log_analytics"),
            location=site.location,
            sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
            retention_in_days=site.settings.telemetry.retention_days,
            workspace_capping=operationalinsights.WorkspaceCappingArgs(
                daily_quota_gb=site.settings.telemetry.daily_cap_gb or NO_CAP
            ),
            features=operationalinsights.WorkspaceFeaturesArgs(
                disable_local_auth=True,
                enable_data_export=False,
                enable_log_access_using_only_resource_permissions=True,
                immediate_purge_data_on30_days=False,
            ),
            public_network_access_for_ingestion=public,
            public_network_access_for_query=public,
            tags=site.tags,
            opts=child_of(self, protect=site.protect),
        )
        insights = applicationinsights.Component(
            f"{name}-insights",
            resource_group_name=site.group,
            resource_name_=site.names.of("application_insights"),
            location=site.location,
            kind="web",
            application_type="web",
            flow_type="Bluefield",
            request_source="rest",
            ingestion_mode="LogAnalytics",
            workspace_resource_id=logs.id,
            disable_local_auth=True,  # senders are identities with Monitoring Metrics Publisher
            disable_ip_masking=False,
            public_network_access_for_ingestion=public,
            public_network_access_for_query=public,
            tags=site.tags,
            opts=child_of(self, protect=site.protect),
        )
        self.log_analytics_id = logs.id
        self.application_insights_id = insights.id
        self.connection_string = insights.connection_string
        self.register_outputs({"logs": logs.id, "insights": insights.id})
