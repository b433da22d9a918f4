"""The job resources of a sweep inside a pipeline, and what a sweep says of its best trial."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from emulator.machinelearning.orders import Given
from emulator.machinelearning.resources import child
from emulator.machinelearning.steps import Sweep, Target

Json = dict[str, Any]


def sweep_properties(
    job: Json, step: Sweep, inputs: Mapping[str, Given], outputs: Mapping[str, Target]
) -> Json:
    """The properties of a sweep's job inside a pipeline."""
    trial = step.trial
    return {
        **child(job, step, inputs, outputs),
        "jobType": "Sweep",
        "computeId": trial.compute,
        "trial": {
            "command": trial.command,
            "codeId": trial.code or None,
            "environmentId": trial.environment,
            "environmentVariables": dict(trial.environment_variables),
        },
        "objective": {"goal": "Maximize" if step.maximize else "Minimize", "primaryMetric": step.metric},
        "searchSpace": {
            name: [found.kind, [list(one) if isinstance(one, tuple) else one for one in found.arguments]]
            for name, found in step.space.items()
        },
        "samplingAlgorithm": {"samplingAlgorithmType": step.sampling.capitalize(), "seed": step.seed},
        "limits": {
            "jobLimitsType": "Sweep",
            "maxTotalTrials": step.most,
            "maxConcurrentTrials": step.at_once,
        },
    }


def said(sweep: Sweep, best: str | None, score: float | None) -> dict[str, str]:
    """What a sweep's job has among its properties, as in Azure."""
    goal = "maximize" if sweep.maximize else "minimize"
    found = {
        "primary_metric_config": json.dumps({"name": sweep.metric, "goal": goal}),
        "best_metric_status": "Succeeded" if best else "",
        "runTemplate": "HyperDrive",
    }
    return found | ({"best_child_run_id": best, "score": repr(score)} if best else {})
