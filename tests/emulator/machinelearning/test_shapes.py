"""Bodies of other shapes than Azure's: each is refused in words, whatever stands where."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import AzureError
from emulator.machinelearning import shapes
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.plan import parse_command
from emulator.machinelearning.plan_pipeline import parse_pipeline
from emulator.machinelearning.steps import Sweep
from emulator.machinelearning.sweeps.plan import parse_sweep
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab, command_body

Json = dict[str, Any]
HERE = Workspace.of(estate.WORKSPACE)

COMPONENT: Json = {
    "type": "command",
    "command": "echo ${{inputs.x}}",
    "environment": "azureml:plain:1",
    "inputs": {"x": {"type": "integer"}},
    "outputs": {"o": {"type": "uri_folder"}},
    "resources": {"instance_count": 1},
}
STEP: Json = {
    "type": "command",
    "componentId": "c",
    "computeId": "cpu",
    "inputs": {"x": {"job_input_type": "literal", "value": "1"}},
    "outputs": {"o": {"value": "${{parent.outputs.r}}"}},
    "resources": {"instance_count": 1},
    "limits": {"timeout": 5},
    "environment_variables": {"A": "b"},
    "identity": {"type": "managed"},
    "services": {},
}
PIPELINE: Json = {
    "jobType": "Pipeline",
    "computeId": "cpu",
    "identity": {"identityType": "managed"},
    "settings": {"defaultCompute": "x", "defaultDatastore": "d", "continueOnStepFailure": True},
    "inputs": {"x": {"jobInputType": "literal", "value": "1"}},
    "outputs": {"r": {"jobOutputType": "uri_folder", "mode": "Upload", "uri": "u"}},
    "jobs": {"a": STEP},
}
COMMAND: Json = {
    **command_body("echo ${{inputs.x}}")["properties"],
    "inputs": {"x": {"jobInputType": "literal", "value": "1"}},
    "outputs": {"o": {"jobOutputType": "uri_folder", "mode": "Upload"}},
    "environmentVariables": {"A": "b"},
    "limits": {"timeout": "PT5M"},
    "identity": {"identityType": "managed"},
    "resources": {"instanceCount": 1, "dockerArgs": ""},
    "services": {},
}
SWEEP: Json = {
    "jobType": "Sweep",
    "computeId": "cpu",
    "trial": {
        "command": "echo ${{search_space.x}}",
        "environmentId": "e",
        "environmentVariables": {"A": "b"},
    },
    "searchSpace": {"x": ["uniform", [0, 1]], "y": ["choice", [[1, 2]]]},
    "samplingAlgorithm": {"samplingAlgorithmType": "Random", "seed": 1, "rule": "random", "logbase": None},
    "objective": {"goal": "Minimize", "primaryMetric": "m"},
    "limits": {"maxTotalTrials": 3, "maxConcurrentTrials": 1, "timeout": "PT5M", "trialTimeout": "PT1M"},
    "earlyTermination": {
        "policyType": "Bandit",
        "evaluationInterval": 1,
        "delayEvaluation": 0,
        "slackFactor": 0.1,
        "slackAmount": 0,
        "truncationPercentage": 0,
    },
    "inputs": {},
    "outputs": {"o": {"jobOutputType": "uri_folder"}},
    "identity": {"identityType": "managed"},
}
SWEEP_STEP: Json = {
    "type": "sweep",
    "trial": {"componentId": "c"},
    "search_space": {"x": {"type": "quniform", "min_value": 0, "max_value": 3, "q": 1}},
    "sampling_algorithm": "random",
    "objective": {"goal": "minimize", "primary_metric": "m"},
    "limits": {"max_total_trials": 3, "timeout": 5, "trial_timeout": 5},
    "early_termination": {"policy_type": "MedianStopping", "evaluation_interval": 1, "delay_evaluation": 0},
    "inputs": {},
    "outputs": {"o": {"value": "${{parent.outputs.r}}"}},
}
PLACES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=3,
)


def places(body: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each value in a body."""
    if isinstance(body, dict):
        for key, value in body.items():
            yield (*path, key)
            yield from places(value, (*path, key))


