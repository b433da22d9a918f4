"""The engines of a batch, as a table: how each scores in this process, and how it becomes a job.

An engine's modules are imported when it is used: none of them need be installed for another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.batch.asked import Asked
    from ml.batch.run import Told
    from ml.scheduled.job import Job


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine. largest: whether it takes what is too much for one machine.

    outside: why its jobs do not run in the estate's network, and so cannot read a lake that is shut to
    others; "" where they do. Such an engine is never chosen by itself.
    here: scores in this process and returns the run's record (`runs/RUN/record.json`, and `found`).
    job: the Azure ML job that does the same and writes that record as `answer.json` into its output `answer`;
    it is not submitted yet. state: of the data, a part of the job's name, "" where nobody could look.
    Both raise MlopsError.
    """

    name: str
    what: str
    largest: bool
    here: Callable[[Azure, Asked, Told], dict[str, Any]]
    job: Callable[[Azure, Path, Asked, str], Job]
    outside: str = ""


def _machine_here(azure: Azure, asked: Asked, told: Told) -> dict[str, Any]:
    from ml.batch import machine

    return machine.score(azure, asked, told)


def _machine_job(azure: Azure, root: Path, asked: Asked, state: str) -> Job:
    from ml.scheduled import batches

    return batches.job(azure, root, asked, state)


def _spark_here(azure: Azure, asked: Asked, told: Told) -> dict[str, Any]:
    from ml.batch.spark import job

    return job.here(azure, asked, told)


def _spark_job(azure: Azure, root: Path, asked: Asked, state: str) -> Job:
    from ml.batch.spark import job

    return job.job(azure, root, asked, state)


ENGINES: Final[dict[str, Engine]] = {
    engine.name: engine
    for engine in (
        Engine("machine", "all cores of one machine", False, _machine_here, _machine_job),
        Engine(
            "spark",
            "executors of Spark",
            True,
            _spark_here,
            _spark_job,
            "serverless Spark of Azure ML runs outside the estate's network (docs/spark.md)",
        ),
    )
}
