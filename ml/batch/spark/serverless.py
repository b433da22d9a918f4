"""A program of this project as a Spark job of Azure ML, on serverless compute.

Its code is a snapshot by content, which executors get as a zip; its packages are the pins of the environment
for Spark without what the runtime has. The job acts as the workspace's identity.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ml.batch.spark.settings import SparkSettings
from ml.errors import MlopsError
from ml.jobs.snapshot import Snapshot

CODE: Final = "code.zip"  # of the project, for executors
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


@dataclass(frozen=True, slots=True)
class Program:
    """name: of its environment. entry: its file in the checkout. title: of the job."""

    name: str
    entry: str
    title: str
    code: Snapshot


def entity(
    root: Path,
    folder: Path,
    program: Program,
    given: Iterable[tuple[str, str | None]],
    settings: SparkSettings,
    experiment: str,
) -> Any:
    """The job of azure-ai-ml. folder: where its code is written; it stays until the job is submitted.

    given: options of the program with their values; those without a value are left out. Raises MlopsError for
    a value that a Spark job's arguments cannot carry.
    """
    from azure.ai.ml import spark
    from azure.ai.ml.entities import Environment, ManagedIdentityConfiguration

    identity: Any = ManagedIdentityConfiguration()  # which spark() takes, and its annotation does not name
    _write_code(folder, program.code)
    packages = conda((root / REQUIREMENTS).read_text(encoding="utf-8"), program.name)
    return spark(
        code=str(folder),
        entry={"file": program.entry},
        py_files=[CODE],
        args=arguments(given),
        environment=Environment(name=program.name, image=IMAGE, conda_file=packages),
        resources={"instance_type": settings.instance_type, "runtime_version": settings.runtime_version},
        driver_cores=settings.executor_cores,
        driver_memory=settings.memory,
        executor_cores=settings.executor_cores,
        executor_memory=settings.memory,
        executor_instances=settings.executors,
        identity=identity,
        experiment_name=experiment,
        display_name=program.title,
    )


def conda(requirements: str, name: str) -> dict[str, Any]:
    """A conda file of the pins, without what the runtime has. requirements: a hashed requirement file."""
    from packaging.markers import Marker

    where = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "sys_platform": "linux"}
    pins: list[str] = []
    for found in PIN.finditer(requirements):
        fits = found["marker"] is None or Marker(found["marker"]).evaluate(where)
        if fits and found["name"] not in RUNTIMES_OWN:
            pins.append(f"{found['name']}=={found['version']}")
    return {"name": name, "dependencies": [f"python={PYTHON}", "pip", {"pip": pins}]}


def arguments(given: Iterable[tuple[str, str | None]]) -> str:
    """Options and their values as one text. Raises MlopsError for what would be taken apart."""
    said = [(option, value) for option, value in given if value is not None]
    for option, value in said:
        if not PLAIN.fullmatch(value):
            raise MlopsError(
                f"{option} is {value!r}, and Azure ML takes a Spark job's arguments apart at blanks.",
                "Give names and addresses without blanks, quotes, backslashes and dollar signs.",
            )
    return " ".join(f"{option} {value}" for option, value in said)


def _write_code(folder: Path, code: Snapshot) -> None:
    code.write(folder)
    with zipfile.ZipFile(folder / CODE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(code.files.items()):  # equal content is an equal file
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
