"""The real azure-ai-ml: sweeps as jobs of their own and as steps of pipelines."""

from __future__ import annotations

import json
import math
import os
import signal
import time
from typing import Any

import pytest

from tests.emulator.machinelearning.client import emulator
from tests.emulator.pipelines.lab import FOLDER, command
from tests.emulator.sweeps.conftest import TRIAL

pytestmark = pytest.mark.e2e


def trial(lab: Any, line: str = "", **settings: Any) -> Any:
    """The trial as a command; parameters: x, kind."""
    from azure.ai.ml import Output

    lab.file("trial/trial.py", TRIAL)
    return command(
        "trial",
        "python trial.py --x ${{inputs.x}} --kind ${{inputs.kind}} --out ${{outputs.out}} " + line,
        code=lab.root / "trial",
        inputs={"x": 0.0, "kind": "plain"},
        outputs={"out": Output(type=FOLDER)},
        **settings,
    )


def swept(node: Any, goal: str = "maximize", **settings: Any) -> Any:
    limits = {"max_total_trials": 4, "max_concurrent_trials": 2, **settings.pop("limits", {})}
    made = node.sweep(
        primary_metric=settings.pop("metric", "score"),
        goal=goal,
        sampling_algorithm=settings.pop("sampling", "random"),
        compute="cpu",
    )
    made.set_limits(**limits)
    return made


def test_a_random_sweep_finds_its_best_trial(lab: Any) -> None:
    from azure.ai.ml.sweep import Choice, RandomSamplingAlgorithm, Uniform

    node = trial(lab)(x=Uniform(0, 6), kind=Choice(["a", "b"]))
    done = lab.run(swept(node, sampling=RandomSamplingAlgorithm(seed=7)))
    trials = {one.name: one for one in lab.ml.jobs.list(parent_job_name=done.name)}
    assert sorted(trials) == [f"{done.name}_{number}" for number in range(4)]
    assert {one.status for one in trials.values()} == {"Completed"}
    values = {name: json.loads(one.properties["hyperparameters"]) for name, one in trials.items()}
    assert all(0 <= float(one["x"]) <= 6 and one["kind"] in "ab" for one in values.values())
    best = min(values, key=lambda name: abs(float(values[name]["x"]) - 3))
    assert done.properties["best_child_run_id"] == best
    assert math.isclose(float(done.properties["score"]), -((float(values[best]["x"]) - 3) ** 2))
    assert lab.output(done.name, "out") == {"x.txt": values[best]["x"]}
    again = lab.run(
        swept(trial(lab)(x=Uniform(0, 6), kind=Choice(["a", "b"])), sampling=RandomSamplingAlgorithm(seed=7))
    )
    repeated = lab.ml.jobs.list(parent_job_name=again.name)
    assert sorted(json.loads(one.properties["hyperparameters"])["x"] for one in repeated) == sorted(
        one["x"] for one in values.values()
    )


def test_a_grid_goes_over_all_choices_and_a_failed_trial_is_no_end(lab: Any) -> None:
    from azure.ai.ml.sweep import Choice

    node = trial(lab)(x=Choice([1, 2]), kind=Choice(["a", "broken"]))
    done = lab.run(swept(node, sampling="grid", limits={"max_total_trials": 10, "max_concurrent_trials": 4}))
    trials = list(lab.ml.jobs.list(parent_job_name=done.name))
    assert sorted(one.status for one in trials) == ["Completed", "Completed", "Failed", "Failed"]
    assert json.loads(
        next(o for o in trials if o.name == done.properties["best_child_run_id"]).properties[
            "hyperparameters"
        ]
    ) == {"x": "2", "kind": "a"}


def test_a_sweep_in_a_pipeline_hands_on_the_best_output(lab: Any) -> None:
    from azure.ai.ml import Input, dsl
    from azure.ai.ml.sweep import Choice

    look = command("look", "cat ${{inputs.found}}/x.txt", inputs={"found": Input(type=FOLDER)})
    component = trial(lab).component

    @dsl.pipeline(compute="cpu")
    def searching(kind):  # type annotations would be read as the inputs' types
        node = component(x=Choice([0, 5, 3]), kind=kind)
        search = swept(node, sampling="grid")
        looking = look(found=search.outputs.out)
        looking.name = "looking"
        return {"best": search.outputs.out}

    done = lab.run(searching(kind="from-outside"))
    assert lab.output(done.name, "best") == {"x.txt": "3.0"}
    steps = lab.steps(done.name)
    assert lab.log(steps["looking"].name).strip() == "3.0"
    sweep = steps["search"]
    assert sweep.properties["best_child_run_id"].startswith(sweep.name)
    logs = [lab.log(one.name) for one in lab.ml.jobs.list(parent_job_name=sweep.name)]
    assert all("from-outside" in text for text in logs)


