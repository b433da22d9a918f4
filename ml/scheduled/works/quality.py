"""`mlops quality` as a job: the report of yesterday, and its figures to Application Insights."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

from ml.quality import daily, place, telling
from ml.scheduled import inside

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def work(azure: Azure, asked: str) -> dict[str, Any]:
    now = dt.datetime.now(dt.UTC)
    day = now.date() - dt.timedelta(days=1)
    with azure.report.phase(f"reading the answers and labels of {day}"):
        try:
            report = daily.report(
                azure.estate.environment, place.sources(azure, {}), day, azure.settings.quality.rules(), now
            )
        except daily.NoAnswers as error:  # a quiet day; that answers are lost has an alert of its own
            azure.report.warn(error.problem)
            return {"date": str(day), "state": "no answers"}
        azure.report.line(f"{report.diagnosis.verdict}: {report.diagnosis.words}")
    with azure.report.phase("sending the figures to Application Insights"):
        telling.tell(report, azure.estate.telemetry_connection_string, azure.credential)
    return report.model_dump(mode="json")


if __name__ == "__main__":
    sys.exit(inside.main(work))
