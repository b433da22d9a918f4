"""Builds of feature tables by Spark: in a session of this process, or as a Spark job of Azure ML."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.batch.spark import serverless
from ml.batch.spark.sign_in import AZURE_ML
from ml.content import content_key
from ml.errors import MlopsError
from ml.features.build import Built, build
from ml.features.refresh import each
from ml.features.sources import first_outside
from ml.features.spark.database import database
from ml.jobs import snapshot

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.features.definition import FeatureTable
    from ml.features.place import Features
    from ml.features.sources import Sources
    from ml.scheduled.job import Job

PROGRAM: Final = "ml.features.spark.main"
ENTRY: Final = "ml/features/spark/main.py"
ANSWERS: Final = "answers"  # beside the tables: what each job has built


def here(azure: Azure, tables: Sequence[FeatureTable], place: Features, sources: Sources) -> list[Built]:
    """By this machine's Spark. Raises what `each` does, and MlopsError where there is no Spark."""
    from ml.batch.spark.main import session_here

    session = session_here()

    def built(one: FeatureTable) -> Built:
        now = dt.datetime.now(dt.UTC)
        return build(
            one, place, sources, now, told=azure.report.line,
            database=lambda: database(session, azure.credential),
        )  # fmt: skip

    try:
        return each(azure.report, tables, built)
    finally:
        session.stop()


def job(azure: Azure, root: Path, tables: Sequence[FeatureTable], where: str, sources: Sources) -> Job:
    """The Spark job, not submitted yet. Raises MlopsError for what it could not reach.

    It has no state: what a build finds depends on when it runs, so one that has ended stands for no other.
    """
    from ml.batch.places import is_lake
    from ml.scheduled.job import Job

    given = sources.given or {}
    outside = first_outside(tables, given)
    if outside is not None or not is_lake(where):
        what = where if outside is None else f"{outside.where}, which {outside.table} reads"
        raise MlopsError(
            f"A job of Spark cannot reach {what}.",
            "Give addresses in the data lake (--tables and --source DATA_SET=abfss://…), or --here.",
        )
    taken, settings = snapshot.take(root, (PROGRAM,)), azure.settings.spark
    asked = arguments(tables, where, sources, azure.estate.environment)
    key = content_key({"asked": asked, "code": taken.sha256, "settings": settings.model_dump_json()})
    answer = f"{ANSWERS}/{key}.json"

    def made(folder: Path) -> Any:
        return entity(azure, root, folder / "code", [*asked, ("--answer", answer)])

    def read(azure: Azure, _name: str) -> dict[str, Any]:
        from ml.batch.places import Place

        return json.loads(Place(where, azure.credential).read(answer))

    tags = {"tables": where, "code_commit": taken.commit}
    return Job("features-spark", "feature tables by Spark", key, made, tags=tags, answer=read)


def entity(azure: Azure, root: Path, folder: Path, given: Sequence[tuple[str, str | None]]) -> Any:
    """The job of azure-ai-ml. folder: where its code is written. given: options of the program."""
    program = serverless.Program(
        "features-spark", ENTRY, "feature tables by Spark", snapshot.take(root, (PROGRAM,))
    )
    experiment = azure.settings.training.experiment
    return serverless.entity(root, folder, program, given, azure.settings.spark, experiment)


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
