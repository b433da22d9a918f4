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
