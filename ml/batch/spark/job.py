"""A batch as a Spark job of Azure ML, on serverless compute.

The model goes with the code, held against the release's digest by the job again: who scores needs no right on
models or records, only on the rows and the output. The job acts as the workspace's identity.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.batch.run import Limits, Told
from ml.batch.spark.engine import Model, batch
from ml.batch.spark.settings import SparkSettings
from ml.batch.spark.sign_in import AZURE_ML
from ml.content import content_key
from ml.errors import MlopsError
from ml.jobs import snapshot

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.batch.asked import Asked
    from ml.scheduled.job import Job

PROGRAM: Final = "ml.batch.spark.main"
ANSWERS: Final = "runs/answers"  # in the output: a record for each job
ENTRY: Final = "ml/batch/spark/main.py"
CODE: Final = "code.zip"  # of the project, for executors
MODEL: Final = "model"
REQUIREMENTS: Final = "environments/requirements/spark.txt"
PYTHON: Final = "3.11"  # of Azure's runtime 3.5
# Azure's runtime brings these, by its own versions.
RUNTIMES_OWN: Final = frozenset({"pyspark", "py4j", "delta-spark"})
PIN: Final = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s\\]+)(?: ; (?P<marker>[^\\\n]+?))? *\\?$", re.MULTILINE
)
IMAGE: Final = (
    "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"  # asked for by the type, not used by Spark
)
PLAIN: Final = re.compile(r"[^\s\"'\\$]+")


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
    from azure.ai.ml import spark
    from azure.ai.ml.entities import Environment, ManagedIdentityConfiguration

    identity: Any = ManagedIdentityConfiguration()  # which spark() takes, and its annotation does not name
    _write_code(root, folder, model)
    packages = conda((root / REQUIREMENTS).read_text(encoding="utf-8"))
    return spark(
        code=str(folder),
        entry={"file": ENTRY},
        py_files=[CODE],
        args=_arguments(asked, limits, answer, environment),
        environment=Environment(name="batch-spark", image=IMAGE, conda_file=packages),
        resources={"instance_type": settings.instance_type, "runtime_version": settings.runtime_version},
        driver_cores=settings.executor_cores,
        driver_memory=settings.memory,
        executor_cores=settings.executor_cores,
        executor_memory=settings.memory,
        executor_instances=settings.executors,
        identity=identity,
        experiment_name=experiment,
        display_name=f"batch of {asked.model.name}",
    )


def _model(folder: Path, asked: Asked) -> Model:
    return Model(folder, asked.model.name, asked.model.release, asked.model.digest)


def conda(requirements: str) -> dict[str, Any]:
    """A conda file of the pins, without what the runtime has. requirements: a hashed requirement file."""
    from packaging.markers import Marker

    where = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "sys_platform": "linux"}
    pins: list[str] = []
    for found in PIN.finditer(requirements):
        fits = found["marker"] is None or Marker(found["marker"]).evaluate(where)
        if fits and found["name"] not in RUNTIMES_OWN:
            pins.append(f"{found['name']}=={found['version']}")
    return {"name": "batch-spark", "dependencies": [f"python={PYTHON}", "pip", {"pip": pins}]}


def _write_code(root: Path, folder: Path, model: Path) -> None:
    taken = snapshot.take(root, (PROGRAM,))
    taken.write(folder)
    with zipfile.ZipFile(folder / CODE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(taken.files.items()):  # equal content is an equal file
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    shutil.copytree(model, folder / MODEL)


def _arguments(asked: Asked, limits: Limits, answer: str, environment: str) -> str:
    given = {
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
    said = {option: value for option, value in given.items() if value is not None}
    for option, value in said.items():
        if not PLAIN.fullmatch(value):
            raise MlopsError(
                f"{option} is {value!r}, and Azure ML takes a Spark job's arguments apart at blanks.",
                "Give names and addresses without blanks, quotes, backslashes and dollar signs.",
            )
    return " ".join(f"{option} {value}" for option, value in said.items())
