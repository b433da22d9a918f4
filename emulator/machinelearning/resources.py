"""The job resources of a pipeline's steps, as clients see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.machinelearning.orders import Given
from emulator.machinelearning.steps import Nested, Step, Sweep, Target

Json = dict[str, Any]


def step_properties(
    job: Json, step: Step, inputs: Mapping[str, Given], outputs: Mapping[str, Target]
) -> Json:
    """The properties of a command's job."""
    return {
        **child(job, step, inputs, outputs),
        "jobType": "Command",
        "command": step.command,
        "codeId": step.code or None,
        "environmentId": step.environment,
        "computeId": step.compute,
        "environmentVariables": dict(step.environment_variables),
    }


def nested_properties(
    job: Json, step: Nested, inputs: Mapping[str, Given], outputs: Mapping[str, Target]
) -> Json:
    """The properties of a pipeline's job inside another one."""
    return {
        **child(job, step, inputs, outputs),
        "jobType": "Pipeline",
        "jobs": dict(step.nodes),
        "settings": dict(job["properties"].get("settings") or {}),
    }


def child(
    job: Json, step: Step | Sweep | Nested, inputs: Mapping[str, Given], outputs: Mapping[str, Target]
) -> Json:
    """The properties that the jobs of all steps have."""
    properties = job["properties"]
    return {
        "displayName": step.display_name,
        "experimentName": properties["experimentName"],
        "parentJobName": job["name"],
        "componentId": step.component or None,
        "inputs": {
            key: {"jobInputType": given.type, "uri": given.uri}
            if given.uri
            else {"jobInputType": "literal", "value": given.text}
            for key, given in inputs.items()
        },
        "outputs": {
            key: {"jobOutputType": target.type, "uri": target.uri or None, "mode": "ReadWriteMount"}
            for key, target in outputs.items()
        },
        "tags": {},
        "properties": {
            "azureml.moduleName": step.name,
            "azureml.pipelinerunid": job["name"],
            "azureml.parallelism": "1",
        },
        "isArchived": False,
        "services": properties.get("services", {}),
    }
