"""Builds of feature tables by Spark: in a session of this process, or as a Spark job of Azure ML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.batch.spark import serverless
from ml.batch.spark.sign_in import AZURE_ML
from ml.content import content_key
from ml.errors import MlopsError
from ml.features.build import Built
from ml.features.sources import first_outside
from ml.jobs import snapshot

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.features.definition import FeatureTable
    from ml.features.place import Features
    from ml.features.sources import Sources
    from ml.scheduled.job import Job

ANSWERS: Final = "answers"  # beside what is written: what each job has to say


@dataclass(frozen=True, slots=True)
class Program:
    """module: that Spark runs. title: of its jobs."""

    module: str
    title: str

    @property
    def entry(self) -> str:
        return f"{self.module.replace('.', '/')}.py"


BUILD: Final = Program("ml.features.spark.main", "feature tables by Spark")
JOIN: Final = Program("ml.features.spark.join", "training set by Spark")


@dataclass(frozen=True, slots=True)
class Joining:
    """What is asked of a join. features: TABLE or TABLE:FEATURE,FEATURE each. to: the file."""

    spine: str
    time: str
    features: tuple[str, ...]
    drop: tuple[str, ...]
    to: str


def here(azure: Azure, tables: Sequence[FeatureTable], place: Features, sources: Sources) -> list[Built]:
    """By this machine's Spark. Raises what `each` does, and MlopsError where there is no Spark."""
    from ml.features.spark.building import built

    return built(azure.report, tables, place, sources, azure.credential)


def job(azure: Azure, root: Path, tables: Sequence[FeatureTable], where: str, sources: Sources) -> Job:
    """The Spark job, not submitted yet. Raises MlopsError for what it could not reach.

    It has no state: what a build finds depends on when it runs, so one that has ended stands for no other.
    """
    from ml.batch.places import is_lake

    given = sources.given or {}
    outside = first_outside(tables, given)
    if outside is not None or not is_lake(where):
        what = where if outside is None else f"{outside.where}, which {outside.table} reads"
        raise MlopsError(
            f"A job of Spark cannot reach {what}.",
            "Give addresses in the data lake (--tables and --source DATA_SET=abfss://…), or --here.",
        )
    asked = arguments(tables, where, sources, azure.estate.environment)
    return _job(azure, root, BUILD, asked, where, {"tables": where})


def join(azure: Azure, root: Path, asked: Joining, where: str) -> Job:
    """The Spark job of a training set, not submitted yet. Raises MlopsError for what it could not reach."""
    from ml.batch.places import is_lake

    if away := [one for one in (asked.spine, where, asked.to) if not is_lake(one)]:
        raise MlopsError(
            f"A job of Spark cannot reach {away[0]}.",
            "Give addresses in the data lake (abfss://) to --spine, --tables and --to, or --here.",
        )
    given: list[tuple[str, str | None]] = [
        ("--spine", asked.spine),
        ("--time", asked.time),
        *(("--features", one) for one in asked.features),
        *(("--drop", one) for one in asked.drop),
        ("--where", where),
        ("--to", asked.to),
        ("--environment", azure.estate.environment or None),
        ("--sign-in", AZURE_ML),
    ]
    return _job(azure, root, JOIN, given, asked.to.rpartition("/")[0], {"training_set": asked.to})


def _job(
    azure: Azure,
    root: Path,
    program: Program,
    asked: list[tuple[str, str | None]],
    place: str,
    tags: dict[str, str],
) -> Job:
    """place: where the answer is written."""
    from ml.scheduled.job import Job

    taken, settings = snapshot.take(root, (program.module,)), azure.settings.spark
    key = content_key({"asked": asked, "code": taken.sha256, "settings": settings.model_dump_json()})
    answer, experiment = f"{ANSWERS}/{key}.json", azure.settings.training.experiment
    sent = serverless.Program("features-spark", program.entry, program.title, taken)

    def made(folder: Path) -> Any:
        return serverless.entity(
            root, folder / "code", sent, [*asked, ("--answer", answer)], settings, experiment
        )

    def read(azure: Azure, _name: str) -> dict[str, Any]:
        from ml.batch.places import Place

        return json.loads(Place(place, azure.credential).read(answer))

    tagged = {**tags, "code_commit": taken.commit}
    return Job("features-spark", program.title, key, made, tags=tagged, answer=read)


def arguments(
    tables: Sequence[FeatureTable], where: str, sources: Sources, environment: str
) -> list[tuple[str, str | None]]:
    """The program's options."""
    return [
        ("--tables", ",".join(table.name for table in tables)),
        ("--where", where),
        ("--data-lake", sources.data_lake),
        *(("--source", f"{data_set}={at}") for data_set, at in sorted((sources.given or {}).items())),
        ("--environment", environment or None),
        ("--sign-in", AZURE_ML),
    ]
