"""How old the predictions are that are looked up, as a metric: the alert `predictions-stale` asks for it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from ml.azure import gauges
from ml.errors import MlopsError

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.precomputed.store import Run

SCOPE: Final = "precomputed"
AGE: Final = "precomputed.age.hours"


def age_hours(run: Run, now: dt.datetime) -> float:
    """Since the end of the batch that scored the run."""
    return (now - run.scored_at).total_seconds() / 3600.0


def tell(azure: Azure, run: Run, now: dt.datetime) -> None:
    """Send the age of the visible run. Raises MlopsError when Application Insights does not take it."""
    values, dimensions = {AGE: age_hours(run, now)}, {"run": run.run, "model": run.model}
    connection = azure.estate.telemetry_connection_string
    if not gauges.send(SCOPE, azure.estate.environment, values, dimensions, connection, azure.credential):
        raise MlopsError(
            f"The run {run.run} is visible, and Application Insights did not take its age.",
            "Run the job again; if it stays so, see that its identity has the role Monitoring Metrics "
            "Publisher on the estate's Application Insights.",
        )
