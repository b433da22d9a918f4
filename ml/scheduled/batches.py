"""A batch as a command job on one machine of the estate's cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ml.scheduled.job import Job, command_job

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.batch.asked import Asked


def job(azure: Azure, root: Path, asked: Asked, state: str) -> Job:
    """state: of the data, a part of the job's name; "" where nobody could look at it. Raises MlopsError."""
    return command_job(
        azure,
        root,
        "batch",
        asked.to_json(),
        f"batch by {asked.model.release}",
        state=state,
        tags={"release": asked.model.release, "model": asked.model.name, "output": asked.output},
    )


def scheduled(azure: Azure) -> str:
    """What the batch of each day takes: the newest release, as it is when the schedule is applied.

    Whoever applies it reads the releases; the job, which may read none, takes that one and no other. Raises
    MlopsError.
    """
    from ml.batch import released
    from ml.batch.asked import Asked
    from ml.errors import MlopsError
    from ml.lake import tables
    from ml.scheduled.works.batch import YESTERDAY

    lake, row = azure.estate.data_lake, azure.settings.scheduled.batch
    if lake is None:
        raise MlopsError(
            f"The estate {azure.estate.environment} has no data lake.", "Set scheduled.batch.on to false."
        )
    model = released.named(azure, None)
    output = tables.address(lake, "predictions", f"batch/{model.model}")
    data = row.data.replace("{data_lake}", lake)
    return Asked(model, data, output, row.key, date=YESTERDAY).to_json()
