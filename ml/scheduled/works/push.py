"""`mlops push` as a job: the file of yesterday goes to where trainings run."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

from ml.push.place import sender
from ml.push.send import FEW, push
from ml.scheduled import inside

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def work(azure: Azure, asked: str) -> dict[str, Any]:
    now = dt.datetime.now(dt.UTC)
    day = now.date() - dt.timedelta(days=1)
    with azure.report.phase(f"pushing the labelled rows up to {day}"):
        answer = push(sender(azure), day, now)
        told = f"{answer['state']}: {answer['rows']:,} rows to {answer['to']}"
        if answer["state"] == FEW:
            azure.report.warn(f"{told}, of {answer['minimum_rows']:,} that a file has at the least")
        else:
            azure.report.line(told)
    return answer


if __name__ == "__main__":
    sys.exit(inside.main(work))
