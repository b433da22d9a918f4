"""What is published without azure-ai-ml is what azure-ai-ml would send of the same pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.jobs import pipeline
from ml.jobs.pipeline import STEPS, STEPS_DIRECTORY, Plan
from tests.ml.cli.test_mlops_pipeline import planned

OWN = frozenset({"_source", "sourceJobId", "version", "componentId"})  # of the SDK, or compared by itself


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planned(
        Path("code"), "training:1", start={"learning_rate": 0.1}, costs={"false_negative_cost": 8.0}
    )


def plain(value: Any) -> Any:
    """Without what is the SDK's own, and what says nothing."""
    if isinstance(value, dict):
        kept = {name: plain(one) for name, one in value.items() if name not in OWN}
        return {name: one for name, one in kept.items() if one is not None and one != {}}
    return value


def sent(component: Any) -> dict[str, Any]:
    body: Any = component._to_rest_object()
    return plain(body.as_dict()["properties"]["componentSpec"])


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_declared_as_the_sdk_declares_it(step: str, tmp_path: Path) -> None:
    from azure.ai.ml import load_component

    component: Any = load_component(STEPS_DIRECTORY / step / "component.yml")
    component.code, component.environment = str(tmp_path), "azureml:training:1"
    own = {"code": str(tmp_path), "environment": "azureml:training:1"}
    assert plain(pipeline.declared()[step] | own) == sent(component)


def test_the_pipeline_is_joined_as_the_sdk_joins_it(plan: Plan, tmp_path: Path) -> None:
    """The SDK reads the pipeline as a file, with the steps' own files in the place of ids."""
    from azure.ai.ml import load_component

    ids = {step: f"/subscriptions/s/components/training_{step}/versions/1" for step in STEPS}
    made = pipeline.assemble(plan, pipeline.declared(), ids)
    jobs: dict[str, Any] = {
        step: {
            "type": "command",
            "component": f"file:{STEPS_DIRECTORY / step / 'component.yml'}",
            "inputs": {name: one["value"] for name, one in node["inputs"].items()},
            "outputs": {name: one["value"] for name, one in node["outputs"].items()},
            "identity": {"type": "managed", "client_id": plan.identity_client_id},
            "limits": {"timeout": plan.time_limit_minutes * 60},
        }
        for step, node in made["jobs"].items()
    }
    file = tmp_path / "pipeline.yml"
    file.write_text(yaml.safe_dump({**made, "name": "training", "version": "1", "jobs": jobs}))
    assert plain(made | {"name": "training"}) == sent(load_component(file))
    assert {step: node["componentId"] for step, node in made["jobs"].items()} == ids


def test_a_step_that_is_joined_with_other_inputs_than_it_declares_is_named(plan: Plan) -> None:
    steps = pipeline.declared()
    ids = dict.fromkeys(STEPS, "id")
    for change in ({"more": {"type": "string"}}, {"bounds": None}):
        inputs = {**steps["card"]["inputs"], **change}
        changed = {name: one for name, one in inputs.items() if one is not None}
        with pytest.raises(ValueError, match="the step card is joined with other inputs"):
            pipeline.assemble(plan, {**steps, "card": {**steps["card"], "inputs": changed}}, ids)
