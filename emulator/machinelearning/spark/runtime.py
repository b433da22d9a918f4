"""Spark of this machine, which stands for Azure's runtime: `python tools/bootstrap/spark.py` installs it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from emulator.machinelearning import condaenv
from emulator.machinelearning.condaenv import EnvironmentProblem
from emulator.machinelearning.expressions import substitute
from emulator.machinelearning.spark.plan import Submission
from emulator.machinelearning.steps import Json

MOST_EXECUTORS: Final = 4
MEMORY_MB: Final = 1024
MODULES: Final = Path(__file__).with_name("modules")  # what Azure's runtime has beside Spark
OWN: Final = re.compile(r"spark\.(driver|executor)\.(cores|memory|instances)|spark\.master")
MISSING: Final = (
    "Spark is not installed on this machine: `python tools/bootstrap/spark.py` puts it into the user's cache "
    "(1.1 GB; it needs Java 17)."
)


@dataclass(frozen=True, slots=True)
class Spark:
    """folder: a virtual environment with pyspark."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        home = next(self.folder.glob("lib/python*/site-packages/pyspark"))
        return {
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": str(self.folder / "bin" / "python"),
            "PYTHONPATH": str(MODULES),
        }

    def argv(self, submission: Submission, inputs: Mapping[str, str]) -> list[str]:
        """A driver in client mode, with executors that are processes with a core each."""
        arguments = (
            substitute(each, lambda reference: inputs[reference.name]) for each in submission.arguments
        )
        executors = min(submission.executors, MOST_EXECUTORS)
        own = {
            "spark.executor.memory": f"{MEMORY_MB}m",
            "spark.ui.enabled": "false",
            "spark.log.level": "WARN",
            **{key: value for key, value in submission.conf.items() if not OWN.fullmatch(key)},
        }
        command = [str(self.folder / "bin" / "spark-submit")]
        command += ["--master", f"local-cluster[{executors},1,{MEMORY_MB}]"]
        for key, value in own.items():
            command += ["--conf", f"{key}={value}"]
        for option, paths in submission.files.items():
            command += [option, ",".join(paths)] if paths else []
        return [*command, submission.entry, *arguments]

    def check(self, name: str, environment: Json) -> None:
        """EnvironmentProblem when a package that the environment asks for is not in the runtime."""
        properties = environment["properties"]
        if properties.get("image") and not properties.get("condaFile"):
            raise EnvironmentProblem(f"{name}: Spark jobs take their packages from a conda_file alone.")
        there = {
            canonicalize_name(each.metadata["Name"]): each
            for each in distributions(
                path=[str(path) for path in self.folder.glob("lib/python*/site-packages")]
            )
        }
        lacking = list(_lacking(condaenv.parse(name, str(properties["condaFile"])).packages, there))
        if lacking:
            raise EnvironmentProblem(
                f"{name}: packages that this machine's Spark lacks are not emulated: {', '.join(lacking)}."
            )


def _lacking(packages: tuple[str, ...], there: Mapping[NormalizedName, Distribution]) -> Iterator[str]:
    for package in packages:
        try:
            wanted = Requirement(package)
        except InvalidRequirement:
            yield package
            continue
        found = there.get(canonicalize_name(wanted.name))
        if found is None or not wanted.specifier.contains(found.version, prereleases=True):
            yield package


def installed() -> Spark:
    """The newest Spark in the user's cache. EnvironmentProblem when there is none."""
    found = [path.parents[1] for path in condaenv.cache_root().parent.glob("spark-*/bin/spark-submit")]
    if not found:
        raise EnvironmentProblem(MISSING)
    return Spark(max(found, key=lambda folder: folder.stat().st_mtime))
