"""A batch as a job: the engine of one machine. One that is scheduled scores the day before."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ml.batch import days, machine
from ml.batch.asked import Asked
from ml.batch.source import NothingThere
from ml.batch.told import lines
from ml.scheduled import inside

if TYPE_CHECKING:
    from ml.azure.clients import Azure

YESTERDAY: Final = "yesterday"  # as the date of what is asked
LOOKED_BACK: Final = 7  # days before it that are looked at for files that came late


def work(azure: Azure, asked: str) -> dict[str, Any]:
    given = Asked.of_json(asked)
    if given.date != YESTERDAY:
        return _scored(azure, given)
    return yesterday(azure, given, dt.datetime.now(dt.UTC).date())


def _scored(azure: Azure, given: Asked) -> dict[str, Any]:
    """The run's record. A day without files is an answer and no failure: those after it are scored."""
    try:
        return machine.score(azure, given, lines(azure.report.line))
    except NothingThere as error:
        if given.date is None:
            raise
        azure.report.warn(f"{given.date}: {error.problem}")
        return days.without_data(given.date)


def yesterday(azure: Azure, given: Asked, today: dt.date) -> dict[str, Any]:
    """Score the day before, and name earlier ones whose files have changed since they were scored."""
    date = (today - dt.timedelta(days=1)).isoformat()
    one = replace(given, data=days.address(given.data, date), date=date)
    answer = _scored(azure, one)
    first = (today - dt.timedelta(days=1 + LOOKED_BACK)).isoformat()
    last = (today - dt.timedelta(days=2)).isoformat()
    found = days.checked(given.output, given.data, days.days(first, last), azure.credential)
    late = [day.date for day in found if day.state == "late"]
    for day in late:
        azure.report.warn(f"files of {day} came late: `mlops batch --from {day}` scores that day again")
    return {**answer, "late": late}


if __name__ == "__main__":
    sys.exit(inside.main(work))
