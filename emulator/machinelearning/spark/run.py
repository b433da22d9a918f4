"""Runs one Spark job: its code, its driver and executors, its log."""

from __future__ import annotations

import os
from typing import Any, Final

from emulator.arm.service import Arm
from emulator.machinelearning.command import Commands
from emulator.machinelearning.condaenv import EnvironmentProblem
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.orders import Control, Order, StepFailed
from emulator.machinelearning.plan import Json
from emulator.machinelearning.runtimes import PASSED
from emulator.machinelearning.spark import runtime
from emulator.machinelearning.spark.plan import Submission

SERVERLESS: Final = "serverless Spark"


def compute_of(arm: Arm, workspace: Workspace) -> Json:
    """Serverless Spark as if it were a compute: it acts as its workspace, on machines of Azure's own."""
    owner: Any = arm.get(workspace.id)
    return {"id": workspace.id, "name": SERVERLESS, "identity": owner.get("identity"), "properties": {}}


def run(arm: Arm, commands: Commands, order: Order, submission: Submission, control: Control) -> Json:
    """Run to the end. StepFailed or Stopped otherwise."""
    try:
        spark = runtime.installed()
    except EnvironmentProblem as problem:
        raise StepFailed(str(problem)) from problem
    inputs = {name: given.text for name, given in order.inputs.items()}
    base = {key: value for key in (*PASSED, "JAVA_HOME") if (value := os.environ.get(key))}
    commands.run_process(
        order,
        control,
        compute_of(arm, order.workspace),
        inputs,
        spark.argv(submission, inputs),
        {**base, **spark.environment},
    )
    return {}
