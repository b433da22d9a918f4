"""Where logs, metrics, events and traces go: Log Analytics, and Application Insights on top of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import applicationinsights, operationalinsights

from infra.components.access import Access
from infra.components.existing import checked
from infra.components.site import Site, child_of
from infra.config_errors import Problem
from infra.existing import region_problems

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
        chosen = site.settings.telemetry.workspace_id
        logs = self._central(name, site, chosen) if chosen else self._logs(name, site, public)
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
            workspace_resource_id=logs,
            disable_local_auth=True,  # senders are identities with Monitoring Metrics Publisher
            disable_ip_masking=False,
            public_network_access_for_ingestion=public,
            public_network_access_for_query=public,
            tags=site.tags,
            opts=child_of(self, protect=site.protect),
        )
        self.log_analytics_id = logs
        self.application_insights_id = insights.id
        self.connection_string = insights.connection_string
        self.register_outputs({"logs": logs, "insights": insights.id})

    def _logs(self, name: str, site: Site, public: str) -> pulumi.Output[str]:
        return operationalinsights.Workspace(
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
        ).id

    def _central(self, name: str, site: Site, chosen: str) -> pulumi.Output[str]:
        """Log Analytics of others. Rules that ask it, and that collect for it, stand in its region."""
        found = operationalinsights.Workspace.get(f"{name}-central-logs", chosen, child_of(self))

        def problems(location: str) -> Iterator[Problem]:
            return region_problems("telemetry.workspaceId", chosen, location, site.location)

        return checked(found.id, found.location, problems)
