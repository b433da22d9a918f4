from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml.errors import MlopsError
from ml.jobs.pipeline import STEPS, STEPS_DIRECTORY, Plan, assemble, declared, load_step


def planned(code: Path, environment: str, **more: Any) -> Plan:
    return Plan(
        code=code,
        environment=environment,
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
        **more,
    )


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    code = tmp_path / "code"
    code.mkdir()
    (code / "x.py").write_text("")
    return planned(code, "training:abc", data_asset="credit:1")


def body(plan: Plan, steps: Path = STEPS_DIRECTORY) -> dict[str, Any]:
    return assemble(plan, declared(steps), {step: f"id of {step}" for step in STEPS})


ORIGIN = {"inputs.data_name", "inputs.data_sha256", "inputs.code_commit"}
SOURCES = {
    "prepare": {"inputs.data", "inputs.data_sha256", "inputs.anew"},
    "validate": {"jobs.prepare.outputs.prepared"},
    "train": {"jobs.validate.outputs.validated", "inputs.trials", "inputs.start_from"},
    "evaluate": {"jobs.train.outputs.model", "jobs.validate.outputs.validated"},
    "card": {"jobs.train.outputs.model", "jobs.validate.outputs.validated", *ORIGIN},
    "compare": {
        "jobs.evaluate.outputs.evaluation",
        "jobs.card.outputs.card",
        "jobs.validate.outputs.validated",
        "inputs.metric",
        "inputs.margin",
        "inputs.override",
    },
    "register": {
        "jobs.train.outputs.model",
        "jobs.evaluate.outputs.evaluation",
        "jobs.compare.outputs.decision",
        "jobs.card.outputs.card",
        "inputs.started_by",
        "inputs.reason",
        "inputs.event",
        *ORIGIN,
    },
}


def test_the_steps_are_joined_in_order_by_their_outputs(plan: Plan, steps: Path):
    whole = body(plan, steps)
    jobs = whole["jobs"]
    missing = [step for step in STEPS if step not in jobs]
    assert not missing, f"joined of ml/jobs/pipeline.py has no row for {', '.join(missing)}"
    assert tuple(jobs) == STEPS, "the order of the rows of joined is that of STEPS in ml/jobs/pipeline.py"

    def sources(step: str) -> set[str]:
        values = [str(value["value"]) for value in jobs[step]["inputs"].values()]
        return {
            value.removeprefix("${{parent.").removesuffix("}}") for value in values if value.startswith("${{")
        }

    read = set[str]().union(*map(sources, STEPS))
    for step in STEPS:
        for output in declared(steps)[step]["outputs"]:
            assert f"jobs.{step}.outputs.{output}" in read or output in whole["outputs"], (
                f"no step reads the output {output} of the step {step}: in joined of ml/jobs/pipeline.py, "
                "give it to the step that is to use it (compare, if it can stop a registration), or make it "
                "the pipeline's"
            )
        assert sources(step) == SOURCES.get(step), f"write into SOURCES of this file what {step} reads"
    assert {f"inputs.{name}" for name in whole["inputs"]} <= read, "each input of the pipeline is some step's"


def test_every_step_gets_code_environment_identity_and_a_time_limit(plan: Plan, steps: Path):
    for name in STEPS:
        component: Any = load_step(name, plan, steps)  # as a sweep and a fleet take it
        assert component.code == str(plan.code), name
        assert component.environment == "azureml:training:abc"
    for node in body(plan, steps)["jobs"].values():
        assert node["identity"] == {"identity_type": "Managed", "client_id": "client"}
        assert node["limits"]["timeout"] == "PT10M"


def test_the_plans_values_reach_the_steps(plan: Plan, steps: Path):
    jobs = {
        step: {name: value["value"] for name, value in node["inputs"].items()}
        for step, node in body(plan, steps)["jobs"].items()
    }
    assert jobs["prepare"]["test_fraction"] == "0.25"
    assert jobs["train"]["seed"] == "7"
    assert jobs["train"]["candidates"] == "hist_gradient_boosting,random_forest,logistic_regression"
    assert jobs["card"]["bounds"] == "minimum_roc_auc=0.7"
    assert jobs["register"]["environment"] == jobs["card"]["environment"] == "training:abc"
    assert jobs["compare"]["model_name"] == "credit"


def test_a_call_may_leave_out_what_has_a_default(plan: Plan):
    """A trigger says which data, and why; all else is as it was published."""
    inputs = body(plan)["inputs"]
    needed = {name for name, one in inputs.items() if "default" not in one and not one.get("optional")}
    assert needed == {"data", "data_name", "started_by", "reason"}
    defaults = {name: one["default"] for name, one in inputs.items() if "default" in one}
    assert defaults == {
        "data_sha256": "unknown",
        "code_commit": "c" * 40,
        "metric": "auc",
        "margin": "0.01",
        "trials": "3",
        "anew": "no",
    }
    assert inputs["started_by"]["enum"] == ["person", "schedule", "data", "metric"]
    assert inputs["data"]["type"] == "uri_file"
    assert set(body(plan)["outputs"]) == {"evaluation", "decision", "registration"}


def test_what_errors_cost_reaches_the_training(plan: Plan):
    costs = {"false_negative_cost": 8.0, "false_positive_cost": 2.0}
    inputs = body(replace(plan, costs=costs))["jobs"]["train"]["inputs"]
    assert {name: float(inputs[name]["value"]) for name in costs} == costs


def test_a_missing_component_is_named(plan: Plan, steps: Path):
    (steps / "compare" / "component.yml").unlink()
    with pytest.raises(MlopsError, match="compare"):
        declared(steps)
    with pytest.raises(MlopsError, match="compare"):
        load_step("compare", plan, steps)