def test_no_metric_is_told_with_what_was_logged(lab: Any) -> None:
    from azure.ai.ml.exceptions import JobException
    from azure.ai.ml.sweep import Choice

    job = lab.submit(swept(trial(lab)(x=Choice([1]), kind=Choice(["a"])), metric="other", sampling="grid"))
    with pytest.raises(JobException) as caught:
        lab.ml.jobs.stream(job.name)
    assert "has logged the primary metric 'other'" in str(caught.value)
    assert "logged: score" in str(caught.value)


def test_cancelling_a_sweep_ends_its_trials(lab: Any) -> None:
    from azure.ai.ml.sweep import Choice

    node = trial(lab, "--pause 60")(x=Choice([1, 2, 3]), kind=Choice(["a"]))
    name = lab.submit(swept(node, sampling="grid")).name
    end = time.monotonic() + 30
    while [o.status for o in lab.ml.jobs.list(parent_job_name=name)].count("Running") < 2:
        assert time.monotonic() < end
        time.sleep(0.1)
    lab.ml.jobs.begin_cancel(name)
    assert lab.wait(name).status == "Canceled"
    assert {one.status for one in lab.ml.jobs.list(parent_job_name=name)} == {"Canceled"}


def test_bandit_ends_the_worse_trials(lab: Any) -> None:
    from azure.ai.ml.sweep import BanditPolicy, Choice

    node = trial(lab, "--times 20 --pause 0.1")(x=Choice([3, 30]), kind=Choice(["a"]))
    sweep = swept(node, sampling="grid")
    sweep.early_termination = BanditPolicy(slack_amount=50, evaluation_interval=2)
    done = lab.run(sweep)
    trials = {
        json.loads(one.properties["hyperparameters"])["x"]: one.status
        for one in lab.ml.jobs.list(parent_job_name=done.name)
    }
    assert trials == {"3": "Completed", "30": "Canceled"}


def test_a_sweep_goes_on_after_a_kill_with_what_its_trials_had_logged(lab: Any) -> None:
    from azure.ai.ml.sweep import Choice

    hold = f"&& echo x >> {lab.root}/at-${{{{inputs.x}}}} && while [ ! -e {lab.root}/go-${{{{inputs.x}}}} ]; "
    node = trial(lab, hold + "do sleep 0.05; done")(x=Choice([3, 5]), kind=Choice(["a"]))
    name = lab.submit(swept(node, sampling="grid", limits={"max_concurrent_trials": 1})).name

    def until(file: str) -> None:
        end = time.monotonic() + 30
        while not (lab.root / file).exists():
            assert time.monotonic() < end, file
            time.sleep(0.05)

    until("at-3")
    (lab.root / "go-3").touch()
    until("at-5")
    os.kill(int(lab.home.pid.read_text()), signal.SIGKILL)
    (lab.root / "go-5").touch()
    emulator("up")
    done = lab.wait(name)
    assert done.status == "Completed"
    assert done.properties["best_child_run_id"] == f"{name}_0"
    assert float(done.properties["score"]) == 0
    assert [(lab.root / f"at-{x}").read_text().count("x") for x in (3, 5)] == [1, 2]


def _with(change: Any) -> Any:
    """A sweep that would run, after a change."""

    def build(lab: Any) -> Any:
        from azure.ai.ml.sweep import Choice, Uniform

        node = swept(trial(lab)(x=Uniform(0, 6), kind=Choice(["a"])))
        change(node)
        return node

    return build


def _sobol(node: Any) -> None:
    from azure.ai.ml.sweep import RandomSamplingAlgorithm

    node.sampling_algorithm = RandomSamplingAlgorithm(rule="sobol")


def _limits(node: Any) -> None:
    node.set_limits(max_total_trials=2, max_concurrent_trials=3)


def _bandit(node: Any) -> None:
    from azure.ai.ml.sweep import BanditPolicy

    node.early_termination = BanditPolicy(evaluation_interval=1)


def _range(node: Any) -> None:
    from azure.ai.ml.sweep import Uniform

    node.search_space["x"] = Uniform(6, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda node: setattr(node, "sampling_algorithm", "bayesian"),
            "samplingAlgorithm: 'bayesian' is not emulated",
        ),
        (lambda node: setattr(node, "sampling_algorithm", "grid"), "searchSpace.x: a grid goes over choices"),
        (_sobol, "samplingAlgorithm.rule: 'sobol' is not emulated"),
        (_limits, "3 is more than the 2 trials"),
        (_bandit, "either slack_factor or slack_amount"),
        (_range, "searchSpace.x: the least value 6 is not less"),
    ],
)
def test_what_is_not_carried_out_is_refused(lab: Any, change: Any, words: str) -> None:
    assert words in lab.refusal(_with(change)(lab))
