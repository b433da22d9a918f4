"""Diagnostic settings: what each service logs about itself goes to Log Analytics."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from infra.components.site import Site, child_of
from infra.components.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Source:
    """A resource that logs. metrics: the name of its metric category.

    logs: categories of its logs; none given means all of them.
    """

    id: pulumi.Input[str]
    metrics: str = "AllMetrics"
    logs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiagnosticsArgs:
    """sources by a short name."""

    site: Site
    telemetry: Telemetry
    sources: Mapping[str, Source]


class Diagnostics(pulumi.ComponentResource):
    """One setting for each source: all logs, all metrics; how long they are kept is Log Analytics' matter."""

    def __init__(self, name: str, args: DiagnosticsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:observability:Diagnostics", name, None, opts)
        for key, source in args.sources.items():
            monitor.DiagnosticSetting(
                f"{name}-{key}",
                name=args.site.names.of("diagnostics"),
                resource_uri=source.id,
                workspace_id=args.telemetry.log_analytics_id,
                logs=_logs(source),
                metrics=[monitor.DiagnosticsMetricSettingsArgs(category=source.metrics, enabled=True)],
                opts=child_of(self),
            )
        self.register_outputs({})


def _logs(source: Source) -> list[monitor.DiagnosticsLogSettingsArgs]:
    if not source.logs:
        return [monitor.DiagnosticsLogSettingsArgs(category_group="allLogs", enabled=True)]
    return [monitor.DiagnosticsLogSettingsArgs(category=one, enabled=True) for one in source.logs]
