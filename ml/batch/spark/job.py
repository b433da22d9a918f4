"""A batch as a Spark job of Azure ML, on serverless compute.

The model goes with the code, held against the release's digest by the job again: who scores needs no right on
models or records, only on the rows and the output. The job acts as the workspace's identity.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.batch.run import Limits, Told
from ml.batch.spark import serverless
from ml.batch.spark.engine import Model, batch
from ml.batch.spark.settings import SparkSettings
from ml.batch.spark.sign_in import AZURE_ML
from ml.content import content_key
from ml.jobs import snapshot

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.batch.asked import Asked
    from ml.scheduled.job import Job

PROGRAM: Final = "ml.batch.spark.main"
ANSWERS: Final = "runs/answers"  # in the output: a record for each job
ENTRY: Final = "ml/batch/spark/main.py"
MODEL: Final = "model"


def here(azure: Azure, asked: Asked, told: Told) -> dict[str, Any]:
    """By this machine's Spark, in a session of this process. Raises MlopsError, with nothing published."""
    from ml.batch import model as registered
    from ml.batch.spark.main import session_here

    limits = replace(azure.settings.batch.limits(), workers=asked.workers)
    session = session_here()
    try:
        with registered.downloaded(azure, asked.model) as folder:
            return batch(
                session, _model(folder, asked), asked.data, asked.output, asked.key, limits, azure.credential,
                told, azure.estate.environment, date=asked.date, format_=asked.format,
                say=azure.report.line,
            )  # fmt: skip
    finally:
        session.stop()


def job(azure: Azure, root: Path, asked: Asked, state: str) -> Job:
    """The Spark job, not submitted yet. state: of the data, a part of its name. Raises MlopsError."""
    from ml.batch import model as registered
    from ml.batch.places import Place
    from ml.scheduled.job import Job

    limits, settings = azure.settings.batch.limits(), azure.settings.spark
    taken = snapshot.take(root, (PROGRAM,))
    decides = {"code": taken.sha256, "limits": str(limits), "settings": settings.model_dump_json()}
    key = content_key({"asked": asked.to_json(), "data": state, **decides})
    answer = f"{ANSWERS}/{key}.json"

    def made(folder: Path) -> Any:
        with registered.downloaded(azure, asked.model) as files:
            return entity(
                root, folder / "code", files, asked, limits, settings, answer, azure.estate.environment,
                azure.settings.training.experiment,
            )  # fmt: skip

    def read(azure: Azure, _name: str) -> dict[str, Any]:
        return json.loads(Place(asked.output, azure.credential).read(answer))

    named = asked.model
    tags = {
        "release": named.release,
        "model": named.name,
        "output": asked.output,
        "code_commit": taken.commit,
    }
    return Job("batch-spark", f"batch by {named.release}", key, made, state, tags=tags, answer=read)


def entity(
    root: Path,
    folder: Path,
    model: Path,
    asked: Asked,
    limits: Limits,
    settings: SparkSettings,
    answer: str,
    environment: str,
    experiment: str,
) -> Any:
    """The job of azure-ai-ml. folder: where its code is written; it stays until the job is submitted.

    model: the folder of the model's files. answer: the file in the output that gets the record. Raises
    MlopsError for a value that a Spark job's arguments cannot carry.
    """
    program = serverless.Program(
        "batch-spark", ENTRY, f"batch of {asked.model.name}", snapshot.take(root, (PROGRAM,))
    )
    given = _arguments(asked, limits, answer, environment)
    made = serverless.entity(root, folder, program, given.items(), settings, experiment)
    shutil.copytree(model, folder / MODEL)
    return made


def _model(folder: Path, asked: Asked) -> Model:
    return Model(folder, asked.model.name, asked.model.release, asked.model.digest)


def _arguments(asked: Asked, limits: Limits, answer: str, environment: str) -> dict[str, str | None]:
    return {
        "--model": MODEL,
        "--model-name": asked.model.name,
        "--model-digest": asked.model.digest,
        "--release": asked.model.release,
        "--data": asked.data,
        "--output": asked.output,
        "--key": asked.key,
        "--format": asked.format,
        "--date": asked.date,
        "--slots": str(asked.workers),
        "--environment": environment or None,
        "--block-rows": str(limits.block_rows),
        "--most-rejected": str(limits.most_rejected),
        "--wait-s": str(limits.wait_s),
        "--answer": answer,
        "--sign-in": AZURE_ML,
    }
