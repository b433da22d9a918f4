"""What the cluster's nodes and pods write goes to Log Analytics, signed in by identity."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import monitor

from infra.components.site import Site, child_of
from infra.components.telemetry import Telemetry

STREAM: Final = "Microsoft-ContainerInsights-Group-Default"
DESTINATION: Final = "log-analytics"


@dataclass(frozen=True, slots=True)
class ContainerInsightsArgs:
    """cluster: its resource id; its add-on `omsagent` reads the rule."""

    site: Site
    cluster: pulumi.Output[str]
    telemetry: Telemetry


class ContainerInsights(pulumi.ComponentResource):
    """The collection rule and its association. Azure ended the way by the workspace's key on 2026-09-30."""

    def __init__(
        self, name: str, args: ContainerInsightsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:observability:ContainerInsights", name, None, opts)
        site = args.site
        rule = monitor.DataCollectionRule(
            name,
            resource_group_name=site.group,
            data_collection_rule_name=site.names.of("data_collection_rule", "kubernetes"),
            location=site.location,
            kind="Linux",
            data_sources=monitor.DataCollectionRuleDataSourcesArgs(
                extensions=[
                    monitor.ExtensionDataSourceArgs(
                        name="ContainerInsightsExtension",
                        extension_name="ContainerInsights",
                        streams=[STREAM],
                        extension_settings={
                            "dataCollectionSettings": {
                                "interval": "1m",
                                "namespaceFilteringMode": "Off",
                                "enableContainerLogV2": True,
                            }
                        },
                    )
                ]
            ),
            destinations=monitor.DataCollectionRuleDestinationsArgs(
                log_analytics=[
                    monitor.LogAnalyticsDestinationArgs(
                        name=DESTINATION, workspace_resource_id=args.telemetry.log_analytics_id
                    )
                ]
            ),
            data_flows=[monitor.DataFlowArgs(streams=[STREAM], destinations=[DESTINATION])],
            tags=site.tags,
            opts=child_of(self),
        )
        monitor.DataCollectionRuleAssociation(
            f"{name}-association",
            association_name="ContainerInsightsExtension",  # the add-on looks for this name
            resource_uri=args.cluster,
            data_collection_rule_id=rule.id,
            opts=child_of(self),
        )
        self.register_outputs({"id": rule.id})