def changed(body: Json, path: tuple[str, ...], value: Any) -> Json:
    made = at = copy.deepcopy(body)
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return made


@given(st.sampled_from(list(places(SWEEP))), PLACES)
def test_a_sweep_with_anything_anywhere_is_read_or_refused(path: tuple[str, ...], value: Any) -> None:
    body = changed(SWEEP, path, value)
    if not list(shapes.of_job(body, "")):
        parse_sweep("name", body)


@given(st.sampled_from(list(places(SWEEP_STEP))), PLACES)
def test_a_sweep_in_a_pipeline_with_anything_anywhere_is_read_or_refused(
    path: tuple[str, ...], value: Any
) -> None:
    body = {**PIPELINE, "jobs": {"a": changed(SWEEP_STEP, path, value)}}
    if not list(shapes.of_job(body, "")):
        parse_pipeline(HERE, body, {"c": COMPONENT}.get)


@given(st.sampled_from(list(places(PIPELINE))), PLACES)
def test_a_pipeline_with_anything_anywhere_is_read_or_refused(path: tuple[str, ...], value: Any) -> None:
    body = changed(PIPELINE, path, value)
    if not list(shapes.of_job(body, "")):
        parse_pipeline(HERE, body, {"c": COMPONENT}.get)


@given(st.sampled_from(list(places(COMMAND))), PLACES)
def test_a_command_with_anything_anywhere_is_read_or_refused(path: tuple[str, ...], value: Any) -> None:
    body = changed(COMMAND, path, value)
    if not list(shapes.of_job(body, "")):
        parse_command("n", body)


@given(st.sampled_from(list(places(COMPONENT))), PLACES)
def test_a_component_with_anything_anywhere_is_read_or_refused(path: tuple[str, ...], value: Any) -> None:
    spec = changed(COMPONENT, path, value)
    if not list(shapes.of_component(spec, "")):
        parse_pipeline(HERE, PIPELINE, {"c": spec}.get)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("inputs",), "x", "properties.inputs must be an object, not a text"),
        (("outputs", "o"), "x", "properties.outputs.o: it must be an object, not 'x'"),
        (("resources", "instanceCount"), "two", "instanceCount must be a whole number of 64 bits, not 'two'"),
    ],
)
def test_the_error_names_the_place(lab: Lab, path: tuple[str, ...], value: Any, message: str) -> None:
    with pytest.raises(AzureError, match=message):
        lab.write(f"{estate.WORKSPACE}/jobs/wrong", {"properties": changed(COMMAND, path, value)})


def test_the_error_names_the_place_in_a_component(lab: Lab) -> None:
    for path, message in (
        ((), "componentSpec: it must"),
        (("inputs", "x"), "componentSpec.inputs.x: it must"),
    ):
        spec: Any = changed(COMPONENT, path, "x") if path else "x"
        with pytest.raises(AzureError, match=message):
            body = {"properties": {"componentSpec": spec}}
            lab.write(f"{estate.WORKSPACE}/components/wrong/versions/1", body)


@pytest.mark.parametrize("inputs", [{}, {"x": "1"}, {"x": None}])
def test_a_sweep_in_a_pipeline_keeps_what_its_trial_says(inputs: Json) -> None:
    trial = {"componentId": "c", "environmentVariables": {"A": "1"}, "displayName": "mine"}
    node = {**SWEEP_STEP, "trial": trial, "inputs": inputs, "search_space": {}}
    plan, _ = parse_pipeline(HERE, {**PIPELINE, "jobs": {"a": node}}, {"c": COMPONENT}.get)
    sweep = plan.steps["a"]
    assert isinstance(sweep, Sweep)
    assert sweep.trial.environment_variables["A"] == "1"
