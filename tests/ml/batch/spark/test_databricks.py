"""The asset bundle of Databricks: what it hands to the program, and its packages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ml.batch.spark import job
from ml.batch.spark.main import _parser

ROOT = Path(__file__).resolve().parents[4]
FOLDER = ROOT / "environments" / "databricks"
BUNDLE: Any = yaml.safe_load((FOLDER / "databricks.yml").read_text(encoding="utf-8"))
(TASK,) = BUNDLE["resources"]["jobs"]["batch"]["tasks"]


def test_the_program_is_there_and_reads_its_parameters() -> None:
    program = TASK["spark_python_task"]
    assert (FOLDER / program["python_file"]).resolve() == ROOT / job.ENTRY
    given = _parser().parse_args(program["parameters"])
    assert given.sign_in == "databricks:${var.service_credential}"
    assert given.model_digest == "${var.model_digest}"


def test_its_program_is_among_the_files_that_are_synchronized() -> None:
    synchronized = [(FOLDER / path).resolve() for path in BUNDLE["sync"]["paths"]]
    program = (FOLDER / TASK["spark_python_task"]["python_file"]).resolve()
    assert any(program.is_relative_to(folder) for folder in synchronized)
    assert FOLDER in synchronized, "its packages are named by a file beside it"


def test_each_variable_is_declared_and_used() -> None:
    text = (FOLDER / "databricks.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{var\.(\w+)\}", text)) == set(BUNDLE["variables"])


def test_its_cluster_is_declared_and_scores_no_unit_twice_at_once() -> None:
    (cluster,) = BUNDLE["resources"]["jobs"]["batch"]["job_clusters"]
    assert TASK["job_cluster_key"] == cluster["job_cluster_key"]
    assert cluster["new_cluster"]["spark_conf"]["spark.speculation"] == "false"


def test_its_packages_are_those_of_azure_ml_s_job() -> None:
    (pins,) = [
        each["pip"]
        for each in job.conda((ROOT / job.REQUIREMENTS).read_text(encoding="utf-8"))["dependencies"]
        if isinstance(each, dict)
    ]
    lines = (FOLDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == pins
    assert {"requirements": "./requirements.txt"} in TASK["libraries"]
