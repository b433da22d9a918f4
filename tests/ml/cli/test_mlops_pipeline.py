from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml.errors import MlopsError
from ml.jobs.pipeline import STEPS, STEPS_DIRECTORY, Plan, assemble, load_step


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    code = tmp_path / "code"
    code.mkdir()
    (code / "x.py").write_text("")
    return Plan(
        code=code,
        environment="training:abc",
        data_asset="credit:1",
        data_sha256="d" * 64,
        code_commit="c" * 40,
        compute="cpu",
        identity_client_id="client",
        experiment="credit",
        model_name="credit",
        metric="auc",
        margin=0.01,
        seed=7,
        trials=3,
        bounds="minimum_roc_auc=0.7",
        time_limit_minutes=10,
        split={"test_fraction": 0.25},
    )


def body(plan: Plan, steps: Path, **options: Any) -> dict[str, Any]:
    return assemble(plan, steps, **options)._to_dict()


SOURCES = {
    "prepare": {"inputs.raw"},
    "validate": {"jobs.prepare.outputs.prepared"},
    "train": {"jobs.validate.outputs.validated"},
    "evaluate": {"jobs.train.outputs.model", "jobs.validate.outputs.validated"},
    "card": {"jobs.train.outputs.model", "jobs.validate.outputs.validated"},
    "compare": {
        "jobs.evaluate.outputs.evaluation",
        "jobs.card.outputs.card",
        "jobs.validate.outputs.validated",
    },
    "register": {
        "jobs.train.outputs.model",
        "jobs.evaluate.outputs.evaluation",
        "jobs.compare.outputs.decision",
        "jobs.card.outputs.card",
    },
}


def test_the_steps_are_joined_in_order_by_their_outputs(plan: Plan, steps: Path):
    whole = body(plan, steps)
    jobs = whole["jobs"]
    assert tuple(jobs) == STEPS, "the order of the calls in assemble is that of STEPS in ml/jobs/pipeline.py"

    def sources(step: str) -> set[str]:
        paths = [value.get("path", "") for value in jobs[step]["inputs"].values() if isinstance(value, dict)]
        return {
            path.removeprefix("${{parent.").removesuffix("}}") for path in paths if path.startswith("${{")
        }

    read = set[str]().union(*map(sources, STEPS))
    for step in STEPS:
        for output in load_step(step, plan, steps).outputs:
            assert f"jobs.{step}.outputs.{output}" in read or output in whole["outputs"], (
                f"no step reads the output {output} of the step {step}: in assemble of ml/jobs/pipeline.py, "
                "give it to the step that is to use it (compare, if it can stop a registration), or return it"
            )
        assert sources(step) == SOURCES.get(step), f"write into SOURCES of this file what {step} reads"


def test_every_step_gets_code_environment_identity_and_a_time_limit(plan: Plan, steps: Path):
    for name, job in body(plan, steps)["jobs"].items():
        assert job["component"]["code"] == str(plan.code), name
        assert job["component"]["environment"] == "azureml:training:abc"
        assert job["identity"] == {"type": "managed_identity", "client_id": "client"}
        assert job["limits"] == {"timeout": 600}


def test_the_plans_values_reach_the_steps(plan: Plan, steps: Path):
    made = body(plan, steps, force=True)
    jobs = made["jobs"]
    assert made["inputs"]["raw"]["path"] == "azureml:credit:1"
    assert made["settings"]["force_rerun"] is True
    assert made["settings"]["default_compute"] == "azureml:cpu"
    assert jobs["prepare"]["inputs"]["test_fraction"] == 0.25
    assert (jobs["train"]["inputs"]["seed"], jobs["train"]["inputs"]["trials"]) == (7, 3)
    assert jobs["card"]["inputs"]["bounds"] == "minimum_roc_auc=0.7"
    assert jobs["card"]["inputs"]["code_commit"] == "c" * 40
    assert (jobs["compare"]["inputs"]["metric"], jobs["compare"]["inputs"]["margin"]) == ("auc", 0.01)
    assert jobs["register"]["inputs"]["data_sha256"] == "d" * 64
    assert jobs["register"]["inputs"]["environment"] == "training:abc"
    assert set(made["outputs"]) == {"evaluation", "decision", "registration"}


def test_an_override_reaches_compare_encoded_and_is_no_input_otherwise(plan: Plan):
    without = body(plan, STEPS_DIRECTORY)["jobs"]["compare"]["inputs"]
    assert "override" not in without
    given = body(replace(plan, override='words: 100% "right"'), STEPS_DIRECTORY)["jobs"]["compare"]
    assert given["inputs"] == {**without, "override": "words%3A%20100%25%20%22right%22"}


def test_what_errors_cost_reaches_the_training(plan: Plan):
    costs = {"false_negative_cost": 8.0, "false_positive_cost": 2.0}
    inputs = assemble(replace(plan, costs=costs))._to_dict()["jobs"]["train"]["inputs"]
    assert {name: inputs[name] for name in costs} == costs


def test_a_missing_component_is_named(plan: Plan, steps: Path):
    (steps / "compare" / "component.yml").unlink()
    with pytest.raises(MlopsError, match="compare"):
        assemble(plan, steps)
