"""A component that no job could run is refused before it is stored: its version would never change again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.errors import AzureError
from emulator.home import Home
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab

Json = dict[str, Any]
GOOD: Json = {
    "type": "command",
    "command": "echo ${{inputs.x}} > ${{outputs.o}}/f",
    "environment": f"azureml:{estate.ENVIRONMENT}",
    "inputs": {"x": {"type": "string"}},
    "outputs": {"o": {"type": "uri_folder"}},
}
ENVIRONMENTS: dict[str, Json] = {
    "conda": {"image": "x", "condaFile": "dependencies: [numpy]"},
    "python": {"image": "x", "condaFile": "dependencies: [python=3.2]"},
    "image": {"image": "python:3.11"},
    "context": {"build": {"contextUri": "https://x"}},
    "later": {"image": "acrlater.azurecr.io/training:1"},
}


@pytest.fixture(scope="module")
def lab(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One for all: nothing that is refused leaves a trace."""
    made = Lab(Home(shutil.copytree(template, tmp_path_factory.mktemp("components") / "home")))
    for name, properties in ENVIRONMENTS.items():
        made.write(f"{estate.WORKSPACE}/environments/{name}/versions/1", {"properties": properties})
    yield made
    made.emulator.close()


def write(lab: Lab, name: str, spec: Json) -> Json:
    body = {"properties": {"componentSpec": spec}}
    return lab.write(f"{estate.WORKSPACE}/components/{name}/versions/1", body)


def with_environment(name: str) -> Json:
    return {**GOOD, "environment": f"azureml:{estate.WORKSPACE}/environments/{name}/versions/1"}


REFUSED: dict[str, tuple[Json, str]] = {
    "conda package": (
        with_environment("conda"),
        "environment: environment conda:1: its conda file asks conda for 'numpy'",
    ),
    "python": (
        with_environment("python"),
        "environment: environment python:1: its conda file asks for Python 3",
    ),
    "public image": (
        with_environment("image"),
        "environment: environment image:1: image 'python:3.11' is in no",
    ),
    "build context": (
        with_environment("context"),
        "environment: environment context:1 is built from a context",
    ),
    "no such environment": (
        {**GOOD, "environment": "azureml:absent:1"},
        "environment: 'azureml:absent:1' cannot be resolved: workspace 'mlw-tests' has none of that name",
    ),
    "no environment": ({**GOOD, "environment": None}, "environment: there is no environment"),
    "no such code": ({**GOOD, "code": "azureml:absent:1"}, "code: 'azureml:absent:1' cannot be resolved"),
    "distribution": (
        {**GOOD, "distribution": {"type": "pytorch"}},
        "distribution: distributed jobs are not emulated",
    ),
    "two nodes": (
        {**GOOD, "resources": {"instance_count": 2}},
        "resources.instanceCount: jobs on more than one",
    ),
    "unknown input": ({**GOOD, "command": "echo ${{inputs.y}}"}, "command: ${{inputs.y}} names no input"),
    "value as output": (
        {**GOOD, "outputs": {"o": {"type": "string"}}},
        "outputs.o: outputs of type 'string', as Python functions that return a value have, are not emulated",
    ),
    "no command": ({**GOOD, "command": ""}, "command: there is no command"),
    "step of another kind": (
        {"type": "pipeline", "jobs": {"a": {"type": "spark"}}},
        "jobs.a.type: steps of type 'spark' are not emulated; make it a job of its own",
    ),
    "step's environment": (
        {"type": "pipeline", "jobs": {"a": {"environment": with_environment("conda")["environment"]}}},
        "jobs.a.environment: environment conda:1: its conda file asks conda for 'numpy'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_component_that_can_never_run_is_not_stored(lab: Lab, case: str) -> None:
    spec, message = REFUSED[case]
    with pytest.raises(AzureError) as caught:
        write(lab, "odd", spec)
    assert caught.value.status == 400
    begin = "Component odd version 1 is not valid. componentSpec."
    assert caught.value.message.startswith(begin + message), caught.value.message
    assert len(caught.value.details) == 1, "one thing is wrong, and one is told"
    assert lab.emulator.arm.list(f"{estate.WORKSPACE}/components") == [], "no container without a version"


def test_after_the_correction_get_or_create_makes_it(lab: Lab) -> None:
    with pytest.raises(AzureError):
        write(lab, "mended", with_environment("conda"))
    version = f"{estate.WORKSPACE}/components/mended/versions/1"
    assert lab.emulator.arm.find(version) is None
    write(lab, "mended", GOOD)
    assert lab.emulator.arm.get(version)["properties"]["componentSpec"]["environment"] == GOOD["environment"]
    lab.emulator.arm.delete(version.rsplit("/versions", 1)[0])


def test_what_may_still_be_made_and_what_a_job_binds_is_no_fault(lab: Lab) -> None:
    """An image can be built after its component is registered; a pipeline's input may name an environment."""
    write(lab, "waits", with_environment("later"))
    bound = {"type": "pipeline", "jobs": {"a": {"environment": "${{parent.inputs.environment}}"}}}
    write(lab, "bound", bound)
    for name in ("waits", "bound"):
        lab.emulator.arm.delete(f"{estate.WORKSPACE}/components/{name}")
