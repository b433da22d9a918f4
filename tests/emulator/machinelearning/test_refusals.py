"""What is refused when a job is submitted: every field that is wrong is named, and nothing runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.errors import AzureError, NotEmulated
from emulator.home import Home
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab

Json = dict[str, Any]
FOLDER = {"type": "uri_folder"}


def literal(text: str) -> Json:
    return {"job_input_type": "literal", "value": text}


def step(component: str, **inputs: Json) -> Json:
    return {"type": "command", "componentId": component, "inputs": inputs}


@pytest.fixture(scope="module")
def lab(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One for all: nothing that is refused leaves a trace."""
    made = Lab(Home(shutil.copytree(template, tmp_path_factory.mktemp("refusals") / "home")))
    yield made
    made.emulator.close()


@pytest.fixture(scope="module")
def components(lab: Lab) -> dict[str, str]:
    return {
        "make": lab.component(
            "make",
            "echo ${{inputs.n}} > ${{outputs.o}}/f",
            {"n": {"type": "integer", "max": 9}},
            {"o": FOLDER},
        ),
        "take": lab.component("take", "ls ${{inputs.i}}", {"i": FOLDER}),
    }


PIPELINES: dict[str, tuple[Any, Json, str]] = {
    "unknown input": (
        lambda c: {"a": step(c["make"], n=literal("1"), m=literal("2"))},
        {},
        r"properties.jobs.a.inputs.m: the component has no such input; it has: n",
    ),
    "missing input": (
        lambda c: {"a": step(c["make"])},
        {},
        r"jobs.a.inputs.n: this input \(integer\) is required",
    ),
    "no integer": (
        lambda c: {"a": step(c["make"], n=literal("x"))},
        {},
        r"jobs.a.inputs.n: 'x' is no integer",
    ),
    "too large": (
        lambda c: {"a": step(c["make"], n=literal("10"))},
        {},
        r"10 is more than the declared maximum 9",
    ),
    "wrong parent literal": (
        lambda c: {"a": step(c["make"], n=literal("${{parent.inputs.p}}"))},
        {"inputs": {"p": {"jobInputType": "literal", "value": "many"}}},
        r"jobs.a.inputs.n: 'many' is no integer",
    ),
    "unknown parent": (
        lambda c: {"a": step(c["make"], n=literal("${{parent.inputs.q}}"))},
        {},
        r"jobs.a.inputs.n: the pipeline has no input 'q'",
    ),
    "data inside of text": (
        lambda c: {"a": step(c["make"], n=literal("at ${{parent.inputs.d}}"))},
        {
            "inputs": {
                "d": {"jobInputType": "uri_folder", "uri": "azureml://datastores/workspaceblobstore/paths/x/"}
            }
        },
        r"jobs.a.inputs.n: pipeline input 'd' is data, which cannot stand inside other text",
    ),
    "unknown step": (
        lambda c: {"a": step(c["take"], i=literal("${{parent.jobs.b.outputs.o}}"))},
        {},
        r"there is no step 'b'; the steps are: a",
    ),
    "unknown output": (
        lambda c: {
            "a": step(c["make"], n=literal("1")),
            "b": step(c["take"], i=literal("${{parent.jobs.a.outputs.x}}")),
        },
        {},
        r"step 'a' has no output 'x'; it has: o",
    ),
    "data where a literal is wanted": (
        lambda c: {
            "a": step(c["make"], n=literal("1")),
            "b": step(c["make"], n=literal("${{parent.jobs.a.outputs.o}}")),
        },
        {},
        r"jobs.b.inputs.n: the component wants a integer, not data",
    ),
    "literal where data is wanted": (
        lambda c: {"a": step(c["take"], i=literal("here"))},
        {},
        r"jobs.a.inputs.i: 'here' is a literal; the component wants uri_folder",
    ),
    "unknown component": (
        lambda c: {"a": step(c["take"][:-1] + "7")},
        {},
        r"was not found \(properties.jobs.a.componentId\)",
    ),
    "unresolvable data": (
        lambda c: {"a": step(c["take"], i={"job_input_type": "uri_folder", "uri": "azureml:absent:1"})},
        {},
        r"jobs.a.inputs.i.uri: 'azureml:absent:1' cannot be resolved",
    ),
    "unknown compute": (
        lambda c: {
            "a": {**step(c["make"], n=literal("1")), "computeId": f"{estate.WORKSPACE}/environments/plain"}
        },
        {},
        r"jobs.a.computeId: 'plain' is no compute of workspace 'mlw-tests'; it has: cpu",
    ),
    "spark": (lambda c: {"a": {"type": "spark"}}, {}, r"jobs.a.type: steps of type 'spark' are not emulated"),
    "nothing": (lambda c: {}, {}, r"properties.jobs: the pipeline has no steps"),
    "unbound output": (
        lambda c: {"a": step(c["make"], n=literal("1"))},
        {"outputs": {"o": {"jobOutputType": "uri_folder"}}},
        r"properties.outputs.o: no step writes this output",
    ),
    "an output named twice": (
        lambda c: {
            "a": {
                **step(c["make"], n=literal("1")),
                "outputs": {"o": {"value": "${{parent.outputs.all}}", "name": "inner"}},
            }
        },
        {"outputs": {"all": {"jobOutputType": "uri_folder", "assetName": "outer"}}},
        r"a.outputs.o: it is named 'inner' here and 'outer' as the pipeline's output 'all'; name it once",
    ),
    "serverless": (
        lambda c: {"a": {**step(c["make"], n=literal("1")), "computeId": "serverless"}},
        {"settings": {"defaultCompute": f"{estate.COMPUTE}"}},
        r"jobs.a.computeId: there is no compute, and serverless is not emulated; name one of workspace",
    ),
    "a compute that an input names and nobody has": (
        lambda c: {
            "a": {**step(c["make"], n=literal("1")), "computeId": "${{parent.inputs.where}}"},
        },
        {"inputs": {"where": {"jobInputType": "literal", "value": "gpu"}}},
        r"jobs.a.computeId: 'gpu' is no compute of workspace 'mlw-tests'; it has: cpu",
    ),
    "a compute of an input that is absent": (
        lambda c: {"a": {**step(c["make"], n=literal("1")), "computeId": "${{parent.inputs.where}}"}},
        {},
        r"jobs.a.computeId: the pipeline has no input 'where', or it has no value",
    ),
    "a compute of an input that is data": (
        lambda c: {"a": {**step(c["make"], n=literal("1")), "computeId": "${{parent.inputs.d}}"}},
        {
            "inputs": {
                "d": {"jobInputType": "uri_folder", "uri": "azureml://datastores/workspaceblobstore/paths/x/"}
            }
        },
        r"jobs.a.computeId: pipeline input 'd' is data; a setting needs a literal, known beforehand",
    ),
    "a setting of a step's output": (
        lambda c: {
            "a": step(c["make"], n=literal("1")),
            "b": {
                **step(c["make"], n=literal("1")),
                "environment_variables": {"X": "${{parent.jobs.a.outputs.o}}"},
            },
        },
        {},
        r"jobs.b.environmentVariables.X: \$\{\{parent.jobs.a.outputs.o\}\} is no binding that a setting may",
    ),
    "nodes of an input": (
        lambda c: {
            "a": {
                **step(c["make"], n=literal("1")),
                "resources": {"instance_count": "${{parent.inputs.nodes}}"},
            }
        },
        {"inputs": {"nodes": {"jobInputType": "literal", "value": "2"}}},
        r"jobs.a.resources.instanceCount: jobs on more than one node are not emulated",
    ),
    "nodes in words": (
        lambda c: {
            "a": {
                **step(c["make"], n=literal("1")),
                "resources": {"instance_count": "${{parent.inputs.nodes}}"},
            }
        },
        {"inputs": {"nodes": {"jobInputType": "literal", "value": "two"}}},
        r"jobs.a.resources.instanceCount: it must be a whole number, not 'two'",
    ),
    "an identity of another": (
        lambda c: {
            "a": {
                **step(c["make"], n=literal("1")),
                "identity": {"identity_type": "Managed", "client_id": "x"},
            }
        },
        {},
        r"jobs.a.identity: compute 'cpu' has no identity 'x'; it has: id-training",
    ),
    "two nodes": (
        lambda c: {"a": {**step(c["make"], n=literal("1")), "resources": {"instance_count": 2}}},
        {},
        r"jobs.a.resources.instanceCount: jobs on more than one node are not emulated",
    ),
}


