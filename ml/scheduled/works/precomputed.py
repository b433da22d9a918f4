"""`mlops precomputed load` as a job: the newest batch run is looked up from then on, and its age is told."""

from __future__ import annotations

import datetime as dt
import json
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from ml.batch.told import lines
from ml.precomputed import load, store, telling
from ml.precomputed.place import open_store
from ml.scheduled import inside

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def work(azure: Azure, asked: str) -> dict[str, Any]:
    """asked: `batch`, the output of `mlops batch`; `database` in place of the estate's server."""
    given: dict[str, str] = json.loads(asked)
    state = "loaded"
    try:
        done = load.load(
            azure, given["batch"], None, given.get("database"), nullcontext(lines(azure.report.line))
        )
        runs = done.runs
    except store.GoneBack as error:  # a person decided so, and the run before is looked up
        azure.report.warn(error.problem)
        state, runs = "gone back from", _runs(azure, given.get("database"))
    visible = store.visible(runs)
    if visible is None:
        return {"state": state, "run": None}
    now = dt.datetime.now(dt.UTC)
    with azure.report.phase("sending its age to Application Insights"):
        telling.tell(azure, visible, now)
    age = telling.age_hours(visible, now)
    return {"state": state, "run": visible.run, "rows": visible.rows, "age_hours": round(age, 2)}


def _runs(azure: Azure, database: str | None) -> list[store.Run]:
    held = open_store(azure, database)
    try:
        return held.runs()
    finally:
        held.close()


if __name__ == "__main__":
    sys.exit(inside.main(work))
