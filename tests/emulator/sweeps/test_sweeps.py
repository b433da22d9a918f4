"""Sweeps without a server: what is drawn, who is ended, what a restart goes on with, whose outputs count."""

from __future__ import annotations

import math
import random
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import AzureError
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN
from emulator.machinelearning.sweeps import sampling, space
from emulator.machinelearning.sweeps.policy import BANDIT, MEDIAN, TRUNCATION, Policy
from emulator.machinelearning.sweeps.space import Distribution
from emulator.machinelearning.tracking.metrics import Metrics
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab, cached_there, template
from tests.emulator.machinelearning.conftest import lab as local

__all__ = ["cached_there", "local", "template"]
Json = dict[str, Any]


def read(body: Any) -> Distribution:
    found = space.read(body)
    assert isinstance(found, Distribution), found
    return found


@given(st.floats(-5, 4), st.floats(0.01, 3), st.integers(0, 1000), st.floats(0.01, 2))
def test_what_is_drawn_lies_in_its_range(low: float, width: float, seed: int, q: float) -> None:
    high = low + width

    def draw(kind: str, *arguments: float) -> float:
        return float(read([kind, list(arguments)]).draw(random.Random(seed)))

    assert low <= draw("uniform", low, high) <= high
    assert math.exp(low) * 0.999 <= draw("loguniform", low, high) <= math.exp(high) * 1.001
    stepped = draw("quniform", low, high, q)
    assert low - q <= stepped <= high + q
    assert math.isclose(stepped / q, round(stepped / q), abs_tol=1e-6)
    assert draw("lognormal", low, width) > 0
    assert math.isclose(math.log(draw("lognormal", low, width)), draw("normal", low, width), abs_tol=1e-6)


def test_whole_numbers_stay_whole() -> None:
    source = random.Random(1)
    assert {read(["randint", [3]]).draw(source) for _ in range(50)} == {"0", "1", "2"}
    assert {read(["quniform", [1, 3, 1]]).draw(source) for _ in range(80)} == {"1", "2", "3"}
    assert {read(["choice", [[1, "a", True]]]).draw(source) for _ in range(50)} == {"1", "a", "True"}
    assert read({"type": "choice", "values": [1, 2]}) == read(["choice", [[1, 2]]])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (["choice", [[]]], "a list of values"),
        (["choice", [[{"a": 1}]]], "is not emulated"),
        (["uniform", [1]], "has the arguments min_value, max_value"),
        (["uniform", [2, 1]], "not less than"),
        (["uniform", ["a", 1]], "a number is needed"),
        (["uniform", [0, float("inf")]], "a finite number"),
        (["quniform", [0, 1, 0]], "more than 0"),
        (["uniform", [-1e308, 1e308]], "at most 1e+15"),
        (["uniform", [0, 10**400]], "at most 1e+15"),
        (["uniform", [-(10**400), 0]], "at most 1e+15"),
        (["normal", [0, float("nan")]], "a finite number"),
        (["quniform", [0, 1, 10**400]], "at most 1e+15"),
        (["randint", [10**400]], "at most 1e+15"),
        (["loguniform", [0, 800]], "800 is more than 50"),
        (["normal", [0, -1]], "sigma is -1"),
        (["randint", [0]], "upper is 0"),
        (["other", [1]], "is no distribution"),
        ({"type": "uniform", "min_value": 1}, "max_value of uniform is None"),
        (3, "is no distribution"),
    ],
)
def test_what_is_no_distribution_is_told(body: Any, words: str) -> None:
    found = space.read(body)
    assert isinstance(found, str) and words in found


def test_the_same_seed_gives_the_same_values_and_a_grid_all_of_them() -> None:
    two = {"a": read(["uniform", [0, 1]]), "b": read(["choice", [[1, 2]]])}
    first = list(islice(sampling.samples("random", two, 5), 4))
    assert first == list(islice(sampling.samples("random", two, 5), 4))
    assert first != list(islice(sampling.samples("random", two, 6), 4))
    grid = {"a": read(["choice", [["x", "y"]]]), "b": read(["choice", [[1, 2]]])}
    values = list(sampling.samples("grid", grid, 0))
    assert sampling.count("grid", grid) == len(values) == len({tuple(each.values()) for each in values}) == 4