@pytest.mark.parametrize("case", PIPELINES)
def test_pipeline_is_refused_with_the_fields_path(lab: Lab, components: dict[str, str], case: str) -> None:
    steps, properties, message = PIPELINES[case]
    with pytest.raises(AzureError, match=message) as caught:
        lab.pipeline("wrong", steps(components), **properties)
    assert caught.value.status == 400
    assert len(caught.value.details) <= 1, "one thing is wrong, and one is told"
    assert lab.emulator.arm.list(f"{estate.WORKSPACE}/jobs") == []


def test_cycle_is_refused(lab: Lab) -> None:
    both = lab.component("both", "cp -r ${{inputs.i}}/. ${{outputs.o}}", {"i": FOLDER}, {"o": FOLDER})
    steps = {
        "a": step(both, i=literal("${{parent.jobs.b.outputs.o}}")),
        "b": step(both, i=literal("${{parent.jobs.a.outputs.o}}")),
    }
    with pytest.raises(AzureError, match=r"steps wait for each other: (a -> b -> a|b -> a -> b)"):
        lab.pipeline("wrong", steps)


@pytest.mark.parametrize(
    ("command", "properties", "message"),
    [
        ("echo ${{inputs.x}}", {}, r"properties.command: \$\{\{inputs.x\}\} names no input"),
        ("echo ${{outputs.x}}", {}, r"names no output or input"),
        (" ", {}, r"properties.command: there is no command"),
        (
            "true",
            {"environmentId": f"{estate.WORKSPACE}/environments/none/versions/1"},
            r"was not found \(properties.environmentId\)",
        ),
        (
            "true",
            {"limits": {"timeout": "soon"}},
            r"properties.limits.timeout: 'soon' is no ISO 8601 duration",
        ),
        ("true", {"experimentName": "a b"}, r"Experiment name must be 1-256 characters, start with a letter"),
        ("true", {"experimentName": "-a"}, r"and can only contain letters, numbers, underscores, and dashes"),
        ("true", {"distribution": {"distributionType": "PyTorch"}}, r"distributed jobs are not emulated"),
        (
            "true",
            {"identity": {"identityType": "Strange"}},
            r"properties.identity: identity 'strange' is not emulated",
        ),
    ],
)
def test_command_job_is_refused(lab: Lab, command: str, properties: Json, message: str) -> None:
    with pytest.raises(AzureError, match=message):
        lab.command("wrong", command, **properties)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"image": "python:3.11"}, r"environment odd:[0-9]+: image 'python:3.11' is in no emulated registry"),
        (
            {"image": "acrnone.azurecr.io/training:1"},
            r"environment odd:[0-9]+: image acrnone.azurecr.io/training:1 cannot",
        ),
        (
            {"image": "x", "condaFile": "dependencies: [numpy]"},
            r"asks conda for 'numpy'; there is no conda here",
        ),
        (
            {"image": "x", "condaFile": "dependencies: [python=3.2]"},
            r"asks for Python 3.2, and there is no python3.2",
        ),
        ({"image": "x", "condaFile": "{"}, r"its conda file is no YAML"),
        ({"build": {"contextUri": "https://x"}}, r"built from a context, which is not emulated"),
    ],
)
def test_environment_that_cannot_be_had_is_refused_with_advice(
    lab: Lab, properties: Json, message: str
) -> None:
    container = lab.emulator.arm.find(f"{estate.WORKSPACE}/environments/odd")
    version = container["properties"]["nextVersion"] if container else "1"
    odd = lab.write(f"{estate.WORKSPACE}/environments/odd/versions/{version}", {"properties": properties})[
        "id"
    ]
    with pytest.raises(AzureError, match=message):
        lab.command("wrong", "true", environmentId=odd)


@pytest.mark.parametrize("kind", ["AutoML", "Labeling"])
def test_other_kinds_of_jobs_are_not_emulated(lab: Lab, kind: str) -> None:
    with pytest.raises(NotEmulated, match=f"jobs of type {kind}"):
        lab.write(f"{estate.WORKSPACE}/jobs/odd", {"properties": {"jobType": kind}})


@pytest.mark.parametrize("collection", ["onlineEndpoints", "serverlessEndpoints", "connections"])
def test_endpoints_are_not_emulated(lab: Lab, collection: str) -> None:
    with pytest.raises(NotEmulated, match=f"workspaces/{collection}"):
        lab.write(
            f"{estate.WORKSPACE}/{collection}/one-endpoint", {"location": "westeurope", "properties": {}}
        )
