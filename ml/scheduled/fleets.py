"""The training of a fleet by the clock: its own pipeline, over a file that others bring up to date.

A schedule names its data once. So it names a path, of which each run takes what is there by then: a data
asset would be the same rows each time.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.content import content_key
from ml.errors import MlopsError
from ml.published.reason import Reason
from ml.scheduled.job import Job

if TYPE_CHECKING:
    from ml.azure.clients import Azure

KIND: Final = "fleet"


def job(azure: Azure, root: Path, title: str, reason: Reason) -> Job:
    """The pipeline of [scheduled.fleet]: its declaration, its data. Raises MlopsError.

    The training environment is made where it is missing. Whether a member has rows enough is found out by
    the pipeline, for rows that are not there yet cannot be counted.
    """
    from ml.commands.fleet import train
    from ml.fleet import pipeline
    from ml.jobs import environment, snapshot
    from ml.published.publish import plan_of
    from ml.steps.prepare import UNKNOWN

    chosen = azure.settings.scheduled.fleet
    if chosen.declaration is None or chosen.data is None:
        missing = "declaration" if chosen.declaration is None else "data"
        raise MlopsError(
            f"scheduled.fleet.{missing} is not set.",
            f"Set it in ml/settings.toml, or scheduled.{KIND}.on to false.",
        )
    fleet, data = train.declared(root / chosen.declaration), chosen.data
    code = snapshot.of_steps(root, pipeline.STEPS, pipeline.PACKAGES)
    with azure.report.phase("training environment"):
        made = environment.ensure(azure, root, rebuild=False)
    used = f"{made.name}:{made.version}"

    def entity(folder: Path) -> Any:
        written = code.write(folder / "code")
        (written / pipeline.DECLARATION).write_text(fleet.text, encoding="utf-8")
        plan = replace(plan_of(azure, written, code.commit, used), data_asset=data)
        found: Any = pipeline.assemble(plan, fleet.declaration.shards, UNKNOWN, force=True)
        found.display_name = title
        return found

    settings = {**azure.settings.training.model_dump(mode="json"), "trials": azure.settings.tuning.trials}
    content = {"declaration": fleet.text, "data": data, "code": code.sha256, "environment": used}
    return Job(
        KIND,
        title,
        content_key({**content, "settings": settings}),
        entity,
        reason=reason,
        tags={"fleet": fleet.declaration.name, "owner": fleet.declaration.owner, "data": data},
        answer=train.results,
        steps=True,
    )
