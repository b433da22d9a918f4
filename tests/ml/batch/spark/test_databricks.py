"""The asset bundle of Databricks: what it hands to the program, and its packages."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.batch.spark import job, serverless
from ml.batch.spark.main import _parser
from ml.features.spark import job as features
from ml.features.spark import main
from tests.emulator.tracking import installed

ROOT = Path(__file__).resolve().parents[4]
FOLDER = ROOT / "environments" / "databricks"
BUNDLE: Any = yaml.safe_load((FOLDER / "databricks.yml").read_text(encoding="utf-8"))
JOBS = list(BUNDLE["resources"]["jobs"])


def task(name: str) -> Any:
    (found,) = BUNDLE["resources"]["jobs"][name]["tasks"]
    return found


@pytest.mark.parametrize(("name", "entry"), [("batch", job.ENTRY), ("features", features.BUILD.entry)])
def test_the_program_is_there_and_reads_its_parameters(name: str, entry: str) -> None:
    program = task(name)["spark_python_task"]
    assert (FOLDER / program["python_file"]).resolve() == ROOT / entry
    parser = _parser() if name == "batch" else main._parser()
    given = vars(parser.parse_args(program["parameters"]))
    assert given["sign_in"] == "databricks:${var.service_credential}"
    assert given.get("model_digest", "${var.model_digest}") == "${var.model_digest}"


def test_the_definitions_are_where_the_program_looks_for_them() -> None:
    given = main._parser().parse_args(task("features")["spark_python_task"]["parameters"])
    assert given.definitions == f"${{workspace.file_path}}/{main.DEFINITIONS}"
    assert (ROOT / main.DEFINITIONS).is_dir()


@pytest.mark.parametrize("name", JOBS)
def test_its_program_is_among_the_files_that_are_synchronized(name: str) -> None:
    synchronized = [(FOLDER / path).resolve() for path in BUNDLE["sync"]["paths"]]
    program = (FOLDER / task(name)["spark_python_task"]["python_file"]).resolve()
    assert any(program.is_relative_to(folder) for folder in synchronized)
    assert any((ROOT / main.DEFINITIONS).is_relative_to(folder) for folder in synchronized)
    assert FOLDER in synchronized, "its packages are named by a file beside it"


def test_each_variable_is_declared_and_used() -> None:
    text = (FOLDER / "databricks.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{var\.(\w+)\}", text)) == set(BUNDLE["variables"])


@pytest.mark.parametrize("name", JOBS)
def test_its_cluster_is_declared_and_does_nothing_twice_at_once(name: str) -> None:
    (cluster,) = BUNDLE["resources"]["jobs"][name]["job_clusters"]
    assert task(name)["job_cluster_key"] == cluster["job_cluster_key"]
    assert cluster["new_cluster"]["spark_conf"]["spark.speculation"] == "false"


def test_its_packages_are_those_of_azure_ml_s_job() -> None:
    (pins,) = [
        each["pip"]
        for each in serverless.conda((ROOT / serverless.REQUIREMENTS).read_text(encoding="utf-8"), "any")[
            "dependencies"
        ]
        if isinstance(each, dict)
    ]
    lines = (FOLDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == pins
    for name in JOBS:
        assert {"requirements": "./requirements.txt"} in task(name)["libraries"]


READ = """
import json, sys
from databricks.bundles.jobs import Job
for name, given in json.load(sys.stdin).items():
    try:
        Job.from_dict(given)
    except ValueError as error:
        print(f"{name}: {error}")
"""


@pytest.fixture(scope="session")
def databricks() -> Path:
    """The Python with the types by which Databricks reads jobs of a bundle."""
    return installed.python("databricks")


def wrong(databricks: Path, jobs: Any) -> str:
    """What Databricks' own types say of jobs."""
    command = [str(databricks), "-c", READ]
    return subprocess.run(command, input=json.dumps(jobs), capture_output=True, text=True, check=True).stdout


@pytest.mark.spark
def test_databricks_own_types_read_each_job(databricks: Path) -> None:
    assert wrong(databricks, BUNDLE["resources"]["jobs"]) == ""


@pytest.mark.spark
def test_databricks_own_types_refuse_a_field_that_there_is_not(databricks: Path) -> None:
    jobs = json.loads(json.dumps(BUNDLE["resources"]["jobs"]))
    jobs["features"]["tasks"][0]["spark_python_task"]["parametrs"] = []
    assert wrong(databricks, jobs).startswith("features: Unexpected field 'parametrs'")
