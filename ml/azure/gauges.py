"""Figures of a job as metrics in Application Insights, over which alert rules are (infra/alerts.py)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


def send(
    scope: str,
    environment: str,
    values: Mapping[str, float],
    dimensions: Mapping[str, str],
    connection_string: str,
    credential: TokenCredential,
) -> bool:
    """Send each value once, by its metric's name; whether Application Insights took them.

    scope: who says it, the role's name in the tables. dimensions: properties of all of them.
    """
    for name in ("STATSBEAT_DISABLED_ALL", "SDKSTATS_DISABLED", "CONTROLPLANE_DISABLED"):
        os.environ.setdefault(f"APPLICATIONINSIGHTS_{name}", "true")
    os.environ.setdefault("OTEL_METRICS_EXEMPLAR_FILTER", "always_off")
    from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
    from opentelemetry.sdk.resources import Resource

    reader = InMemoryMetricReader()
    resource = Resource({"service.namespace": environment, "service.name": scope})
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter = provider.get_meter(scope)
    for name, value in values.items():
        meter.create_gauge(name).set(value, dict(dimensions))
    exporter: Any = AzureMonitorMetricExporter(
        connection_string=connection_string, credential=credential, disable_offline_storage=True
    )
    try:
        return exporter.export(reader.get_metrics_data()) is MetricExportResult.SUCCESS
    finally:
        exporter.shutdown()
        provider.shutdown()
