"""A batch as a Spark job of Azure ML, on serverless compute.

The model goes with the code, held against the release's digest by the job again: who scores needs no right on
models or records, only on the rows and the output. The job acts as the workspace's identity.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path
from typing import Any, Final

from ml.batch.run import Limits
from ml.batch.spark.engine import Model
from ml.batch.spark.settings import SparkSettings
from ml.batch.spark.sign_in import AZURE_ML
from ml.errors import MlopsError
from ml.jobs import snapshot

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


def entity(
    root: Path,
    folder: Path,
    model: Model,
    data: str,
    output: str,
    key: str | None,
    limits: Limits,
    settings: SparkSettings,
    environment: str,
    experiment: str,
) -> Any:
    """The job, not submitted yet. folder: where its code is written; it stays until the job is submitted.

    Raises MlopsError for a value that a Spark job's arguments cannot carry.
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
        args=_arguments(model, data, output, key, limits, environment),
        environment=Environment(name="batch-spark", image=IMAGE, conda_file=packages),
        resources={"instance_type": settings.instance_type, "runtime_version": settings.runtime_version},
        driver_cores=settings.executor_cores,
        driver_memory=settings.memory,
        executor_cores=settings.executor_cores,
        executor_memory=settings.memory,
        executor_instances=settings.executors,
        identity=identity,
        experiment_name=experiment,
        display_name=f"batch of {model.name}",
    )


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


def _write_code(root: Path, folder: Path, model: Model) -> None:
    taken = snapshot.take(root, ("ml.batch.spark.main",))
    taken.write(folder)
    with zipfile.ZipFile(folder / CODE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(taken.files.items()):  # equal content is an equal file
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    shutil.copytree(model.folder, folder / MODEL)


def _arguments(
    model: Model, data: str, output: str, key: str | None, limits: Limits, environment: str
) -> str:
    given = {
        "--model": MODEL,
        "--model-name": model.name,
        "--model-digest": model.digest,
        "--release": model.release,
        "--data": data,
        "--output": output,
        "--key": key,
        "--environment": environment or None,
        "--block-rows": str(limits.block_rows),
        "--most-rejected": str(limits.most_rejected),
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
