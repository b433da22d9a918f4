"""What a report says as metrics in Application Insights, over which alert rules are (infra/alerts.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ml.azure import gauges
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
    dimensions = {DATE: str(report.date), MODEL: report.model, VERDICT: report.diagnosis.verdict}
    values = measurements(report)
    if not gauges.send(SCOPE, report.environment, values, dimensions, connection_string, credential):
        raise MlopsError(
            f"The report of {report.date} is written, and Application Insights did not take its metrics.",
            "Run the command again; if it stays so, see that whoever runs it has the role Monitoring Metrics "
            "Publisher on the estate's Application Insights.",
        )
