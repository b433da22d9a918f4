"""The private link scope of Azure Monitor: telemetry goes in, and queries go out, by a private endpoint.

A network can have one: its zones send every name of Azure Monitor to it. Ingestion and queries are "Open",
as Azure ML needs it: what the scope does not hold (Azure ML's own telemetry) still goes its public way.
"""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from infra.components.site import Site, child_of
from infra.components.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class MonitorScopeArgs:
    site: Site
    telemetry: Telemetry


class MonitorScope(pulumi.ComponentResource):
    """id."""

    def __init__(self, name: str, args: MonitorScopeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:observability:MonitorScope", name, None, opts)
        site = args.site
        scope = monitor.PrivateLinkScope(
            name,
            resource_group_name=site.group,
            scope_name=site.names.of("monitor_scope"),
            location="global",
            access_mode_settings=monitor.AccessModeSettingsArgs(
                ingestion_access_mode="Open", query_access_mode="Open"
            ),
            tags=site.tags,
            opts=child_of(self),
        )
        inside = {
            "logs": args.telemetry.log_analytics_id,
            "insights": args.telemetry.application_insights_id,
        }
        last: pulumi.Resource | None = None
        for key, resource in inside.items():
            # Azure writes one member of a scope at a time.
            last = monitor.PrivateLinkScopedResource(
                f"{name}-{key}",
                resource_group_name=site.group,
                scope_name=scope.name,
                name=key,
                linked_resource_id=resource,
                opts=child_of(self, depends_on=[last] if last else None),
            )
        self.id = scope.id
        self.register_outputs({"id": scope.id})


def find_scope(name: str, id_: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The id of a scope of others, which has to exist. They add the estate's parts to it."""
    return monitor.PrivateLinkScope.get(name, id_, opts).id