@pytest.mark.parametrize(
    ("policy", "series", "maximize", "ended"),
    [
        (Policy(BANDIT, slack_factor=0.2), {"a": [0.8], "b": [0.67], "c": [0.66]}, True, {"c"}),
        (Policy(BANDIT, slack_amount=0.1), {"a": [0.8], "b": [0.71], "c": [0.6]}, True, {"c"}),
        (Policy(BANDIT, slack_factor=0.2), {"a": [1.0], "b": [1.19], "c": [1.3]}, False, {"c"}),
        (Policy(BANDIT, slack_factor=0.2), {"a": [-10], "b": [-8.4], "c": [-8.3]}, False, {"c"}),
        (Policy(BANDIT, slack_factor=0.2), {"a": [-10], "b": [-11.9], "c": [-12.1]}, True, {"c"}),
        (Policy(BANDIT, slack_factor=0.2), {"a": [0], "b": [-0.1], "c": [0.1]}, True, {"a", "b"}),
        (Policy(MEDIAN), {"a": [0.9], "b": [0.5], "c": [0.1]}, True, {"c"}),
        (Policy(MEDIAN), {"a": [0.9], "b": [0.5], "c": [0.1]}, False, {"a"}),
        (Policy(TRUNCATION, percentage=50), {"a": [1], "b": [2], "c": [3], "d": [4]}, True, {"a", "b"}),
        (Policy(TRUNCATION, percentage=20), {"a": [1], "b": [2], "c": [3], "d": [4]}, True, set()),
        (Policy(BANDIT, slack_factor=0.1), {"a": [0.1]}, True, set()),
    ],
)
def test_early_termination_ends_the_worse(
    policy: Policy, series: dict[str, list[float]], maximize: bool, ended: set[str]
) -> None:
    assert {name for name in series if policy.ends(name, 1, series, maximize=maximize)} == ended


@given(
    st.dictionaries(
        st.sampled_from("abcde"), st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=3), min_size=1
    ),
    st.one_of(
        st.floats(0.001, 10).map(lambda factor: Policy(BANDIT, slack_factor=factor)),
        st.floats(0.001, 1e6).map(lambda amount: Policy(BANDIT, slack_amount=amount)),
        st.just(Policy(MEDIAN)),
    ),
    st.booleans(),
)
def test_the_best_is_never_ended_and_the_goal_is_only_a_sign(
    series: dict[str, list[float]], policy: Policy, maximize: bool
) -> None:
    worth = {name: (max if maximize else min)(values[:1]) for name, values in series.items()}
    best = (max if maximize else min)(worth, key=lambda name: worth[name])
    ended = {name for name in series if policy.ends(name, 1, series, maximize=maximize)}
    assert best not in ended
    mirrored = {name: [-value for value in values] for name, values in series.items()}
    assert ended == {name for name in series if policy.ends(name, 1, mirrored, maximize=not maximize)}


def test_a_trial_is_held_against_the_median_of_the_others_averages() -> None:
    """Not of their best: a trial that is better than what they were on the whole goes on."""
    series = {"a": [0.0, 0.8], "b": [0.2, 0.9], "c": [0.3, 0.6], "d": [0.0, 0.3]}
    ended = {name for name in series if Policy(MEDIAN).ends(name, 2, series, maximize=True)}
    assert ended == {"d"}


def test_trials_are_compared_at_intervals_after_the_delay_with_those_that_came_as_far() -> None:
    policy = Policy(BANDIT, interval=2, delay=4, slack_factor=0.1)
    assert [at for at in range(9) if policy.due(at)] == [4, 6, 8]
    series = {"far": [0.1, 0.9], "begun": [0.5]}
    assert not policy.ends("begun", 1, {"far": [0.1], "begun": [0.5]}, maximize=True)
    assert policy.ends("slow", 2, {**series, "slow": [0.2, 0.3]}, maximize=True)
    assert not policy.ends("slow", 2, {"slow": [0.2, 0.3], "begun": [0.9]}, maximize=True)


# jobs


def sweep_body(command: str, values: list[Any], **properties: Any) -> Json:
    return {
        "properties": {
            "jobType": "Sweep",
            "computeId": estate.COMPUTE,
            "experimentName": "tests",
            "trial": {"command": command, "environmentId": estate.ENVIRONMENT},
            "searchSpace": {"x": ["choice", [values]]},
            "samplingAlgorithm": {"samplingAlgorithmType": "Grid"},
            "objective": {"goal": "Maximize", "primaryMetric": "score"},
            "limits": {"jobLimitsType": "Sweep", "maxTotalTrials": 9, "maxConcurrentTrials": 1},
            **properties,
        }
    }


