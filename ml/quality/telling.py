"""What a report says as metrics in Application Insights, over which alert rules are (infra/alerts.py)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError
from ml.quality.report import DailyReport

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

SCOPE: Final = "quality"
DATE: Final = "date"  # dimensions
MODEL: Final = "model"
VERDICT: Final = "verdict"


def measurements(report: DailyReport) -> dict[str, float]:
    """Each metric of a report by its name; what is not known is left out.

    quality.retrain and quality.broken are 1 or 0, quality.drifted is a number of features,
    quality.drifted.days the most days in a row that one of them has drifted; quality.auc.* are ROC AUCs.
    """
    found = {
        "quality.rows": float(report.rows),
        "quality.labelled": float(report.labelled),
        "quality.drifted": float(len(report.drifted)),
        "quality.drifted.days": float(
            max((each.days for each in report.features if each.status == "drifted"), default=0)
        ),
        "quality.broken": float(bool(report.with_status("broken"))),
        "quality.retrain": float(report.diagnosis.retrain),
    }
    if "roc_auc" in report.estimated:
        found["quality.auc.estimated"] = report.estimated["roc_auc"].value
    if report.measured is not None and "roc_auc" in report.measured.metrics:
        found["quality.auc.measured"] = report.measured.metrics["roc_auc"].value
    if "roc_auc" in report.reference:
        found["quality.auc.reference"] = report.reference["roc_auc"]
    return found


def tell(report: DailyReport, connection_string: str, credential: TokenCredential) -> None:
    """Send them, once each. Raises MlopsError when Application Insights does not take them."""
    for name in ("STATSBEAT_DISABLED_ALL", "SDKSTATS_DISABLED", "CONTROLPLANE_DISABLED"):
        os.environ.setdefault(f"APPLICATIONINSIGHTS_{name}", "true")
    os.environ.setdefault("OTEL_METRICS_EXEMPLAR_FILTER", "always_off")
    from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
    from opentelemetry.sdk.resources import Resource

    reader = InMemoryMetricReader()
    resource = Resource({"service.namespace": report.environment, "service.name": SCOPE})
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter = provider.get_meter(SCOPE)
    dimensions = {DATE: str(report.date), MODEL: report.model, VERDICT: report.diagnosis.verdict}
    for name, value in measurements(report).items():
        meter.create_gauge(name).set(value, dimensions)
    exporter: Any = AzureMonitorMetricExporter(
        connection_string=connection_string, credential=credential, disable_offline_storage=True
    )
    try:
        sent = exporter.export(reader.get_metrics_data())
    finally:
        exporter.shutdown()
        provider.shutdown()
    if sent is not MetricExportResult.SUCCESS:
        raise MlopsError(
            f"The report of {report.date} is written, and Application Insights did not take its metrics.",
            "Run the command again; if it stays so, see that whoever runs it has the role Monitoring Metrics "
            "Publisher on the estate's Application Insights.",
        )
