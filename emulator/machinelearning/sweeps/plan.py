"""A sweep's plan, from a job or from a node of a pipeline; every complaint has its field's path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from emulator.machinelearning.expressions import Reference, substitute
from emulator.machinelearning.literals import complaint
from emulator.machinelearning.plan import (
    Complaints,
    Json,
    camel,
    parse_command,
    timeout_of,
)
from emulator.machinelearning.steps import Step, Sweep
from emulator.machinelearning.sweeps import policy, sampling, space
from emulator.machinelearning.sweeps.policy import Policy
from emulator.machinelearning.sweeps.space import LARGEST, Distribution

MOST_TRIALS: Final = 1000
DEFAULT_TRIALS: Final = 20
GOALS: Final = ("minimize", "maximize")
POLICIES: Final = (policy.BANDIT, policy.MEDIAN, policy.TRUNCATION)


def parse_sweep(name: str, properties: Json) -> tuple[Sweep, Complaints]:
    """The plan of a sweep that is a job of its own."""
    trial = properties.get("trial") or {}
    command = {
        **{key: properties.get(key) for key in ("displayName", "inputs", "outputs", "computeId", "identity")},
        **trial,
    }
    searched = properties.get("searchSpace") or {}
    # a trial reads the parameters of the space as its inputs, so they are declared as inputs
    placed = {key: {"jobInputType": "literal", "value": "0"} for key in searched}
    command["command"] = _as_inputs(str(trial.get("command") or ""))
    step, complaints = parse_command(name, {**command, "inputs": {**(command.get("inputs") or {}), **placed}})
    complaints.found = [
        (path.replace("properties.command", "properties.trial.command"), text)
        for path, text in complaints.found
    ]
    for key in searched.keys() & (properties.get("inputs") or {}).keys():
        complaints.add(
            f"properties.searchSpace.{key}", "an input has the same name; name one of them otherwise"
        )
    return read_sweep(step, properties, "properties.", complaints), complaints


def read_sweep(trial: Step, given: Json, path: str, complaints: Complaints) -> Sweep:
    """A sweep over a step, from the (camel case) members of its body."""
    found = _space(given.get("searchSpace"), path, complaints)
    for key, distribution in found.items():
        _check_values(trial, key, distribution, path, complaints)
    algorithm, seed = _sampling(given.get("samplingAlgorithm"), found, path, complaints)
    limits = camel(given.get("limits") or {})
    most = _number(limits, "maxTotalTrials", DEFAULT_TRIALS, f"{path}limits", complaints, MOST_TRIALS)
    at_once = _number(limits, "maxConcurrentTrials", most, f"{path}limits", complaints, MOST_TRIALS)
    if at_once > most:
        complaints.add(
            f"{path}limits.maxConcurrentTrials", f"{at_once} is more than the {most} trials there are in all"
        )
    objective = camel(given.get("objective") or {})
    goal = str(objective.get("goal") or "").lower()
    if goal not in GOALS:
        complaints.add(f"{path}objective.goal", f"{objective.get('goal')!r} is none of {', '.join(GOALS)}")
    metric = str(objective.get("primaryMetric") or "")
    if not metric:
        complaints.add(f"{path}objective.primaryMetric", "there is no metric")
    possible = sampling.count(algorithm, found)
    timeout = timeout_of({"timeout": limits.get("trialTimeout")}, f"{path}limits.trialTimeout", complaints)
    return Sweep(
        trial.name,
        trial.display_name,
        replace(
            trial,
            inputs={key: source for key, source in trial.inputs.items() if key not in found},
            timeout=timeout if timeout is not None else trial.timeout,
        ),
        found,
        algorithm,
        seed,
        goal == "maximize",
        metric,
        most if possible is None else min(most, possible),
        at_once,
        timeout_of(limits, f"{path}limits", complaints),
        _policy(given.get("earlyTermination"), path, complaints),
        {key: declaration for key, declaration in trial.declarations.items() if key not in found},
        {key: source for key, source in trial.inputs.items() if key not in found},
        trial.outputs,
        trial.component,
    )


def _as_inputs(command: str) -> str:
    def renamed(reference: Reference) -> str:
        text = f"inputs.{reference.name}" if reference.form == "search" else reference.text
        return f"${{{{{text}}}}}"

    return substitute(command, renamed)


def _space(body: Any, path: str, complaints: Complaints) -> dict[str, Distribution]:
    if not isinstance(body, dict) or not body:
        complaints.add(f"{path}searchSpace", "there is nothing to search: name at least one parameter")
        return {}
    found: dict[str, Distribution] = {}
    for name, one in body.items():
        distribution = space.read(one)
        if isinstance(distribution, str):
            complaints.add(f"{path}searchSpace.{name}", distribution)
        else:
            found[name] = distribution
    return found


def _check_values(trial: Step, name: str, found: Distribution, path: str, complaints: Complaints) -> None:
    """What can be said beforehand: the parameter is one, and what it may choose is allowed."""
    declaration = trial.declarations.get(name)
    if declaration is None:
        known = ", ".join(sorted(trial.declarations)) or "none"
        complaints.add(f"{path}searchSpace.{name}", f"the trial has no such input; it has: {known}")
        return
    for value in found.choices or []:
        if wrong := complaint(dict(declaration), value):
            complaints.add(f"{path}searchSpace.{name}", wrong)


def _sampling(
    body: Any, found: Mapping[str, Distribution], path: str, complaints: Complaints
) -> tuple[str, int | None]:
    given = camel(body) if isinstance(body, dict) else {"samplingAlgorithmType": body or sampling.RANDOM}
    where = f"{path}samplingAlgorithm"
    kind = str(given.get("samplingAlgorithmType") or given.get("type") or sampling.RANDOM).lower()
    if kind in sampling.REFUSED:
        complaints.add(where, f"{kind!r} is not emulated: {sampling.REFUSED[kind]}")
    elif kind not in (sampling.RANDOM, sampling.GRID):
        complaints.add(where, f"{kind!r} is none of random, grid")
    if str(given.get("rule") or "random").lower() != "random":
        complaints.add(f"{where}.rule", f"{given['rule']!r} is not emulated; use random")
    if given.get("logbase"):
        complaints.add(f"{where}.logbase", "it is not emulated; leave it out")
    if kind == sampling.GRID:
        for name, distribution in found.items():
            if distribution.choices is None:
                complaints.add(
                    f"{path}searchSpace.{name}", f"a grid goes over choices, not over {distribution.kind}"
                )
    seed = given.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        complaints.add(f"{where}.seed", f"{seed!r} is no whole number")
        return kind, None
    return kind, seed


def _policy(body: Any, path: str, complaints: Complaints) -> Policy | None:
    if not body:
        return None
    given, where = camel(body), f"{path}earlyTermination"
    kind = str(given.get("policyType") or given.get("type") or "").lower().replace("_", "")
    if kind not in POLICIES:
        complaints.add(where, f"{kind!r} is none of bandit, median_stopping, truncation_selection")
        return None
    found = Policy(
        kind,
        _number(given, "evaluationInterval", 1, where, complaints),
        int(_amount(given, "delayEvaluation", where, complaints)),
        _amount(given, "slackFactor", where, complaints),
        _amount(given, "slackAmount", where, complaints),
        int(_amount(given, "truncationPercentage", where, complaints)),
    )
    if kind == policy.BANDIT and bool(found.slack_factor > 0) == bool(found.slack_amount > 0):
        complaints.add(where, "a bandit needs either slack_factor or slack_amount, more than 0")
    if kind == policy.TRUNCATION and not 1 <= found.percentage <= 99:
        complaints.add(f"{where}.truncationPercentage", f"{found.percentage} is not from 1 to 99")
    return found


def _number(
    given: Json, key: str, default: int, path: str, complaints: Complaints, most: int | None = None
) -> int:
    value = given.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most and value > most):
        complaints.add(
            f"{path}.{key}", f"{value!r} is no whole number from 1" + (f" to {most}" if most else "")
        )
        return default
    return value


def _amount(given: Json, key: str, path: str, complaints: Complaints) -> float:
    """A number from 0 on; 0 when there is none."""
    value = given.get(key)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
        complaints.add(f"{path}.{key}", f"{value!r} is no number from 0 to {LARGEST:g}")
        return 0
    return float(value)