def submit(lab: Lab, name: str, command: str, values: list[Any], **properties: Any) -> None:
    lab.write(f"{estate.WORKSPACE}/jobs/{name}", sweep_body(command, values, **properties))


def log(lab: Lab, trial: str, value: float) -> None:
    """As the trial itself would."""
    point = {"key": "score", "value": value, "timestamp": 1, "step": 0}
    Metrics(lab.emulator.store).log(f"{estate.WORKSPACE}/jobs/{trial}", metrics=[point])


def appears(lab: Lab, name: str, status: str) -> None:
    end = time.monotonic() + 20
    while lab.emulator.arm.find(f"{estate.WORKSPACE}/jobs/{name}") is None:
        assert time.monotonic() < end, f"{name} did not come"
        time.sleep(0.02)
    lab.until(name, status)


WAIT = "while [ ! -e {folder}/${{{{search_space.x}}}} ]; do sleep 0.02; done; "


def test_a_sweep_goes_on_after_a_restart_and_its_best_output_is_its_own(local: Lab, tmp_path: Path) -> None:
    write = "echo ${{search_space.x}} > ${{outputs.out}}/x"
    out = {"jobOutputType": "uri_folder", "uri": "azureml://datastores/workspaceblobstore/paths/kept/here/"}
    submit(local, "s", WAIT.format(folder=tmp_path) + write, [1, 2, 3], outputs={"out": out})
    for number, score in ((0, 0.5), (1, 0.9)):
        appears(local, f"s_{number}", "Running")
        log(local, f"s_{number}", score)
        if number == 0:
            (tmp_path / "1").touch()
    started = local.record("s_0")["started"]
    local.emulator.close()
    assert local.start() is local.emulator
    (tmp_path / "2").touch()
    appears(local, "s_2", "Running")
    log(local, "s_2", 0.1)
    (tmp_path / "3").touch()
    assert local.until("s") == "Completed"
    assert local.record("s_0")["started"] == started
    properties = local.get("jobs", "s")["properties"]["properties"]
    assert (properties["best_child_run_id"], properties["score"]) == ("s_1", "0.9")
    output = local.record("s")["outputs"]["out"]["uri"]
    assert output == "azureml://datastores/workspaceblobstore/paths/kept/here/"
    assert local.output(f"{output}x") == "2\n"
    assert local.log("s_1").count("started again") == 1


def test_the_best_trial_is_one_that_completed(local: Lab, tmp_path: Path) -> None:
    """What a failed trial had logged before its end counts for nothing: it has no outputs."""
    command = WAIT.format(folder=tmp_path) + 'test "${{search_space.x}}" != 2'
    submit(local, "b", command, [1, 2, 3])
    for number, score in ((0, 0.5), (1, 0.9), (2, 0.1)):
        appears(local, f"b_{number}", "Running")
        log(local, f"b_{number}", score)
        (tmp_path / str(number + 1)).touch()
    assert local.until("b") == "Completed"
    assert local.status("b_1") == "Failed"
    properties = local.get("jobs", "b")["properties"]["properties"]
    assert (properties["best_child_run_id"], properties["score"]) == ("b_0", "0.5")


def test_one_trial_is_cancelled_and_the_others_go_on(local: Lab, tmp_path: Path) -> None:
    submit(local, "c", WAIT.format(folder=tmp_path) + "true", [1, 2])
    appears(local, "c_0", "Running")
    job = f"{estate.WORKSPACE}/jobs/c_0"
    token = local.emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")[0]
    headers, query = {"authorization": f"Bearer {token}"}, {"api-version": "2025-01-01-preview"}
    path = f"{job}/cancel"
    asked = Request("POST", "management.azure.com", path, path, query, headers)
    assert local.emulator.answer(asked).status == 200
    appears(local, "c_1", "Running")
    log(local, "c_1", 1.0)
    (tmp_path / "2").touch()
    assert local.until("c") == "Completed"
    assert local.status("c_0") == "Canceled"
    assert local.get("jobs", "c")["properties"]["properties"]["best_child_run_id"] == "c_1"


def test_the_best_trials_output_becomes_the_named_asset(local: Lab, tmp_path: Path) -> None:
    out = {"jobOutputType": "uri_folder", "assetName": "best"}
    write = "echo ${{search_space.x}} > ${{outputs.out}}/x"
    submit(local, "n", WAIT.format(folder=tmp_path) + write, [1, 2], outputs={"out": out})
    for number in (0, 1):
        appears(local, f"n_{number}", "Running")
        log(local, f"n_{number}", 1 - number)
        (tmp_path / str(number + 1)).touch()
    assert local.until("n") == "Completed"
    versions = local.emulator.store.children(f"{estate.WORKSPACE}/data/best/versions")
    assert [one["properties"]["dataUri"].rsplit("/", 3)[-3] for one in versions] == ["n_0"]


def test_at_its_limit_of_time_a_sweep_takes_the_best_of_what_there_is(local: Lab, tmp_path: Path) -> None:
    limits = {"maxTotalTrials": 9, "maxConcurrentTrials": 1, "timeout": "PT5S"}
    submit(local, "t", WAIT.format(folder=tmp_path) + "true", [1, 2], limits=limits)
    appears(local, "t_0", "Running")
    log(local, "t_0", 1.0)
    (tmp_path / "1").touch()
    assert local.until("t") == "Completed"
    assert (local.status("t_0"), local.status("t_1")) == ("Completed", "Canceled")
    submit(
        local, "u", WAIT.format(folder=tmp_path / "never") + "true", [1], limits={**limits, "timeout": "PT1S"}
    )
    assert local.until("u") == "Canceled"
    assert "longer than its limit of 1 s" in local.record("u")["error"]["message"]


def test_a_trial_has_a_limit_of_time_of_its_own(local: Lab) -> None:
    limits = {"maxTotalTrials": 9, "maxConcurrentTrials": 1, "trialTimeout": "PT1S"}
    submit(local, "v", "sleep 60", [1], limits=limits)
    assert local.until("v") == "Failed"
    assert "ran longer than its limit of 1 s" in local.record("v")["error"]["message"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"searchSpace": {}}, "properties.searchSpace: there is nothing to search"),
        ({"searchSpace": 3}, "properties.searchSpace: it must be an object"),
        ({"trial": []}, "properties.trial must be an object, not a list"),
        (
            {"objective": {"goal": "best", "primaryMetric": "m"}},
            "properties.objective.goal: 'best' is none of",
        ),
        ({"objective": {"goal": "Minimize"}}, "properties.objective.primaryMetric: there is no metric"),
        ({"limits": {"maxTotalTrials": 0}}, "properties.limits.maxTotalTrials: 0 is no whole number"),
        (
            {"trial": {"command": "echo ${{search_space.y}}", "environmentId": estate.ENVIRONMENT}},
            "names no input",
        ),
        ({"trial": {"command": "", "environmentId": estate.ENVIRONMENT}}, "there is no command"),
        ({"computeId": f"{estate.WORKSPACE}/computes/none"}, "'none' is no compute"),
        (
            {"inputs": {"x": {"jobInputType": "literal", "value": "1"}}},
            "properties.searchSpace.x: an input has the same name",
        ),
        ({"earlyTermination": {"policyType": "Other"}}, "properties.earlyTermination: 'other' is none of"),
        (
            {"samplingAlgorithm": {"samplingAlgorithmType": "Random", "seed": "a"}},
            "properties.samplingAlgorithm.seed must be a whole number of 64 bits, not 'a'",
        ),
        (
            {"earlyTermination": {"policyType": "Bandit", "slackFactor": 10**400}},
            "properties.earlyTermination.slackFactor must be a number",
        ),
        (
            {"earlyTermination": {"policyType": "Bandit", "slackAmount": True}},
            "properties.earlyTermination.slackAmount must be a number, not True",
        ),
        (
            {"earlyTermination": {"policyType": "MedianStopping", "delayEvaluation": 10**400}},
            "properties.earlyTermination.delayEvaluation must be a whole number of 64 bits",
        ),
        ({"searchSpace": {"x": ["uniform", [0, 10**400]]}}, "properties.searchSpace.x: max_value of uniform"),
        ({"limits": {"maxTotalTrials": 10**400}}, "properties.limits.maxTotalTrials must be a whole number"),
        ({"limits": {"timeout": 10**400}}, "properties.limits.timeout: "),
        ({"limits": {"trialTimeout": 10**400}}, "properties.limits.trialTimeout"),
    ],
)
def test_a_wrong_sweep_is_refused_with_its_field(local: Lab, change: Json, words: str) -> None:
    with pytest.raises(AzureError) as caught:
        submit(local, "wrong", "echo ${{search_space.x}}", [1], **change)
    assert caught.value.status == 400
    assert words in caught.value.message
